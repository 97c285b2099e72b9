import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Context } from "./context.ts";
import { ApiError } from "./errors.ts";
import { type Faults, faultSchema } from "./faults.ts";
import type { RateLimiter } from "./rateLimit.ts";
import type { RequestLog } from "./requestLog.ts";
import { settingsSchema } from "./settings.ts";
import { parseControl } from "./validation.ts";
import { applyDefaultVpcs } from "./vpcs.ts";

const MAX_SETTLE = 120_000;

const querySchema = z.object({
    after: z.coerce.number().int().min(0).default(0),
    settle: z.coerce.number().int().min(0).max(MAX_SETTLE).optional(),
});

/**
 * `/lab/...`: how a test or the lab itself looks behind the emulation and makes it misbehave. No part
 * of the service's API, and open without a token, since the server listens on loopback only.
 */
export function controlRoutes(
    app: FastifyInstance,
    parts: { context: Context; faults: Faults; requests: RequestLog; limiter: RateLimiter },
): void {
    const { context, faults, requests, limiter } = parts;

    app.get("/lab/faults", () => ({ faults: faults.list() }));

    app.post("/lab/faults", (request, reply) =>
        reply.code(201).send({ fault: faults.add(parseControl(faultSchema, request.body)) }),
    );

    app.delete("/lab/faults", (_request, reply) => {
        faults.remove();
        return reply.code(204).send();
    });

    app.delete<{ Params: { id: string } }>("/lab/faults/:id", ({ params }, reply) => {
        if (!faults.remove(Number(params.id))) {
            throw new ApiError(404, `there is no fault ${params.id}`);
        }
        return reply.code(204).send();
    });

    app.get("/lab/requests", (request) => ({
        requests: requests.list(parseControl(querySchema, request.query).after),
    }));

    app.delete("/lab/requests", (_request, reply) => {
        requests.clear();
        limiter.clear();
        return reply.code(204).send();
    });

    // With `?settle=<ms>` it answers when nothing is under way any more, at the latest after that time.
    app.get("/lab/state", async (request) => {
        const { settle } = parseControl(querySchema, request.query);
        if (settle !== undefined && !(await context.work.settled(settle))) {
            throw new ApiError(
                504,
                `still under way after ${settle} ms: ${context.work.pending().join(", ")}`,
            );
        }
        return stateOf(context);
    });

    app.get("/lab/settings", () => ({ settings: context.settings }));

    app.post("/lab/settings", async (request) => {
        const wanted = parseControl(settingsSchema, request.body);
        for (const [key, value] of Object.entries(wanted)) {
            if (value !== undefined) {
                Object.assign(context.settings, { [key]: value });
            }
        }
        if (wanted.defaultVpcs !== undefined) {
            await applyDefaultVpcs(context);
        }
        return { settings: context.settings };
    });
}

async function stateOf({ store, machines, settings, work }: Context) {
    const images = await machines.images();
    return {
        counts: {
            droplets: store.droplets.size,
            vpcs: store.vpcs.size,
            firewalls: store.firewalls.size,
            tags: store.tags.size,
            keys: store.keys.size,
            images: images.length,
            snapshots: images.filter((image) => image.kind === "snapshot").length,
            reserved_ips: store.reservedIps.size,
            load_balancers: store.loadBalancers.size,
            domains: store.domains.size,
            volumes: store.volumes.size,
            certificates: store.certificates.size,
            projects: store.projects.size,
        },
        droplets: [...store.droplets.values()].map(({ id, name, status, locked, deleting }) => ({
            id,
            name,
            status,
            locked,
            deleting,
        })),
        pending: work.pending(),
        settings,
    };
}
