/** The order that a plan shows is the one in which the roster's script works; and what holds of every change of managers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { planOf } from "../../cli/plan/plan.ts";
import { plainText } from "../../cli/plan/words.ts";
import { expandNames } from "../../model/names.ts";
import { availability } from "../../model/nodes.ts";
import { joined, leader, manager, roster, worker } from "../scripts/fakeSwarm.ts";
import { beside } from "./beside.ts";
import { type MadeChange, madePreview, type Roles } from "./planMade.ts";

/** One kind of step, and the nodes that it is done to. */
type Phase = readonly [kind: string, ...names: string[]];

/** What a plan's sentences of the roster's part say, by how they begin or end. */
const SENTENCES: readonly (readonly [pattern: RegExp, kind: string])[] = [
    [/^services removed, with their tasks: (.*)$/, "service"],
    [/^promoted: (.*)$/, "promote"],
    [/^opened to tasks: (.*)$/, "open"],
    [/^old managers demoted one after another, the leader last: (.*)$/, "demote"],
    [/^emptied, since managers run no tasks any more: (.*)$/, "close"],
    [/^old members emptied and removed from the swarm, one after another: (.*)$/, "remove"],
];

function planned(change: MadeChange): Phase[] {
    const { course } = planOf(madePreview(change), beside);
    return merged(
        course.steps.flatMap(({ what }): Phase[] => {
            const text = plainText(what);
            for (const [pattern, kind] of SENTENCES) {
                const names = pattern.exec(text)?.[1];
                if (names !== undefined) {
                    return [[kind, ...expandNames(names.replaceAll(" and ", ","))]];
                }
            }
            return [];
        }),
    );
}

/**
 * Steps of one kind in a row as one, the names sorted. Promoting and opening managers go hand in hand, each manager in its
 * turn: they count as one kind until the demotions.
 */
function merged(phases: readonly Phase[]): Phase[] {
    const result: [string, ...string[]][] = [];
    const firstDemotion = phases.findIndex(([kind]) => kind === "demote");
    for (const [index, [kind, ...names]] of phases.entries()) {
        const early = kind === "promote" || (kind === "open" && index < firstDemotion);
        const as = early ? "promote, open" : kind;
        const last = result.at(-1);
        if (last?.[0] === as) last.push(...names);
        else result.push([as, ...names]);
    }
    return result.map(([kind, ...names]): Phase => [kind, ...names.sort()]);
}

/** What the script does to a swarm in which the new nodes are already. */
async function done(change: MadeChange): Promise<Phase[]> {
    const { before, after, replaced = [], removed = [] } = change;
    const was = (name: string) =>
        [...before.managers, ...before.workers].includes(name) && !replaced.includes(name);
    const id = (name: string) => (was(name) ? `${name}-id` : `${name}-new`);
    const opened = (roles: Roles) => availability("auto", roles);
    const old = [
        ...before.managers.map((name, index) => (index === 0 ? leader : manager)(`${name}-id`, name)),
        ...before.workers.map((name) => worker(`${name}-id`, name)),
    ].map((line) =>
        opened(before) === "active" ? line.replace(" manager drain ", " manager active ") : line,
    );
    const come = [
        ...after.managers.map((name) => [name, "manager", "reachable"] as const),
        ...after.workers.map((name) => [name, "worker", "-"] as const),
    ].filter(([name]) => !was(name));
    const members = [
        ...old,
        ...come.map(([name, role, vote]) =>
            joined(id(name), name).replace(" worker drain ready -", ` ${role} drain ready ${vote}`),
        ),
    ];
    const wanted = [
        ...after.managers.map((name) => ["member", `${id(name)} ${name} manager ${opened(after)}`] as const),
        ...after.workers.map((name) => ["member", `${id(name)} ${name} worker active`] as const),
    ];
    const run = await roster(
        { members, services: removed.map((name) => `${name}-id ${name} replicated swarm-dev`) },
        wanted,
    );
    assert.equal(run.status, 0, run.stderr);
    const name = (call: string) => (call.split(" ").at(-1) ?? "").replace(/-(?:id|new)$/, "");
    const state = new Map(members.map((line) => [line.split(" ")[0] as string, line.split(" ")]));
    return merged(
        run.changes.flatMap((call): Phase[] => {
            const [, , role] = / --(role) (\w+)/.exec(call) ?? [];
            const [, open] = / --availability (\w+)/.exec(call) ?? [];
            const target = call.split(" ").at(-1) ?? "";
            const member = state.get(target);
            const phases: Phase[] = [];
            if (call.startsWith("service rm")) return [["service", target]];
            if (call.startsWith("node rm")) return [["remove", name(call)]];
            if (role === "manager" && member?.[1] === "worker") phases.push(["promote", name(call)]);
            if (role === "worker" && member?.[1] === "manager") phases.push(["demote", name(call)]);
            if (open === "active" && member?.[2] !== "active") phases.push(["open", name(call)]);
            const stays = wanted.some(([, line]) => line.startsWith(`${target} `));
            if (open === "drain" && stays && call.startsWith("node update --availability"))
                phases.push(["close", name(call)]);
            if (member && role !== undefined) member[1] = role;
            if (member && open !== undefined) member[2] = open;
            return phases;
        }),
    );
}

