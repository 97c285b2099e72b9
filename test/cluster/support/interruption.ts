/** The ways in which a run of the engine is interrupted here. */
import type { Fault } from "../../../lab/api/faults.ts";
import type { Moment } from "./steps.ts";

/** What happens to the run itself, when its display comes to the moment. */
export const RUN_KINDS = [
    "SIGINT",
    "SIGINT twice",
    "kill CLI",
    "kill digitalocean",
    "kill command",
    "kill tls",
] as const;

/**
 * What the API does to a request: status 500 or no answer, before the request was carried out or after it. With
 * "kill CLI unanswered" it carries the request out and holds its answer, and the CLI is killed meanwhile: what was
 * made is lost.
 */
export const API_KINDS = [
    "API 500 before",
    "API 500 after",
    "API dropped before",
    "API dropped after",
    "kill CLI unanswered",
] as const;

export const KINDS = [...RUN_KINDS, ...API_KINDS, "SSH cut"] as const;

export type Kind = (typeof KINDS)[number];
type ApiKind = (typeof API_KINDS)[number];

export interface OfTheRun {
    readonly kind: (typeof RUN_KINDS)[number];
    readonly at: Moment;
}

export interface OfTheApi {
    readonly kind: ApiKind;
    readonly request: Pick<Partial<Fault>, "method" | "path" | "pattern" | "body" | "skip" | "times">;
}

/** From the moment on, the SSH session of the next script that runs on the node is ended. */
export interface OfTheConnection {
    readonly kind: "SSH cut";
    readonly at: Moment;
    /** Name of the node. */
    readonly node: string;
}

export type Interruption = OfTheRun | OfTheApi | OfTheConnection;

export const isOfTheApi = (kind: Kind): kind is ApiKind => (API_KINDS as readonly Kind[]).includes(kind);

/** As a person would name it in a sentence. */
export function textOf(what: Interruption): string {
    if ("request" in what) {
        const { method = "any", path, pattern, skip = 0, times = 1 } = what.request;
        const which = skip > 0 ? `, the ${skip} first let pass` : "";
        const often = times === null ? ", each time" : times > 1 ? `, ${times} times` : "";
        return `${what.kind} at ${method} ${path ?? pattern ?? "request"}${which}${often}`;
    }
    const when = typeof what.at === "number" ? `step ${what.at}` : `${what.at}`;
    return `${what.kind} at ${when}${"node" in what ? ` on ${what.node}` : ""}`;
}
