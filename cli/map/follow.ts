/** Follows a cluster for as long as somebody looks, and remembers what has changed. */
import type { ClusterView } from "../clusterView.ts";
import { oneLine } from "../words.ts";
import { changesBetween, type Picture, pictureOf } from "./picture.ts";

export interface Change {
    readonly id: number;
    readonly at: string;
    /** Where nobody had looked for a while, when it was not so yet: it has happened between the two. */
    readonly since?: string;
    readonly text: string;
}

export interface Sight {
    /** The last whole picture; before the first one what can be told without a manager. */
    readonly picture?: Picture;
    /** Ms since the last whole picture was had. */
    readonly age?: number;
    /** Why there is no newer one; undefined while the cluster answers. */
    readonly problem?: string;
    /** The latest changes, oldest first. */
    readonly changes: readonly Change[];
}

export interface Reading {
    readonly view: ClusterView;
    /** Why no manager was asked: the view has state and cloud alone then. */
    readonly problem?: string;
}

export interface FollowOptions {
    readonly read: (signal: AbortSignal) => Promise<Reading>;
    /** Called when there is a problem that was not there before. */
    readonly say: (problem: string) => void;
    /** Longest that one reading may take, in ms. */
    readonly limit?: number;
    readonly clock?: () => number;
}

/** Between two readings, in ms; a cluster that cannot be reached is asked less and less often, down to the other. */
const INTERVAL_MS = 1_000;
const SLOWEST_MS = 15_000;
const KEPT_CHANGES = 50;
/** A change is as new as it looks if the last look is not longer ago, in ms. */
const GAP_MS = 20_000;

export class Follow {
    readonly #options: Required<FollowOptions>;
    #whole: Picture | undefined;
    #seenAt = 0;
    #sight: Sight = { changes: [] };
    #lastId = 0;
    #reading: Promise<void> | undefined;
    #failures = 0;
    #due = 0;

    constructor(options: FollowOptions) {
        this.#options = { limit: 30_000, clock: Date.now, ...options };
    }

    /** What there is to show; reads the cluster anew, beside that, where it is due. */
    async look(): Promise<Sight> {
        const { clock } = this.#options;
        if (this.#reading === undefined && clock() >= this.#due) {
            this.#reading = this.#read().finally(() => {
                this.#reading = undefined;
                this.#due = clock() + Math.min(INTERVAL_MS * 2 ** this.#failures, SLOWEST_MS);
            });
        }
        if (this.#sight.picture === undefined && this.#sight.problem === undefined) await this.#reading;
        return this.#whole ? { ...this.#sight, age: Math.max(0, clock() - this.#seenAt) } : this.#sight;
    }

    /** Never rejects: what goes wrong is shown. */
    async #read(): Promise<void> {
        const { read, limit } = this.#options;
        const late = AbortSignal.timeout(limit);
        try {
            const { view, problem } = await read(late);
            if (problem === undefined) this.#showWhole(pictureOf(view));
            else this.#showProblem(oneLine(problem), pictureOf(view));
        } catch (error) {
            this.#showProblem(
                late.aborted
                    ? `no answer within ${limit / 1000} s`
                    : oneLine(`${(error as Error).message ?? error}`),
            );
        }
    }

    #showWhole(picture: Picture): void {
        const now = this.#options.clock();
        const answers = this.#whole && this.#sight.problem !== undefined ? ["The cluster answers again"] : [];
        const since = this.#whole && now - this.#seenAt > GAP_MS ? this.#seenAt : undefined;
        const changes = this.#whole ? changesBetween(this.#whole, picture) : [];
        this.#sight = { picture, changes: this.#with(answers, changes, since) };
        this.#whole = picture;
        this.#seenAt = now;
        this.#failures = 0;
    }

    /** @param partial What can be told all the same. */
    #showProblem(problem: string, partial = this.#sight.picture): void {
        const isNew = this.#sight.problem === undefined;
        if (problem !== this.#sight.problem) this.#options.say(problem);
        const told = isNew ? [`The cluster cannot be read: ${problem}`] : [];
        this.#sight = { picture: this.#whole ?? partial, problem, changes: this.#with(told, []) };
        this.#failures += 1;
    }

    #with(now: readonly string[], before: readonly string[], since?: number): Change[] {
        const at = new Date(this.#options.clock()).toISOString();
        const from = since === undefined ? {} : { since: new Date(since).toISOString() };
        return [
            ...this.#sight.changes,
            ...now.map((text) => ({ id: ++this.#lastId, at, text })),
            ...before.map((text) => ({ id: ++this.#lastId, at, ...from, text })),
        ].slice(-KEPT_CHANGES);
    }
}
