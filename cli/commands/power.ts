/** A droplet switched on or off by the API. */
import { setTimeout as sleep } from "node:timers/promises";
import { Argument } from "commander";
import type { Cloud } from "../../cloud.ts";
import { confirmed } from "../confirm.ts";
import { CliError, EXIT } from "../errors.ts";
import { pickNode } from "../nodeRange.ts";
import { define, type Verb } from "../options.ts";
import { loadStack, openCloud } from "../stack.ts";
import type { StackNode } from "../stackState.ts";

export default (program: Verb) =>
    define(program, "power", {
        summary: "the droplet of a node switched on or off",
        description:
            "Switches a node's droplet on, or shuts it down, and waits until the cloud says so. One that is off is billed all " +
            "the same. Its tasks run elsewhere meanwhile; those of a manager count as a loss for the quorum.",
        examples: ["swarm power off node3", "swarm power on node3"],
    })
        .addArgument(new Argument("<state>", "what it is to be").choices(["on", "off"]))
        .argument("<node>", "the node")
        .option("--yes", "off without the question")
        .does(async (choice, state: "on" | "off", name: string, { yes }: { readonly yes?: boolean }) => {
            const node = pickNode((await loadStack(choice)).nodes, name);
            const what = `${node.name} (droplet ${node.dropletId})`;
            const cloud = await openCloud(choice);
            if (state === "off" && !yes && !(await confirmed(`Shut down ${what}?`, choice.signal)))
                return EXIT.no;
            await switchDroplet(cloud, node, state, choice);
            process.stderr.write(`${what} is ${state}\n`);
            return EXIT.ok;
        });

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
