/** Rotation of the join tokens, autolock, and the way out of a lock, on the seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { answer, daemon, files, input, manages, works } from "./fakeSeed.ts";
import { type Host, runScript, type ScriptRun } from "./harness.ts";

/** The same with what is said of rotation and autolock. */
const answerWith = (parts: Record<string, string>) =>
    `${JSON.stringify({ ...JSON.parse(answer("10.120.0.2 10.120.0.3")), ...parts })}\n`;
const inputWith = (parts: Record<string, string | number>) =>
    input.map(([key, value]): Line => [key, parts[key] ?? value]);
const printedBefore = (parts: Record<string, string>) => ({ PULUMI_COMMAND_STDOUT: answerWith(parts) });
/** What changes a secret of the swarm, in turn. */
const changes = (run: ScriptRun) =>
    run.dockerCalls.filter((call) => /--rotate|swarm (update|unlock$)/.test(call));

const tokens = { workerToken: "SWMTKN-2-worker", managerToken: "SWMTKN-2-manager" };
const rotateTokens = ["swarm join-token --rotate -q worker", "swarm join-token --rotate -q manager"];

for (const { what, mode, rotation, before, files: has, expected, done } of [
    {
        what: "another number: both tokens, and the answer has the new ones",
        before: {},
        expected: { rotation: "1", ...tokens },
        done: rotateTokens,
    },
    { what: "the same number: none", before: { rotation: "1" }, expected: { rotation: "1" }, done: [] },
    {
        what: "a smaller number: both",
        before: { rotation: "4" },
        expected: { rotation: "1", ...tokens },
        done: rotateTokens,
    },
    {
        what: "an output of before there were numbers counts as 0",
        rotation: 0,
        before: { rotation: "" },
        expected: { rotation: "0" },
        done: [],
    },
    {
        what: "tokens that a run which was stopped has rotated already: those are read",
        before: {},
        files: { "token-worker": "SWMTKN-2-worker\n", "token-manager": "SWMTKN-2-manager\n" },
        expected: { rotation: "1", ...tokens },
        done: [],
    },
    {
        what: "a run that was stopped between the two: only the other one",
        before: {},
        files: { "token-worker": "SWMTKN-2-worker\n" },
        expected: { rotation: "1", ...tokens },
        done: ["swarm join-token --rotate -q manager"],
    },
    {
        what: "a new swarm's are new",
        mode: "create" as const,
        before: {},
        expected: { rotation: "1" },
        done: [],
    },
]) {
    test(`rotation: ${what}`, async () => {
        const run = await runScript("swarm", mode ?? "update", inputWith({ rotation: rotation ?? 1 }), {
            docker: daemon(manages),
            env: mode === "create" ? {} : printedBefore(before),
            files: { ...files, ...has },
        });
        assert.equal(run.stderr, "");
        assert.equal(run.stdout, answerWith(expected));
        assert.deepEqual(changes(run), done);
    });
}

