import { z } from "zod";
import { addressPool } from "../addressPool.ts";
import { REGIONS, regionView } from "../catalog.ts";
import type { Context } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { type ById, pageOf, type Routes } from "../http.ts";
import { defaultProject } from "../projects.ts";
import type { LoadBalancer } from "../store.ts";
import { found, list, optional, parseBody } from "../validation.ts";
import { defaultVpc } from "../vpcs.ts";

const port = z.int().min(1).max(65535);
const protocol = z.enum(["http", "https", "http2", "http3", "tcp", "udp"]);
const forwardingRule = z.looseObject({
    entry_protocol: protocol,
    entry_port: port,
    target_protocol: protocol,
    target_port: port,
});

/** Fields that mean something here; the others are kept and shown as they came. */
const schema = z.looseObject({
    name: z.string().min(1),
    region: optional(z.string()),
    vpc_uuid: optional(z.string()),
    tag: optional(z.string()),
    droplet_ids: list(z.int()),
    forwarding_rules: z.array(forwardingRule).min(1),
});
const dropletIdsSchema = z.object({ droplet_ids: z.array(z.int()) });
const rulesSchema = z.object({ forwarding_rules: z.array(forwardingRule).min(1) });

/** What the service fills in, by its documentation. */
const DEFAULTS = {
    algorithm: "round_robin",
    size: "lb-small",
    size_unit: 1,
    sticky_sessions: { type: "none" },
    redirect_http_to_https: false,
    enable_proxy_protocol: false,
    enable_backend_keepalive: false,
    disable_lets_encrypt_dns_records: false,
    http_idle_timeout_seconds: 60,
    network: "EXTERNAL",
    type: "REGIONAL",
};

/** `/v2/load_balancers`. The books are kept, but nothing balances: the address answers nobody. */
export const loadBalancerRoutes: Routes = (app, context) => {
    const { store } = context;
    const view = (balancer: LoadBalancer) => loadBalancerView(context, balancer);
    const one = (id: string) => found(store.loadBalancers.get(id));

    app.get("/v2/load_balancers", (request) =>
        pageOf(request, "load_balancers", store.loadBalancers.values(), view),
    );

    app.post("/v2/load_balancers", async (request, reply) => {
        const { region, vpc_uuid, ...settings } = parseBody(schema, request.body);
        if (region === undefined || !REGIONS.includes(region)) {
            throw unprocessable(`region ${JSON.stringify(region)} is invalid`);
        }
        const vpc = vpc_uuid === undefined ? await defaultVpc(context, region) : store.vpcs.get(vpc_uuid);
        if (vpc === undefined || vpc.deleting || vpc.region !== region) {
            throw unprocessable(`vpc_uuid ${JSON.stringify(vpc_uuid)} is not a VPC of region ${region}`);
        }
        const balancer: LoadBalancer = {
            id: context.ids.uuid(),
            createdAt: context.now(),
            ip: addressPool(context),
            region,
            vpcId: vpc.id,
            status: "new",
            settings: {},
            dropletIds: [],
            tag: "",
        };
        set(balancer, settings);
        store.loadBalancers.set(balancer.id, balancer);
        context.filters.refresh();
        const answer = { load_balancer: view(balancer) };
        // There is nothing to boot: it is active by the next look at it.
        balancer.status = "active";
        return reply.code(202).send(answer);
    });

    app.get<ById>("/v2/load_balancers/:id", ({ params }) => ({ load_balancer: view(one(params.id)) }));

    app.put<ById>("/v2/load_balancers/:id", ({ params, body }) => {
        const balancer = one(params.id);
        const { region, vpc_uuid, ...settings } = parseBody(schema, body);
        if (
            (region ?? balancer.region) !== balancer.region ||
            (vpc_uuid ?? balancer.vpcId) !== balancer.vpcId
        ) {
            throw unprocessable("region and vpc_uuid of a load balancer cannot be changed");
        }
        set(balancer, settings);
        return { load_balancer: view(balancer) };
    });

    app.delete<ById>("/v2/load_balancers/:id", ({ params }, reply) => {
        store.loadBalancers.delete(one(params.id).id);
        context.filters.refresh();
        return reply.code(204).send();
    });

    app.post<ById>("/v2/load_balancers/:id/droplets", ({ params, body }, reply) => {
        const balancer = one(params.id);
        const ids = parseBody(dropletIdsSchema, body).droplet_ids;
        balancer.dropletIds = [...new Set([...balancer.dropletIds, ...ids])];
        return reply.code(204).send();
    });

    app.delete<ById>("/v2/load_balancers/:id/droplets", ({ params, body }, reply) => {
        const balancer = one(params.id);
        const ids = parseBody(dropletIdsSchema, body).droplet_ids;
        balancer.dropletIds = balancer.dropletIds.filter((id) => !ids.includes(id));
        return reply.code(204).send();
    });

    app.post<ById>("/v2/load_balancers/:id/forwarding_rules", ({ params, body }, reply) => {
        const balancer = one(params.id);
        const before = z.array(z.unknown()).parse(balancer.settings.forwarding_rules);
        const added = parseBody(rulesSchema, body).forwarding_rules;
        balancer.settings = { ...balancer.settings, forwarding_rules: [...before, ...added] };
        return reply.code(204).send();
    });
};

interface Settings {
    readonly tag: string | undefined;
    readonly droplet_ids: number[];
    readonly [field: string]: unknown;
}

function set(balancer: LoadBalancer, request: Settings): void {
    const { tag, droplet_ids, ...settings } = request;
    balancer.tag = tag ?? "";
    balancer.dropletIds = droplet_ids;
    // All of it, as PUT does: what the request leaves out goes back to its default.
    balancer.settings = { ...DEFAULTS, ...settings };
}

function loadBalancerView(context: Context, balancer: LoadBalancer) {
    const { tag } = balancer;
    const tagged = [...context.store.droplets.values()].filter((droplet) => droplet.tags.includes(tag));
    return {
        id: balancer.id,
        created_at: balancer.createdAt,
        ip: balancer.ip,
        status: balancer.status,
        region: regionView(balancer.region),
        vpc_uuid: balancer.vpcId,
        tag,
        droplet_ids: tag === "" ? balancer.dropletIds : tagged.map((droplet) => droplet.id),
        project_id: defaultProject(context).id,
        ...balancer.settings,
    };
}
