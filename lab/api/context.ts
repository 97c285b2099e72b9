import type { Machines } from "../machines.ts";
import type { Filters } from "./filters.ts";
import type { Ids } from "./ids.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store.ts";
import type { Work } from "./work.ts";

export type Log = (level: "info" | "error", message: string) => void;

/** What the routes share. */
export interface Context {
    readonly machines: Machines;
    readonly store: Store;
    readonly settings: Settings;
    readonly ids: Ids;
    readonly work: Work;
    readonly filters: Filters;
    readonly log: Log;
    /** Ms since the epoch. */
    readonly clock: () => number;
    /** The time as the API prints it: ISO 8601, UTC, whole seconds. */
    readonly now: () => string;
    /** Region of the snapshots that were there from the start. */
    readonly homeRegion: string;
    /** When the lab was started, the age of what was there from the start. */
    readonly startedAt: string;
    /** Ends waits when the server closes. */
    readonly closing: AbortSignal;
}

/** The key under which work on a droplet is queued. */
export const dropletKey = (id: number) => `droplet ${id}`;

/** One line of whatever was thrown, for the log and for error texts. */
export const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
