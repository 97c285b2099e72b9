import Fastify, { type FastifyInstance } from "fastify";
import type { Machines } from "../machines.ts";
import type { Context, Log } from "./context.ts";
import { controlRoutes } from "./control.ts";
import { ApiError, notFound, serverError } from "./errors.ts";
import { Faults } from "./faults.ts";
import { Filters } from "./filters.ts";
import { addHooks, answerError } from "./hooks.ts";
import type { Routes } from "./http.ts";
import { freshIds, type Ids } from "./ids.ts";
import { RateLimiter } from "./rateLimit.ts";
import { RequestLog } from "./requestLog.ts";
import { accountRoutes } from "./routes/account.ts";
import { actionRoutes } from "./routes/actions.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { certificateRoutes } from "./routes/certificates.ts";
import { domainRoutes } from "./routes/domains.ts";
import { dropletRoutes } from "./routes/droplets.ts";
import { firewallRoutes } from "./routes/firewalls.ts";
import { imageRoutes } from "./routes/images.ts";
import { loadBalancerRoutes } from "./routes/loadBalancers.ts";
import { projectRoutes } from "./routes/projects.ts";
import { reservedIpRoutes } from "./routes/reservedIps.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { tagRoutes } from "./routes/tags.ts";
import { volumeRoutes } from "./routes/volumes.ts";
import { vpcRoutes } from "./routes/vpcs.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { emptyStore } from "./store.ts";
import { applyDefaultVpcs } from "./vpcs.ts";
import { Work } from "./work.ts";

export interface ApiOptions {
    /** What runs the droplets. */
    readonly machines: Machines;
    /** The one token that is let in; default: any, but not none. */
    readonly token?: string;
    readonly settings?: Partial<Settings>;
    /** Region of the snapshots that exist from the start; default `sgp1`. */
    readonly homeRegion?: string;
    /** Where failures in the background are told; default nowhere. */
    readonly log?: Log;
    /** Ms since the epoch; default the system's. */
    readonly clock?: () => number;
    /** Default: such that two labs do not share any. */
    readonly ids?: Ids;
}

const ROUTES: readonly Routes[] = [
    accountRoutes,
    actionRoutes,
    catalogRoutes,
    certificateRoutes,
    domainRoutes,
    dropletRoutes,
    firewallRoutes,
    imageRoutes,
    loadBalancerRoutes,
    projectRoutes,
    reservedIpRoutes,
    snapshotRoutes,
    tagRoutes,
    volumeRoutes,
    vpcRoutes,
];

/**
 * The part of DigitalOcean's API (version 2) that the plugins and the command line of this project call,
 * with all state in memory. Fields and statuses follow the vendor's OpenAPI documentation
 * (digitalocean/openapi). Listening is the caller's job, on 127.0.0.1: `/lab/...` needs no token.
 */
export function createApi(options: ApiOptions): FastifyInstance {
    const context = newContext(options);
    const app = Fastify({
        genReqId: () => context.ids.uuid(),
        // A client's idle connections must not keep the lab from ending.
        forceCloseConnections: true,
        exposeHeadRoutes: false,
    });
    readJson(app);
    app.setErrorHandler((error, request, reply) => {
        if (!(error instanceof ApiError) && ((error as { statusCode?: number }).statusCode ?? 500) >= 500) {
            const { message, stack } = error as Error;
            context.log("error", `${request.method} ${request.url}: ${stack ?? message}`);
            return answerError(serverError(), request, reply);
        }
        return answerError(error as Error, request, reply);
    });
    const closing = new AbortController();
    app.addHook("onClose", async () => closing.abort());
    const shared: Context = { ...context, closing: closing.signal };
    const faults = new Faults();
    const requests = new RequestLog();
    const limiter = new RateLimiter();
    app.addHook("onReady", () => applyDefaultVpcs(shared));
    addHooks(app, { context: shared, token: options.token, faults, requests, limiter });
    app.setNotFoundHandler(() => {
        throw notFound();
    });
    controlRoutes(app, { context: shared, faults, requests, limiter });
    for (const routes of ROUTES) {
        routes(app, shared);
    }
    return app;
}

function newContext(options: ApiOptions): Omit<Context, "closing"> {
    const { machines, clock = Date.now, log = () => {} } = options;
    const store = emptyStore();
    const work = new Work();
    const now = () => `${new Date(clock()).toISOString().slice(0, 19)}Z`;
    return {
        machines,
        store,
        work,
        log,
        clock,
        now,
        settings: { ...DEFAULT_SETTINGS, ...options.settings },
        ids: options.ids ?? freshIds(clock),
        filters: new Filters({ machines, store, work, log }),
        homeRegion: options.homeRegion ?? "sgp1",
        startedAt: now(),
    };
}

/** JSON bodies; an empty one is none, since Go clients name the type on requests without a body too. */
function readJson(app: FastifyInstance): void {
    app.removeContentTypeParser("application/json");
    app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
        try {
            done(null, text === "" ? undefined : JSON.parse(String(text)));
        } catch (error) {
            done(new ApiError(400, `The body is not JSON: ${(error as Error).message}`));
        }
    });
}
