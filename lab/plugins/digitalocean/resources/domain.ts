import type { Props } from "../../protocol/values.ts";
import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";

interface ApiDomain {
    name: string;
    ttl: number;
}

interface ApiRecord {
    id: number;
    type: string;
    name: string;
    data: string;
    priority: number | null;
    port: number | null;
    ttl: number;
    weight: number | null;
    flags: number | null;
    tag: string | null;
}

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domains */
export const domain: Description = {
    token: "digitalocean:index/domain:Domain",
    noun: "domain",
    properties: {
        name: { required: true, replaces: true },
        // Makes a first record, and is then forgotten.
        ipAddress: { replaces: true },
        ttl: { outputOnly: true },
        domainUrn: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const { name, ipAddress } = inputs;
        const created = await api.post<ApiDomain>(
            "/v2/domains",
            { name, ...(ipAddress && { ip_address: ipAddress }) },
            "domain",
        );
        exists(created.name);
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiDomain>(`/v2/domains/${id}`, "domain");
        return found && { name: found.name, ttl: found.ttl, domainUrn: `do:domain:${found.name}` };
    },
    async delete({ id }, api) {
        await deleteAt(api, `/v2/domains/${id}`);
    },
};

/** Types whose data is a host name, which the API gives back without the dot at its end. */
const HOST_TYPES = ["CNAME", "MX", "NS", "SRV", "CAA"];

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domain-Records */
export const dnsRecord: Description = {
    token: "digitalocean:index/dnsRecord:DnsRecord",
    noun: "DNS record",
    autoName: true,
    properties: {
        domain: { required: true, replaces: true },
        type: { required: true, replaces: true },
        name: { required: true },
        value: { required: true },
        ttl: { computed: true },
        priority: {},
        port: {},
        weight: {},
        flags: {},
        tag: {},
        fqdn: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const body = { type: inputs.type, ...recordRequest(inputs) };
        const { id } = await api.post<ApiRecord>(records(inputs), body, "domain_record");
        exists(String(id));
        return undefined;
    },
    async read(id, state, api) {
        const found = await api.find<ApiRecord>(`${records(state)}/${id}`, "domain_record");
        if (found === undefined) {
            return undefined;
        }
        const isHost = HOST_TYPES.includes(found.type) && found.data !== "@" && found.tag !== "iodef";
        return {
            type: found.type,
            name: found.name,
            value: isHost && !found.data.endsWith(".") ? `${found.data}.` : found.data,
            ttl: found.ttl,
            priority: found.priority ?? 0,
            port: found.port ?? 0,
            weight: found.weight ?? 0,
            flags: found.flags ?? 0,
            tag: found.tag ?? "",
            fqdn: found.name === "@" ? String(state.domain) : `${found.name}.${state.domain}`,
        };
    },
    async update({ id, inputs }, api) {
        await api.request("PUT", `${records(inputs)}/${id}`, recordRequest(inputs));
    },
    async delete({ id, state }, api) {
        await deleteAt(api, `${records(state)}/${id}`);
    },
};

function records({ domain: name }: Props): string {
    return `/v2/domains/${name}/records`;
}

function recordRequest(inputs: Props) {
    return {
        name: inputs.name,
        data: inputs.value,
        priority: inputs.priority ?? 0,
        port: inputs.port ?? 0,
        ...(inputs.ttl && { ttl: inputs.ttl }),
        weight: inputs.weight ?? 0,
        flags: inputs.flags ?? 0,
        ...(inputs.tag && { tag: inputs.tag }),
    };
}
