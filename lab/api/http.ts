import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Context } from "./context.ts";
import { paginate } from "./pagination.ts";

/** Adds the routes of one kind of resource. */
export type Routes = (app: FastifyInstance, context: Context) => void;

/** `http://host:port` as the client addressed it; links in answers begin with it. */
export const originOf = (request: FastifyRequest) => `${request.protocol}://${request.host}`;

export const urlOf = (request: FastifyRequest) => new URL(request.url, originOf(request));

/** A page of a collection under `key`, with `links` and `meta`. */
export function pageOf<T, V>(
    request: FastifyRequest,
    key: string,
    items: Iterable<T>,
    view: (item: T) => V,
): Record<string, unknown> {
    const { items: shown, links, meta } = paginate([...items], urlOf(request));
    return { [key]: shown.map(view), links, meta };
}

export type ById = { Params: { id: string } };
