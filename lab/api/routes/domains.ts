import { z } from "zod";
import { unprocessable } from "../errors.ts";
import { pageOf, type Routes, urlOf } from "../http.ts";
import type { Domain, DomainRecord } from "../store.ts";
import { found, optional, parseBody, pathId } from "../validation.ts";

const DEFAULT_TTL = 1800;

const createSchema = z.object({
    name: z.string().regex(/^([a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+$/, {
        error: (issue) => `${JSON.stringify(issue.input)} is not a domain name`,
    }),
    ip_address: optional(z.string()),
});
const number = z
    .int()
    .min(0)
    .nullish()
    .transform((value) => value ?? null);
const fields = {
    name: optional(z.string()),
    data: optional(z.string()),
    priority: number,
    port: number,
    ttl: optional(z.int().min(30)),
    weight: number,
    flags: number,
    tag: z
        .string()
        .nullish()
        .transform((value) => value ?? null),
};
const recordSchema = z.object({
    type: z.enum(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"]),
    ...fields,
});
const updateSchema = z.object(fields);

type ByName = { Params: { name: string } };
type ByRecord = { Params: { name: string; id: string } };

/** `/v2/domains` and their records. No name server answers for them. */
export const domainRoutes: Routes = (app, { store, ids }) => {
    const domainOf = (name: string) => found(store.domains.get(name));
    const recordOf = ({ name, id }: ByRecord["Params"]) =>
        found(domainOf(name).records.find((record) => record.id === pathId(id)));

    app.get("/v2/domains", (request) => pageOf(request, "domains", store.domains.values(), domainView));

    app.post("/v2/domains", (request, reply) => {
        const body = parseBody(createSchema, request.body);
        if (store.domains.has(body.name)) {
            throw unprocessable("name already exists");
        }
        const domain: Domain = { name: body.name, ttl: DEFAULT_TTL, records: [] };
        if (body.ip_address !== undefined && body.ip_address !== "") {
            domain.records.push(newRecord({ type: "A", data: body.ip_address }));
        }
        store.domains.set(domain.name, domain);
        return reply.code(201).send({ domain: domainView(domain) });
    });

    app.get<ByName>("/v2/domains/:name", ({ params }) => ({ domain: domainView(domainOf(params.name)) }));

    app.delete<ByName>("/v2/domains/:name", ({ params }, reply) => {
        store.domains.delete(domainOf(params.name).name);
        return reply.code(204).send();
    });

    app.get<ByName>("/v2/domains/:name/records", (request) => {
        const query = urlOf(request).searchParams;
        const { name: domain, records } = domainOf(request.params.name);
        const wanted = records.filter(
            (record) =>
                (query.get("type") ?? record.type) === record.type &&
                (query.get("name") ?? fullName(record, domain)) === fullName(record, domain),
        );
        return pageOf(request, "domain_records", wanted, recordView);
    });

    app.post<ByName>("/v2/domains/:name/records", ({ params, body }, reply) => {
        const { records } = domainOf(params.name);
        const record = newRecord(parseBody(recordSchema, body));
        records.push(record);
        return reply.code(201).send({ domain_record: recordView(record) });
    });

    app.get<ByRecord>("/v2/domains/:name/records/:id", ({ params }) => ({
        domain_record: recordView(recordOf(params)),
    }));

    app.route<ByRecord>({
        method: ["PUT", "PATCH"],
        url: "/v2/domains/:name/records/:id",
        handler: ({ params, body }) => {
            const record = recordOf(params);
            for (const [key, value] of Object.entries(parseBody(updateSchema, body))) {
                if (value !== undefined && value !== null) {
                    Object.assign(record, { [key]: value });
                }
            }
            return { domain_record: recordView(record) };
        },
    });

    app.delete<ByRecord>("/v2/domains/:name/records/:id", ({ params }, reply) => {
        const { records } = domainOf(params.name);
        records.splice(records.indexOf(recordOf(params)), 1);
        return reply.code(204).send();
    });

    function newRecord(wanted: Partial<DomainRecord> & Pick<DomainRecord, "type">): DomainRecord {
        return {
            id: ids.next(),
            type: wanted.type,
            name: wanted.name ?? "@",
            data: wanted.data ?? "",
            priority: wanted.priority ?? null,
            port: wanted.port ?? null,
            ttl: wanted.ttl ?? DEFAULT_TTL,
            weight: wanted.weight ?? null,
            flags: wanted.flags ?? null,
            tag: wanted.tag ?? null,
        };
    }
};

const fullName = (record: DomainRecord, domain: string) =>
    record.name === "@" ? domain : `${record.name}.${domain}`;

const recordView = (record: DomainRecord) => ({ ...record });

function domainView(domain: Domain) {
    const lines = domain.records.map(({ name, ttl, type, data }) => `${name} ${ttl} IN ${type} ${data}`);
    return {
        name: domain.name,
        ttl: domain.ttl,
        zone_file: [`$ORIGIN ${domain.name}.`, `$TTL ${domain.ttl}`, ...lines, ""].join("\n"),
    };
}
