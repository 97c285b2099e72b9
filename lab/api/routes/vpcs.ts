import { z } from "zod";
import { REGIONS } from "../catalog.ts";
import { conflict, forbidden, serverError, unprocessable } from "../errors.ts";
import { type ById, pageOf, type Routes } from "../http.ts";
import { found, optional, parseBody } from "../validation.ts";
import { createVpc, makeDefault, removeVpc, vpcMembers, vpcView } from "../vpcs.ts";

const name = z.string().regex(/^[a-zA-Z0-9.-]+$/, {
    error: (issue) =>
        `${JSON.stringify(issue.input)} may only contain alphanumeric characters, dashes, and periods`,
});
const description = optional(z.string().max(255));
const createSchema = z.object({ name, region: z.string(), description, ip_range: optional(z.string()) });
const updateSchema = z.object({ name: optional(name), description, default: optional(z.boolean()) });

/** `/v2/vpcs`. */
export const vpcRoutes: Routes = (app, context) => {
    const { store } = context;

    app.get("/v2/vpcs", (request) => pageOf(request, "vpcs", store.vpcs.values(), vpcView));

    app.post("/v2/vpcs", async (request, reply) => {
        const body = parseBody(createSchema, request.body);
        if (!REGIONS.includes(body.region)) {
            throw unprocessable(`region ${JSON.stringify(body.region)} does not exist`);
        }
        const vpc = await createVpc(context, {
            name: body.name,
            description: body.description ?? "",
            region: body.region,
            ipRange: body.ip_range || undefined,
        });
        return reply.code(201).send({ vpc: vpcView(vpc) });
    });

    app.get<ById>("/v2/vpcs/:id", ({ params }) => ({ vpc: vpcView(found(store.vpcs.get(params.id))) }));

    app.route<ById>({
        method: ["PUT", "PATCH"],
        url: "/v2/vpcs/:id",
        handler: ({ method, params, body }) => {
            const vpc = found(store.vpcs.get(params.id));
            const change = parseBody(updateSchema, body);
            // The documentation: "The default VPC for a region cannot be changed", `default` "cannot be unset from true",
            // only moved to another VPC of the region. A PUT without it unsets it, as the service's users report, with
            // this text (digitalocean/terraform-provider-digitalocean issue 747).
            const stays = change.default ?? method === "PATCH";
            if (vpc.default && !stays) {
                throw forbidden("Can not unset default VPCs");
            }
            vpc.name = change.name ?? vpc.name;
            vpc.description = change.description ?? vpc.description;
            if (change.default === true) {
                makeDefault(context, vpc);
            }
            return { vpc: vpcView(vpc) };
        },
    });

    app.delete<ById>("/v2/vpcs/:id", async ({ params }, reply) => {
        const vpc = found(store.vpcs.get(params.id));
        if (vpc.default) {
            throw forbidden("Can not delete default VPCs");
        }
        // The documentation says 403 here; the service answers 409 with this text, as its users report.
        if (vpcMembers(context, vpc.id).length > 0) {
            throw conflict("Can not delete VPC with members");
        }
        await removeVpc(context, vpc).catch(() => {
            throw serverError();
        });
        return reply.code(204).send();
    });

    app.get<ById>("/v2/vpcs/:id/members", (request) => {
        const { id } = found(store.vpcs.get(request.params.id));
        return pageOf(request, "members", vpcMembers(context, id), (member) => member);
    });
};
