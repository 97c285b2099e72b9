/** Follows a cluster: reads it again and again, and says what has changed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterView } from "../clusterView.ts";
import { oneLine } from "../words.ts";
import { changesBetween } from "./changes.ts";
import { type Picture, pictureOf } from "./picture.ts";

export interface Change {
    /** Counts up from 1. */
    readonly id: number;
    /** When it was seen; RFC 3339. */
    readonly at: string;
    /** Where nobody had looked for a while, when it was not so yet: it has happened between the two. */
    readonly since?: string;
    readonly text: string;
}

/** What there is to show at a moment. */
export interface Sight {
    /** The last picture that could be had. */
    readonly picture?: Picture;
    /** When it was had, in ms since the epoch. */
    readonly seenAt?: number;
    /** Why there is no newer one; undefined while the cluster answers. */
    readonly problem?: string;
    /** The latest changes, oldest first. */
    readonly changes: readonly Change[];
}

export interface FollowOptions {
    readonly read: (signal: AbortSignal) => Promise<ClusterView>;
    /** Called after each reading, with what is to be shown from now on. */
    readonly show: (sight: Sight) => void;
    /** Ms from the end of a reading to the next; default 1000. */
    readonly interval?: number;
    /** Longest that one reading may take, in ms; default 30000. */
    readonly limit?: number;
    /** Ms since the epoch; default the system's. */
    readonly clock?: () => number;
    /** Default a real wait. Rejects when the signal comes. */
    readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** A cluster that cannot be reached is asked less and less often, down to this. */
const SLOWEST_MS = 15_000;
const KEPT_CHANGES = 50;
/** A change is as new as it looks if the last look is not longer ago, in ms. */
const GAP_MS = 20_000;

/** Remembers what it saw, so that it may be stopped while nobody looks, and go on. */
export class Follow {
    readonly #options: Required<FollowOptions>;
    #sight: Sight = { changes: [] };
    #lastId = 0;

    constructor(options: FollowOptions) {
        this.#options = {
            interval: 1_000,
            limit: 30_000,
            clock: Date.now,
            wait: (ms, signal) => sleep(ms, undefined, { signal }),
            ...options,
        };
    }

    get sight(): Sight {
        return this.#sight;
    }

    /** Follows until the signal comes. Never rejects: what goes wrong is shown. */
    async run(signal: AbortSignal): Promise<void> {
        const { interval, wait, show } = this.#options;
        for (let failures = 0; !signal.aborted; ) {
            const problem = await this.#look(signal);
            if (signal.aborted) return;
            failures = problem === undefined ? 0 : failures + 1;
            show(this.#sight);
            await wait(Math.min(interval * 2 ** failures, Math.max(interval, SLOWEST_MS)), signal).catch(
                () => {},
            );
        }
    }

    async #look(signal: AbortSignal): Promise<string | undefined> {
        const { read, limit, clock } = this.#options;
        const late = AbortSignal.timeout(limit);
        const before = this.#sight;
        try {
            const picture = pictureOf(await read(AbortSignal.any([signal, late])), before.picture);
            const answers = before.problem !== undefined && before.picture !== undefined;
            const changes = before.picture === undefined ? [] : changesBetween(before.picture, picture);
            const { seenAt = clock() } = before;
            this.#sight = {
                picture,
                seenAt: clock(),
                changes: [
                    ...before.changes,
                    ...this.#told(answers ? ["The cluster answers again."] : []),
                    ...this.#told(changes, clock() - seenAt > GAP_MS ? seenAt : undefined),
                ].slice(-KEPT_CHANGES),
            };
            return undefined;
        } catch (error) {
            if (signal.aborted) return undefined;
            const problem = late.aborted ? `no answer within ${limit / 1000} s` : messageOf(error);
            const told = before.problem === undefined ? [`The cluster cannot be read: ${problem}`] : [];
            this.#sight = {
                ...before,
                problem,
                changes: [...before.changes, ...this.#told(told)].slice(-KEPT_CHANGES),
            };
            return problem;
        }
    }

    #told(sentences: readonly string[], since?: number): readonly Change[] {
        const at = new Date(this.#options.clock()).toISOString();
        const from = since === undefined ? {} : { since: new Date(since).toISOString() };
        return sentences.map((text) => ({ id: ++this.#lastId, at, ...from, text }));
    }
}

const messageOf = (error: unknown) => oneLine(error instanceof Error ? error.message : String(error));
