/** A droplet switched on or off by the API. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../cloud.ts";
import { CliError } from "./errors.ts";
import type { StackNode } from "./stackState.ts";

const STATUS = { on: "active", off: "off" } as const;
/** An orderly end, which a system that hangs does not come to: then the wait says so. */
const ACTION = { on: "power_on", off: "shutdown" } as const;

/**
 * Asks for it, unless it is so already, and waits.
 *
 * @param options.pause Milliseconds between two looks. @param options.looks How many at most: two minutes by default.
 * @throws CloudError, and CliError where there is no such droplet, or its status has not come.
 */
export async function switchDroplet(
    cloud: Pick<Cloud, "get" | "create">,
    { name, dropletId }: Pick<StackNode, "name" | "dropletId">,
    state: "on" | "off",
    options: { readonly pause?: number; readonly looks?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
    const { pause = 1_000, looks = 120, signal } = options;
    for (let look = 0; ; look += 1) {
        const answer = await cloud.get<{ droplet: { status: string } }>(`/v2/droplets/${dropletId}`);
        if (!answer)
            throw new CliError(
                `the droplet ${dropletId} of ${name} is gone; have it made anew: pulumi up --refresh`,
            );
        const { status } = answer.droplet;
        if (status === STATUS[state]) return;
        if (look === 0) await cloud.create(`/v2/droplets/${dropletId}/actions`, { type: ACTION[state] });
        if (look === looks)
            throw new CliError(
                `waited ${Math.round((pause * looks) / 1000)} s for ${name} (droplet ${dropletId}) to be ${state}; last seen: ${status}`,
            );
        await sleep(pause, undefined, { signal });
    }
}