const on = { autolock: "true\n" };
for (const { what, mode, autolock, rotation, before, files: has, expected, done } of [
    {
        what: "on",
        before: {},
        expected: { unlockKey: "SWMKEY-1-first" },
        done: ["swarm update --autolock=true"],
    },
    {
        what: "on in a swarm that is made",
        mode: "create" as const,
        before: {},
        expected: { unlockKey: "SWMKEY-1-first" },
        done: ["swarm update --autolock=true"],
    },
    {
        what: "on already, by a run that was stopped before it could print the key",
        before: {},
        files: on,
        expected: { unlockKey: "SWMKEY-1-first" },
        done: [],
    },
    {
        what: "off again: the key is kept for managers that are locked",
        autolock: "false",
        before: { unlockKey: "SWMKEY-1-first" },
        files: on,
        expected: { formerUnlockKey: "SWMKEY-1-first" },
        done: ["swarm update --autolock=false"],
    },
    {
        what: "a rotation renews the key, and the former one is kept",
        rotation: "1",
        before: { unlockKey: "SWMKEY-1-first", formerUnlockKey: "SWMKEY-1-older" },
        files: on,
        expected: {
            rotation: "1",
            ...tokens,
            unlockKey: "SWMKEY-1-second",
            formerUnlockKey: "SWMKEY-1-first",
        },
        done: [...rotateTokens, "swarm unlock-key --rotate -q"],
    },
    {
        what: "a key that a run which was stopped has renewed already",
        rotation: "1",
        before: { unlockKey: "SWMKEY-1-first" },
        files: { ...on, key: "SWMKEY-1-second\n" },
        expected: {
            rotation: "1",
            ...tokens,
            unlockKey: "SWMKEY-1-second",
            formerUnlockKey: "SWMKEY-1-first",
        },
        done: rotateTokens,
    },
    {
        what: "nothing changes: the former key stays",
        before: { unlockKey: "SWMKEY-1-first", formerUnlockKey: "SWMKEY-1-older" },
        files: on,
        expected: { unlockKey: "SWMKEY-1-first", formerUnlockKey: "SWMKEY-1-older" },
        done: [],
    },
]) {
    test(`autolock: ${what}`, async () => {
        const lines = inputWith({ autolock: autolock ?? "true", rotation: rotation ?? 0 });
        const run = await runScript("swarm", mode ?? "update", lines, {
            docker: daemon(manages),
            env: mode === "create" ? {} : printedBefore(before),
            files: { ...files, ...has },
        });
        assert.equal(run.stderr, "");
        assert.equal(run.stdout, answerWith(expected));
        assert.deepEqual(changes(run), done);
    });
}

test("a locked seed is unlocked with the key of the last run, or the one before that; no key is an argument", async () => {
    const run = await runScript("swarm", "update", inputWith({ autolock: "true" }), {
        docker: daemon(
            "locked false id= addr= cluster= error=",
            `"swarm unlock")
                read -r key
                [ "$key" = SWMKEY-1-older ] || { echo "invalid key" >&2; exit 1; }
                echo "${manages}" >"$dir/state"
                ;;`,
        ),
        env: printedBefore({ unlockKey: "SWMKEY-1-first", formerUnlockKey: "SWMKEY-1-older" }),
        files: { ...files, ...on },
    });
    assert.equal(run.stderr, "node1: its swarm was locked, and is unlocked\n");
    assert.equal(run.stdout, answerWith({ unlockKey: "SWMKEY-1-first", formerUnlockKey: "SWMKEY-1-older" }));
    assert.ok(!run.dockerCalls.join("\n").includes("SWMKEY"));
});

const failures: { what: string; lines?: readonly Line[]; host: Host; text: string }[] = [
    {
        what: "a locked swarm whose key is another one",
        host: {
            docker: daemon(
                "locked false id= addr= cluster= error=",
                '"swarm unlock") echo "swarm could not be unlocked: invalid key provided" >&2; exit 1 ;;',
            ),
            env: printedBefore({ unlockKey: "SWMKEY-1-first" }),
        },
        text:
            "node1: its swarm is locked, and the unlock key of this stack does not fit: swarm could not be unlocked: " +
            "invalid key provided; unlock it with: docker swarm unlock\n",
    },
    {
        what: "one that takes the key and stays locked",
        host: {
            docker: daemon("locked false id= addr= cluster= error=", '"swarm unlock") : ;;'),
            env: printedBefore({ unlockKey: "SWMKEY-1-first" }),
        },
        text:
            "node1: its swarm was locked, and is unlocked\n" +
            "node1: its swarm is locked; unlock it with: docker swarm unlock\n",
    },
    {
        what: "another rotation where the seed is a worker until it is promoted",
        lines: inputWith({ rotation: 2 }),
        host: { docker: daemon(works), env: printedBefore({ unlockKey: "SWMKEY-1-first" }), files },
        text:
            "node1: it is a worker until another manager promotes it, and only a manager can change " +
            "swarm:tokenRotation or swarm:autolock. Set them back to 0 and true, run pulumi up, and change them after " +
            "that\n",
    },
];

for (const { what, host, lines, text } of failures) {
    test(`${what}: said, nothing printed, nothing changed`, async () => {
        const run = await runScript("swarm", "update", lines ?? input, host);
        assert.equal(run.stderr, text);
        assert.equal(run.stdout, "");
        assert.equal(run.status, 1);
        assert.deepEqual(
            changes(run).filter((call) => call !== "swarm unlock"),
            [],
        );
    });
}