const roles = (managers: string, workers: string): Roles => ({
    managers: expandNames(managers),
    workers: expandNames(workers),
});

const changes: readonly (readonly [name: string, change: MadeChange])[] = [
    [
        "workers more and fewer",
        { before: roles("node1", "node[2:4]"), after: roles("node1", "node[2:3],node[5:6]") },
    ],
    [
        "the only manager is replaced",
        { before: roles("node1", "node2"), after: roles("node1", "node2"), replaced: ["node1"] },
    ],
    ["one becomes three", { before: roles("node1", "node[2:4]"), after: roles("node[1:3]", "node4") }],
    ["three become one", { before: roles("node[1:3]", "node4"), after: roles("node1", "node4") }],
    [
        "manager and worker change places",
        { before: roles("node[1:3]", "node[4:5]"), after: roles("node1,node2,node4", "node3,node5") },
    ],
    [
        "all are replaced",
        {
            before: roles("node[1:3]", "node[4:5]"),
            after: roles("node[1:3]", "node[4:5]"),
            replaced: expandNames("node[1:5]"),
        },
    ],
    [
        "everything at once",
        {
            before: roles("node[1:3]", "node[4:6]"),
            after: roles("node1,node4,node7", "node2,node6,node8"),
            replaced: ["node6"],
            removed: ["web"],
        },
    ],
];

describe("the plan's order is the roster's own", () => {
    for (const [name, change] of changes) {
        test(name, async () => {
            const phases = planned(change);
            assert.ok(phases.length > 1);
            assert.deepEqual(await done(change), phases);
        });
    }
});

/** Roles over some of eight names: an odd number of managers, as the config allows. */
const someRoles = fc
    .record({
        names: fc.shuffledSubarray(expandNames("n[1:8]"), { minLength: 3 }),
        few: fc.constantFrom(1, 3, 5, 7),
    })
    .filter(({ names, few }) => names.length >= few)
    .map(({ names, few }): Roles => ({ managers: names.slice(0, few), workers: names.slice(few) }));

describe("whatever managers and workers become", () => {
    const change = fc
        .record({ before: someRoles, after: someRoles, replaced: fc.subarray(expandNames("n[1:8]")) })
        .map(({ before, after, replaced }): MadeChange => {
            const both = [...before.managers, ...before.workers].filter((name) =>
                [...after.managers, ...after.workers].includes(name),
            );
            return { before, after, replaced: replaced.filter((name) => both.includes(name)) };
        });

    test("managers come one by one, then go one by one, with a quorum all the way", () => {
        fc.assert(
            fc.property(change, (made) => {
                const { course, nodes } = planOf(madePreview(made), beside);
                const { path } = course;
                assert.equal(path[0], made.before.managers.length);
                assert.equal(path.at(-1), made.after.managers.length);
                const most = path.indexOf(Math.max(...path));
                for (const [index, members] of path.entries()) {
                    if (index > 0)
                        assert.equal(
                            members - (path[index - 1] as number),
                            index <= most ? 1 : -1,
                            path.join(),
                        );
                }
                assert.ok(
                    Math.min(...path) >= Math.min(made.before.managers.length, made.after.managers.length),
                );
                assert.ok(
                    course.steps.every(({ managers }) => managers === undefined || managers.bears >= 0),
                );
                assert.ok(course.worst.bears <= Math.min(course.before.bears, course.after.bears));
                assert.deepEqual(nodes.managersBefore, made.before.managers);
                assert.deepEqual(nodes.managersAfter, made.after.managers);
            }),
            { numRuns: 300 },
        );
    });

    test("each node that comes, goes or changes is named in the order, and in its list", () => {
        fc.assert(
            fc.property(change, (made) => {
                const plan = planOf(madePreview(made), beside);
                const said = plan.course.steps.map(({ what }) => JSON.stringify(what)).join();
                for (const { name, change: kind, before, after } of plan.nodes.all) {
                    const was = made.before.managers.includes(name) || made.before.workers.includes(name);
                    const is = made.after.managers.includes(name) || made.after.workers.includes(name);
                    const expected = !was
                        ? "comes"
                        : !is
                          ? "goes"
                          : made.replaced?.includes(name)
                            ? "replaced"
                            : "stays";
                    assert.equal(kind, expected);
                    assert.equal(
                        before?.role,
                        was ? (made.before.managers.includes(name) ? "manager" : "worker") : undefined,
                    );
                    assert.equal(
                        after?.role,
                        is ? (made.after.managers.includes(name) ? "manager" : "worker") : undefined,
                    );
                    const few = plan.nodes.all.length <= 3;
                    if (few && (kind !== "stays" || before?.role !== after?.role))
                        assert.ok(said.includes(`"${name}"`), said);
                }
            }),
            { numRuns: 300 },
        );
    });
});
