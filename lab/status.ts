import { z } from "zod";
import { daemonRuns } from "./daemon.ts";
import { DROPLET_LABEL, labFilter, labText } from "./droplets/lab.ts";
import { labsIn } from "./droplets/removeAll.ts";
import { messageOf } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { isMade, type Made, readMade } from "./made.ts";
import { ask } from "./outerDocker/connect.ts";
import { hasResources } from "./stack.ts";

/** A droplet as the API has it. */
export interface Booked {
    readonly id: number;
    readonly status: string;
}

const stateSchema = z.object({ droplets: z.array(z.object({ id: z.number(), status: z.string() })) });

/** What there is of a lab, a line each, and whether it can be worked with. */
export async function statusOf(instance: Instance): Promise<{ text: string; good: boolean }> {
    if (!isMade(instance)) return { text: `There is no lab "${instance.name}".\n`, good: false };
    const made = readMade(instance);
    const daemon = await daemonStatus(instance, made);
    const engine = await engineStatus(instance, made.dockerSocket);
    const droplets = dropletsStatus(daemon.booked, engine.running);
    const text = [
        `lab      ${instance.name}`,
        `daemon   ${daemon.text} (log: ${instance.log})`,
        `docker   ${engine.text}`,
        `droplets ${droplets.text}`,
        `engine   ${made.engineFolder}`,
        `plugins  ${made.plugins}`,
        `stack    ${hasResources(instance) ? "has resources" : "is empty"} (config: ${instance.stackConfig})`,
        "",
    ].join("\n");
    return { text, good: daemon.booked !== undefined && droplets.good };
}

/** Whether the droplets that the API has are there: their containers end with their engine, of which the API hears nothing. */
export function dropletsStatus(
    booked: readonly Booked[] | undefined,
    running: ReadonlySet<number> | undefined,
): { text: string; good: boolean } {
    if (booked === undefined)
        return { text: 'went with the daemon; "make up" begins a new cloud', good: false };
    const active = booked.filter(({ status }) => status === "active");
    const gone = active.filter(({ id }) => !running?.has(id));
    if (gone.length === 0) {
        const off = booked.length - active.length;
        return {
            text: `${active.length} run${off > 0 ? `, ${off} are off or being made` : ""}`,
            good: running !== undefined,
        };
    }
    return {
        text: `${gone.length} of ${booked.length} are gone from the Docker engine; "make down" and "make up" begin a new cloud`,
        good: false,
    };
}

async function daemonStatus(
    instance: Instance,
    made: Made,
): Promise<{ text: string; booked: Booked[] | undefined }> {
    if (!daemonRuns(instance)) return { text: "does not run", booked: undefined };
    try {
        const answer = await fetch(`${made.api}/lab/state`, { signal: AbortSignal.timeout(5_000) });
        return { text: `runs, at ${made.api}`, booked: stateSchema.parse(await answer.json()).droplets };
    } catch (error) {
        return { text: `runs, but does not answer at ${made.api}: ${messageOf(error)}`, booked: undefined };
    }
}

async function engineStatus(
    instance: Instance,
    socket: string,
): Promise<{ text: string; running: ReadonlySet<number> | undefined }> {
    const answer = await ask(socket);
    if ("problem" in answer)
        return { text: `${socket}, does not answer: ${answer.problem}`, running: undefined };
    const label = [...labFilter(instance).label, DROPLET_LABEL];
    const containers = await answer.docker.listContainers({ filters: { label } });
    const others = (await labsIn(answer.docker)).filter(
        ({ name, checkout }) => name !== instance.name || checkout !== instance.checkout,
    );
    return {
        text: [socket, ...others.map((lab) => `beside ${labText(lab)}`)].join(", "),
        running: new Set(containers.map(({ Labels }) => Number(Labels[DROPLET_LABEL]))),
    };
}
