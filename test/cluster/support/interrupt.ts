/** Engine runs that are interrupted, and the way on from there that a person would take. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../../../lab/api/faults.ts";
import { dropletsOnRecord, lostDroplets } from "../../../remnants/remnants.ts";
import { addFault, api, type Droplet, droplets, inDroplet, removeFaults } from "./cloud.ts";
import type { Interruption, OfTheApi, OfTheConnection, OfTheRun } from "./interruption.ts";
import { endOf, pluginOf, RUN_VARIABLE, signal } from "./processes.ts";
import type { LabStack, Ran, Running } from "./stack.ts";
import { atMoment } from "./steps.ts";

/** Longer than it takes to see that the request has come. */
const HELD_MS = 20_000;

export interface Interrupted extends Ran {
    /** Whether the moment came: a short run may end before. */
    readonly came: boolean;
    /** Whether there was something to interrupt then: a plugin may not run yet, nor a script. */
    readonly hit: boolean;
}

/** Runs an engine command and interrupts it. When this returns, nothing of the run lives any more. */
export async function interrupted(
    stack: LabStack,
    args: readonly string[],
    what: Interruption,
): Promise<Interrupted> {
    const run = randomUUID();
    if ("request" in what) {
        await addFault(faultOf(what));
    }
    const running = stack.start(args, { [RUN_VARIABLE]: run });
    const acts: Promise<boolean>[] = [];
    if (what.kind === "kill CLI unanswered") {
        acts.push(killOnceHit(running, run));
    } else if (!("request" in what)) {
        const come = atMoment(what.at);
        running.onLine((line) => {
            if (!come(line)) return;
            const act = interrupt(stack, running, run, what);
            // Looked at when the run has ended: one that fails has to fail the test, and in its turn.
            act.catch(() => {});
            acts.push(act);
        });
    }
    const ran = await running.done;
    const acted = (await Promise.all(acts)).some((did) => did);
    await endOf(run);
    const faulty = await faultHit();
    await removeFaults();
    return "request" in what
        ? { ...ran, came: faulty, hit: faulty }
        : { ...ran, came: acts.length > 0, hit: acted };
}

function faultOf({ kind, request }: OfTheApi): Partial<Fault> {
    if (kind === "kill CLI unanswered") return { ...request, when: "after", delay: HELD_MS };
    const when = kind.endsWith("after") ? "after" : "before";
    return { ...request, when, ...(kind.startsWith("API 500") ? { status: 500 } : { drop: true }) };
}

async function killOnceHit(running: Running, run: string): Promise<boolean> {
    let ended = false;
    void running.done.then(() => {
        ended = true;
    });
    while (!ended) {
        if (await faultHit()) {
            const hit = signal(running.pid, "SIGKILL");
            await endOf(run);
            return hit;
        }
        await sleep(50);
    }
    return false;
}

async function interrupt(
    stack: LabStack,
    running: Running,
    run: string,
    what: OfTheRun | OfTheConnection,
): Promise<boolean> {
    switch (what.kind) {
        case "SIGINT":
            return signal(running.pid, "SIGINT");
        case "SIGINT twice":
            return interruptTwice(running);
        case "kill CLI": {
            const hit = signal(running.pid, "SIGKILL");
            // Not only afterwards: one that inherited the output would keep the run from ending.
            await endOf(run);
            return hit;
        }
        case "kill digitalocean":
        case "kill command":
        case "kill tls": {
            const plugin = pluginOf(run, what.kind.split(" ")[1] as string);
            return plugin !== undefined && signal(plugin.pid, "SIGKILL");
        }
        case "SSH cut":
            return cutConnection(stack, what.node);
    }
}

/** The second time when the first has been understood: the engine says that another one ends it at once. */
async function interruptTwice(running: Running): Promise<boolean> {
    const understood = new Promise<void>((resolve) => {
        running.onLine((line) => {
            if (/cancelling|press \^C again/i.test(line)) resolve();
        });
    });
    const hit = signal(running.pid, "SIGINT");
    const ended = await Promise.race([understood.then(() => false), running.done.then(() => true)]);
    if (!ended) signal(running.pid, "SIGINT");
    return hit;
}

/** Waits in the droplet for a script of the program to run, 20 s at most, ends the sessions of sshd, and says so. */
const CUT = `
tries=0
until grep -lzx timeout /proc/[0-9]*/cmdline >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 1000 ] || exit 0
    sleep 0.02
done
for comm in $(grep -lx sshd-session /proc/[0-9]*/comm); do
    comm=\${comm%/comm}
    kill -9 "\${comm#/proc/}" && echo cut
done`;

async function cutConnection(stack: LabStack, node: string): Promise<boolean> {
    const named = (await dropletsOf(stack)).filter(({ name }) => name === node);
    const newest = named.sort((one, other) => other.id - one.id)[0];
    return newest !== undefined && (await inDroplet(newest.id, CUT)).includes("cut");
}

const dropletsOf = async (stack: LabStack) => await droplets((await stack.names()).tags.all);

async function faultHit(): Promise<boolean> {
    const { body } = await api("GET", "/lab/faults");
    return (body as { faults: { hits: number }[] }).faults.some(({ hits }) => hits > 0);
}

/** What DigitalOcean's plugin says of a droplet that a run had deleted, and could not write that down: README.md. */
export const IS_GONE = /waiting for droplet to be unlocked for destroy \(\d+\): unexpected state 'Not Found'/;

/**
 * From an interrupted run to the wanted state: one plain `up`, after `cancel` only where the engine says that the
 * stack is locked, and with `--refresh` only where the plugin says that what it is to delete is gone. Droplets that the
 * state does not know are removed, as the program's warning says.
 */
export async function recover(
    stack: LabStack,
    options: readonly string[] = [],
): Promise<{ readonly ran: Ran; readonly cancelled: boolean; readonly lost: readonly Droplet[] }> {
    let ran = await stack.up(options);
    const cancelled = /the stack is currently locked/.test(ran.text);
    if (cancelled) {
        const cancel = await stack.pulumi(["cancel", "--yes"]);
        assert.equal(cancel.status, 0, cancel.text);
        ran = await stack.up(options);
    }
    if (IS_GONE.test(ran.text)) ran = await stack.up([...options, "--refresh"]);
    assert.equal(ran.status, 0, `one plain up does not lead on from the interruption:\n${ran.text}`);
    return { ran, cancelled, lost: await removeLost(stack) };
}

/** The droplets with the stack's tag that its state does not know. */
export async function lostOf(stack: LabStack): Promise<readonly Droplet[]> {
    const known = dropletsOnRecord(JSON.parse(await stack.export()));
    return lostDroplets(await dropletsOf(stack), known);
}

/** Removes them as the program's warning says, and tells which they were. */
export async function removeLost(stack: LabStack): Promise<readonly Droplet[]> {
    const lost = await lostOf(stack);
    if (lost.length > 0) {
        const ran = await stack.swarm(["orphans", "--delete", "--yes"]);
        assert.equal(ran.status, 0, ran.text);
        await api("GET", "/lab/state?settle=10000");
    }
    return lost;
}

/** Deletes droplets behind Pulumi's back, by the names of their nodes, and waits until they are gone. */
export async function removeDroplets(stack: LabStack, names: readonly string[]): Promise<void> {
    for (const { id, name } of await dropletsOf(stack)) {
        if (names.includes(name)) await api("DELETE", `/v2/droplets/${id}`);
    }
    await api("GET", "/lab/state?settle=10000");
}
