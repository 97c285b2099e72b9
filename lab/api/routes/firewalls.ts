import { isDeepStrictEqual } from "node:util";
import type { FastifyReply } from "fastify";
import {
    checkFirewall,
    dropletIdsSchema,
    firewallSchema,
    firewallView,
    partsOf,
    rulesOf,
    rulesSchema,
    tagsSchema,
} from "../firewalls.ts";
import { type ById, pageOf, type Routes } from "../http.ts";
import type { Firewall } from "../store.ts";
import { found, parseBody } from "../validation.ts";

/** `/v2/firewalls`. */
export const firewallRoutes: Routes = (app, context) => {
    const { store } = context;

    app.get("/v2/firewalls", (request) =>
        pageOf(request, "firewalls", store.firewalls.values(), firewallView),
    );

    app.post("/v2/firewalls", (request, reply) => {
        const parts = partsOf(parseBody(firewallSchema, request.body));
        checkFirewall(context, parts);
        const firewall: Firewall = {
            id: context.ids.uuid(),
            createdAt: context.now(),
            pending: new Map(),
            ...parts,
        };
        store.firewalls.set(firewall.id, firewall);
        context.filters.refresh();
        return reply.code(202).send({ firewall: firewallView(firewall) });
    });

    app.get<ById>("/v2/firewalls/:id", ({ params }) => ({
        firewall: firewallView(found(store.firewalls.get(params.id))),
    }));

    // The whole object: what the request leaves out is emptied.
    app.put<ById>("/v2/firewalls/:id", ({ params, body }) => {
        const firewall = found(store.firewalls.get(params.id));
        change(firewall, partsOf(parseBody(firewallSchema, body)));
        return { firewall: firewallView(firewall) };
    });

    app.delete<ById>("/v2/firewalls/:id", ({ params }, reply) => {
        store.firewalls.delete(found(store.firewalls.get(params.id)).id);
        context.filters.refresh();
        return reply.code(204).send();
    });

    app.post<ById>("/v2/firewalls/:id/tags", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const { tags } = parseBody(tagsSchema, body);
        return changed(reply, firewall, { tags: union(firewall.tags, tags) });
    });

    app.delete<ById>("/v2/firewalls/:id/tags", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const { tags } = parseBody(tagsSchema, body);
        return changed(reply, firewall, { tags: difference(firewall.tags, tags) });
    });

    app.post<ById>("/v2/firewalls/:id/droplets", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const ids = parseBody(dropletIdsSchema, body).droplet_ids;
        return changed(reply, firewall, { dropletIds: union(firewall.dropletIds, ids) });
    });

    app.delete<ById>("/v2/firewalls/:id/droplets", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const ids = parseBody(dropletIdsSchema, body).droplet_ids;
        return changed(reply, firewall, { dropletIds: difference(firewall.dropletIds, ids) });
    });

    app.post<ById>("/v2/firewalls/:id/rules", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const { inbound, outbound } = rulesOf(parseBody(rulesSchema, body));
        return changed(reply, firewall, {
            inbound: union(firewall.inbound, inbound),
            outbound: union(firewall.outbound, outbound),
        });
    });

    app.delete<ById>("/v2/firewalls/:id/rules", ({ params, body }, reply) => {
        const firewall = found(store.firewalls.get(params.id));
        const { inbound, outbound } = rulesOf(parseBody(rulesSchema, body));
        return changed(reply, firewall, {
            inbound: difference(firewall.inbound, inbound),
            outbound: difference(firewall.outbound, outbound),
        });
    });

    function change(firewall: Firewall, parts: Partial<Firewall>): void {
        checkFirewall(context, { ...firewall, ...parts }, firewall.id);
        Object.assign(firewall, parts);
        context.filters.refresh();
    }

    function changed(reply: FastifyReply, firewall: Firewall, parts: Partial<Firewall>) {
        change(firewall, parts);
        return reply.code(204).send();
    }
};

const has = <T>(items: readonly T[], item: T) => items.some((other) => isDeepStrictEqual(other, item));
const difference = <T>(a: readonly T[], b: readonly T[]) => a.filter((item) => !has(b, item));
const union = <T>(a: readonly T[], b: readonly T[]) => [...a, ...difference(b, a)];
