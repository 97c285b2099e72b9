/**
 * A script is ended by the limit that the program gives it only when something hangs: whatever it waits for itself ends
 * before, with an error that says what. So the limit is more than all its waits together.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../../components/remote.ts";
import type { ScriptName } from "../../model/answers.ts";
import { MAX_NODES } from "../../model/names.ts";
import { COMMAND, dev, find, inputOf, type Run, runProgram } from "./harness.ts";

/** A wait as it stands in a script, and how often it comes at most in one run. */
type Wait = readonly [bound: string, what: string, times: number];

const TIMEOUT = 3600;
/** The longest that the config takes. */
const GRACE = 3600;
const DRAIN = 300;

/** The program's managers are seven at most. In an exchange of them all, the seed may try those of before and its peers. */
const OTHERS = 6;
const KNOWN = 7 + OTHERS;

const freeGossipPort: Wait[] = [
    ["60", "$name's Docker to end", 1],
    ["120", "$name's Docker to answer again", 1],
    ["5", "free_by", 1],
    ["10", "port 7946 to be free on $name", 1],
];
const host = (tried: number): Wait[] => [
    ["10", "docker version", 1],
    ["$limit", "$name's first boot (cloud-init) to end", 1],
    // At most 120.
    ["$limit", "Docker to answer on $name", 1],
    ...freeGossipPort,
    ["60", "$name's unlocked swarm to settle", 1],
    ["60", "docker swarm join", tried],
    ["60", "settled_by", tried],
    ["3", "marked_by", 1],
];

const waits: Record<ScriptName, readonly Wait[]> = {
    swarm: [
        ...host(KNOWN),
        ["30", "$name's swarm state to settle", 1],
        ["60", "$name to manage its swarm", 1],
    ],
    join: [
        // One more for a worker, which has seven managers to try.
        ...host(OTHERS + 1),
        ["60", "hold_by", 1],
        ["30", "$name's swarm state to settle", 1],
        ["60", "$name to be a member", 1],
        ["30", "i_am_promoted_by", 1],
        ["60", "$name to be a member", 1],
        ["60", "$name to be a reachable manager", 1],
        ["60", "the seed at $(value seed) to be a manager", 1],
    ],
    recover: [
        ...host(0),
        ["30", "$name's swarm state to settle", 1],
        ["120", "a word on whether the managers have a leader", 1],
        ["60", "$name to lead its swarm", 1],
        ["60", "$name's swarm state to settle", 1],
        ["60", "$name to lead its swarm", 1],
    ],
    objects: [["120", "made_until", 1]],
    unused: [],
    service: [
        ["60", "networks to be free", 1],
        ["10", "docker service logs", 1],
        ["$limit", "not converged after $waited s", 1],
        // From the start of the script, as the one before.
        ["$limit", "service $service", 0],
    ],
    // All nodes that there can be are exchanged, all of seven managers among them, and as many services moved and removed.
    roster: [
        ["60", "networks to be free", MAX_NODES],
        ["$drain", "the tasks of service $service_name to run elsewhere", MAX_NODES],
        ["$drain", "the tasks of $emptied to run elsewhere", MAX_NODES],
        // Of each change of a member: its role, its demotion, no new tasks, no tasks, its removal. And of a service's move.
        ["30", "retry_until", 6 * MAX_NODES],
        ["60", "$2 to be a $3", 7],
        ["60", "$2 to be a worker", 7],
        ["$((grace + 30))", "the tasks of $1 to end", MAX_NODES],
        ["30", "the swarm's list of members", 1],
        ["$limit", "all nodes to be ready", 1],
        ["$limit", "all nodes to be ready again", 1],
        ["60", "every service's tasks to run", 1],
    ],
};

/** Every wait in a script's text, in order. */
function waitsIn(script: ScriptName): string[] {
    const patterns = [
        /\bwait_for (?<bound>\d+|"\$\w+"|\$\(\(.*?\)\)) "(?<what>[^"]*)"/,
        /(?<what>\w+)=\$\(\(\$\(now\) \+ (?<bound>\d+)\)\)/,
        /\btimeout (?<bound>\d+) (?<what>docker(?: [a-z]+)+)/,
        /-lt (?<bound>"\$limit") \] \|\| (?:give_up|fail) "(?<what>[^:]*):/,
        /-lt (?<bound>120) \] \|\|\n\s*fail "\$name: waited \$asked_for s for (?<what>[^,]*),/,
    ];
    const text = scriptText(script);
    return patterns
        .flatMap((pattern) => [...text.matchAll(new RegExp(pattern, "g"))])
        .sort((one, other) => one.index - other.index)
        .map(({ groups }) => `${groups?.bound?.replaceAll('"', "")} ${groups?.what}`);
}

const commandOf = {
    swarm: "swarm",
    join: "m2-join",
    recover: "recover",
    roster: "roster",
    objects: "configs",
    service: "web",
    unused: "unused",
};

for (const nodeTimeout of [30, 600, 3600]) {
    describe(`with ${nodeTimeout} s for a new node`, () => {
        let run: Run;
        before(async () => {
            const services = { web: { image: "nginx", timeout: TIMEOUT, configs: ["motd"] } };
            const config = {
                ...dev,
                managers: "m[1:3]",
                workers: "w1",
                recoverFrom: "m2",
                nodeTimeout,
                services,
                configs: { motd: "hello" },
            };
            run = await runProgram({ config });
        });
        for (const [script, expected] of Object.entries(waits) as [keyof typeof waits, Wait[]][]) {
            test(`${script}: its limit is more than its waits together`, () => {
                assert.deepEqual(
                    waitsIn(script),
                    expected.map(([bound, what]) => `${bound} ${what}`),
                );
                const seconds = ([bound, what]: Wait) =>
                    bound === "$limit"
                        ? script === "service"
                            ? TIMEOUT
                            : Math.min(nodeTimeout, what.startsWith("Docker") ? 120 : nodeTimeout)
                        : bound === "$drain"
                          ? GRACE + 60
                          : bound === "$((grace + 30))"
                            ? GRACE + 30
                            : Number(bound);
                const sum = expected.reduce((total, wait) => total + seconds(wait) * wait[2], 0);
                const { create, update } = find(run, COMMAND, commandOf[script]).inputs;
                const [, limit] = / timeout -k 10 (\d+) sh -c /.exec(`${create}`) ?? [];
                assert.ok(Number(limit) > sum, `${script} may wait ${sum} s, and is ended after ${limit} s`);
                if (update !== undefined)
                    assert.match(`${update}`, new RegExp(` timeout -k 10 ${limit} sh `));
            });
        }

        test("the roster is told how long a node may boot and how long tasks may move", () => {
            const told = inputOf(find(run, COMMAND, "roster"));
            assert.deepEqual(
                told.filter(([key]) => key === "limit" || key === "drain"),
                [
                    ["limit", `${nodeTimeout}`],
                    ["drain", `${DRAIN}`],
                ],
            );
        });
    });
}

after(() => pulumi.runtime.disconnect());
