/** Runs roster.sh on a manager of a fake swarm, whose lines `fakeSwarm.sh` explains. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Line } from "../../model/scriptInput.ts";
import { runScript, type ScriptRun } from "./harness.ts";

const fakeSwarm = fileURLToPath(new URL("fakeSwarm.sh", import.meta.url));

/** The lines of each of the fake's files; see `fakeSwarm.sh`. */
export interface World {
    readonly members: readonly string[];
    readonly labels?: readonly string[];
    readonly services?: readonly string[];
    readonly updates?: readonly string[];
    readonly networks?: readonly string[];
    readonly tasks?: readonly string[];
    readonly graces?: readonly string[];
    readonly containers?: readonly string[];
    readonly due?: readonly string[];
    readonly refusals?: readonly string[];
    readonly promotions?: readonly string[];
    /** What the swarm says of a task that waits. */
    readonly unsuitable?: readonly string[];
    /** Seconds that tasks have to move; default 20. */
    readonly drain?: number;
    /** Seconds that pass with each sleep; default 1. */
    readonly pace?: number;
}

const NOTHING: World = {
    labels: [],
    members: [],
    services: [],
    updates: [],
    networks: [],
    tasks: [],
    graces: [],
    containers: [],
    due: [],
    refusals: [],
    promotions: [],
    unsuitable: [],
};

export const leader = (id: string, name: string) =>
    `${id} manager drain ready leader swarm-dev ${name} swarm-dev ${name}`;
export const manager = (id: string, name: string) =>
    `${id} manager drain ready reachable swarm-dev ${name} swarm-dev ${name}`;
export const worker = (id: string, name: string) =>
    `${id} worker active ready - swarm-dev ${name} swarm-dev ${name}`;
/** As it is after its join: in the swarm, drained, known by nothing but its engine's label. */
export const joined = (id: string, name: string) => `${id} worker drain ready - - - swarm-dev ${name}`;

export const wantManager = (id: string, name: string): Line => ["member", `${id} ${name} manager drain`];
export const wantWorker = (id: string, name: string): Line => ["member", `${id} ${name} worker active`];

export interface RosterRun extends ScriptRun {
    /** The calls that change something, in their order. */
    readonly changes: readonly string[];
}

/** @param limit Seconds that a new node has to be ready. */
export async function roster(world: World, wanted: readonly Line[], limit = 10): Promise<RosterRun> {
    const lines: Line[] = [
        ["node", "node1"],
        ["stack", "swarm-dev"],
        ["limit", limit],
        ["drain", world.drain ?? 20],
        ...wanted,
    ];
    const file = (content: readonly string[] = []) => content.map((line) => `${line}\n`).join("");
    const { drain: _, pace = 1, ...files } = { ...NOTHING, ...world };
    const run = await runScript("roster", "create", lines, {
        docker: `*) . '${fakeSwarm}' ;;`,
        files: Object.fromEntries(Object.entries(files).map(([name, content]) => [name, file(content)])),
        stoppedClock: pace,
    });
    const changes = run.dockerCalls.filter((call) => / (update|rm) /.test(call));
    return { ...run, changes };
}

export const answer = (members: number, removed = "", foreign = "") =>
    `{"script":"roster","node":"node1","members":${members},"removed":"${removed}","foreign":"${foreign}"}\n`;

/** @param labels Arguments for labels that the config gives, or gave. */
export const settled = (id: string, name: string, role: string, availability: string, labels = "") =>
    `node update --role ${role} --availability ${availability} --label-add swarm.stack=swarm-dev ` +
    `--label-add swarm.node=${name} ${labels && `${labels} `}${id}`;

/** The two ends of a member's leaving: it gets no new tasks from here on, and later, in its turn, it goes. */
export const paused = (id: string) => `node update --availability pause ${id}`;
export const seenOff = (id: string) => [`node update --availability drain ${id}`, `node rm --force ${id}`];
export const demoted = (id: string) => `node update --role worker ${id}`;

/** What is said to whoever has a wanted node that is not ready. */
export const howToMend = (name: string) =>
    `${name}: is its droplet on, does its dockerd run (systemctl status docker), has its disk room (df)? If it is not ` +
    `to be mended, make it anew: cli/bin/swarm replace ${name}`;

export function assertDone(
    run: RosterRun,
    expected: { stderr?: string; stdout: string; changes: readonly string[] },
) {
    assert.equal(run.stderr, expected.stderr ?? "");
    assert.equal(run.stdout, expected.stdout);
    assert.deepEqual(run.changes, expected.changes);
    assert.equal(run.status, 0);
}

export function assertFailed(run: RosterRun, expected: { stderr: string; changes: readonly string[] }) {
    assert.equal(run.stderr, expected.stderr);
    assert.equal(run.stdout, "");
    assert.deepEqual(run.changes, expected.changes);
    assert.equal(run.status, 1);
}
