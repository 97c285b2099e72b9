import type { Api } from "./api.ts";

/** Pauses between looks: short at first, for an API that is done at once; then easy on the rate limit. */
const FIRST_PAUSE_MS = 100;
const PAUSE_GROWTH = 1.5;
const MAX_PAUSE_MS = 2000;

/** What one look found: the thing waited for, or the state that is not yet it. */
export type Look<T> = { done: T } | { state: string };

/**
 * Looks until what is waited for is there. (The official provider sleeps 10 seconds before its first look.)
 *
 * @param what what is waited for, as a noun phrase
 * @throws after `seconds`, saying what was waited for, how long, and the last state seen
 */
export async function waitFor<T>(
    api: Api,
    what: string,
    seconds: number,
    look: () => Promise<Look<T>>,
): Promise<T> {
    const start = performance.now();
    let state = "nothing yet";
    const outcome = () => {
        const waited = ((performance.now() - start) / 1000).toFixed(0);
        return `waited ${waited}s for ${what}; last state seen: ${state}`;
    };
    try {
        for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, MAX_PAUSE_MS)) {
            const found = await look();
            if ("done" in found) {
                return found.done;
            }
            state = found.state;
            const left = seconds * 1000 - (performance.now() - start);
            if (left <= 0) {
                throw new Error(outcome());
            }
            await api.pause(Math.min(pause, left));
        }
    } catch (error) {
        // A cancellation, or the resource's custom timeout: it is the wait that has to be told of, not the request.
        throw api.signal.aborted ? new Error(`${(api.signal.reason as Error).message}: ${outcome()}`) : error;
    }
}

interface Action {
    id: number;
    status: string;
    type: string;
    completed_at: string | null;
}

/** Seconds for an action of a droplet, a volume or a reserved IP. */
const ACTION_SECONDS = 600;

/**
 * Waits until an action has completed. Like the official provider it goes by `completed_at`.
 *
 * @param actions path of the actions' collection
 */
export async function waitForAction(api: Api, actions: string, { id, type }: Action): Promise<void> {
    await waitFor(api, `action ${type} (${id}) to complete`, ACTION_SECONDS, async () => {
        const action = await api.get<Action>(`${actions}/${id}`, "action");
        if (action.status === "errored") {
            throw new Error(`action ${type} (${id}) failed: the API says "errored"`);
        }
        return action.completed_at ? { done: true } : { state: action.status };
    });
}

/** Posts an action and waits for its end. */
export async function runAction(api: Api, path: string, body: unknown, actions: string): Promise<void> {
    await waitForAction(api, actions, await api.post<Action>(path, body, "action"));
}

/** Droplets' and volumes' actions are looked up here. */
export const ACTIONS = "/v2/actions";
