import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CliError } from "../../cli/errors.ts";
import { Follow, type FollowOptions, type Reading, type Sight } from "../../cli/map/follow.ts";
import { map } from "../../cli/map/map.ts";
import { LoginError } from "../../cli/ssh.ts";
import { service, task, view } from "./mapViews.ts";

const whole: Reading = { view: view() };
const more: Reading = {
    view: view({
        services: [service("nginx", 3)],
        tasks: [task("nginx.1", "node2"), task("nginx.2", "node4"), task("nginx.3", "node3")],
    }),
};

/** A cluster that is looked at each second from noon on, until there is nothing more to be read. */
async function followed(
    readings: readonly (Reading | Error)[],
    options: Partial<FollowOptions> = {},
): Promise<{ sights: Sight[]; reads: number[]; said: string[] }> {
    const [sights, reads, said] = [[] as Sight[], [] as number[], [] as string[]];
    let now = 0;
    const follow = new Follow({
        read: async () => {
            const reading = readings[reads.length] as Reading | Error;
            reads.push(now);
            if (reading instanceof Error) throw reading;
            return reading;
        },
        say: (problem) => said.push(problem),
        clock: () => Date.parse("2026-11-26T12:00:00Z") + now * 1000,
        ...options,
    });
    for (; reads.length < readings.length; now += 1) {
        await follow.look();
        // What was begun is there by then.
        await new Promise(setImmediate);
        sights.push(await follow.look());
    }
    return { sights, reads, said };
}

describe("following a cluster", () => {
    test("the first picture is no change, the next ones say what is", async () => {
        const { sights } = await followed([whole, whole, more]);
        assert.deepEqual(
            sights.map(({ changes }) => changes.map(({ id, at, text }) => `${id} ${at} ${text}`)),
            [
                [],
                [],
                [
                    "1 2026-11-26T12:00:02.000Z nginx: 3 of 3 run, nginx:1.0; before: 2 of 2 run, nginx:1.27, 80:80/tcp",
                    "2 2026-11-26T12:00:02.000Z nginx.3 is new: running on node3",
                ],
            ],
        );
    });

    test("a cluster that does not answer keeps its last picture, and is asked less and less often", async () => {
        const gone = new Error("node1: no\nanswer");
        const { sights, reads, said } = await followed([whole, gone, gone, gone, gone, gone, whole, whole]);
        assert.deepEqual(reads, [0, 1, 3, 7, 15, 30, 45, 46]);
        assert.deepEqual(said, ["node1: no answer"]);
        const [at44, at45] = [sights[44], sights[45]];
        assert.deepEqual(
            [at44?.problem, at44?.age, at44?.picture?.nodes.length],
            ["node1: no answer", 44_000, 4],
        );
        assert.deepEqual([at45?.problem, at45?.age], [undefined, 0]);
        assert.deepEqual(
            at45?.changes.map(({ text }) => text),
            ["The cluster cannot be read: node1: no answer", "The cluster answers again"],
        );
    });

    test("where no manager answers from the start, state and cloud are shown, and are nothing to compare with", async () => {
        const problem = "NO QUORUM";
        const nodes = view().nodes.map((node) => ({ ...node, state: "unknown", role: undefined }));
        const lost = { view: view({ nodes, services: [], tasks: [] }), problem };
        const { sights } = await followed([lost, whole]);
        const first = sights[0];
        assert.deepEqual(
            [first?.problem, first?.age, first?.picture?.nodes.map(({ state }) => state)],
            [problem, undefined, ["unknown", "unknown", "unknown", "unknown"]],
        );
        const last = sights.at(-1);
        assert.deepEqual(
            [last?.problem, last?.changes.map(({ text }) => text)],
            [undefined, [`The cluster cannot be read: ${problem}`]],
        );
        // And one that has been seen whole stays.
        const later = (await followed([whole, lost])).sights.at(-1);
        assert.deepEqual([later?.problem, later?.picture?.services.length], [problem, 1]);
    });

    test("what happened while nobody looked has the span in which it did", async () => {
        let now = Date.parse("2026-11-26T12:00:00Z");
        const readings = [whole, more];
        const follow = new Follow({
            read: async () => readings.shift() ?? whole,
            say: () => {},
            clock: () => now,
        });
        await follow.look();
        await new Promise(setImmediate);
        now += 600_000;
        for (const [since, at] of [
            ["2026-11-26T12:00:00.000Z", "2026-11-26T12:10:00.000Z"],
            [undefined, "2026-11-26T12:10:01.000Z"],
        ]) {
            await follow.look();
            await new Promise(setImmediate);
            const { changes } = await follow.look();
            assert.deepEqual([changes.at(-1)?.since, changes.at(-1)?.at], [since, at]);
            now += 1_000;
        }
    });

    test("the cluster is left alone while nobody looks, and while it is being read", async () => {
        let reads = 0;
        let finish: (reading: Reading) => void = () => {};
        const read = () =>
            new Promise<Reading>((resolve) => {
                reads += 1;
                finish = resolve;
            });
        const follow = new Follow({ read, say: () => {} });
        assert.equal(reads, 0);
        const looks = [follow.look(), follow.look()];
        finish(whole);
        await Promise.all(looks);
        assert.equal(reads, 1);
    });

    test("a reading that does not end is given up", async () => {
        const read = (signal: AbortSignal) =>
            new Promise<Reading>((_, reject) =>
                signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
            );
        const { problem } = await new Follow({ read, limit: 20, say: () => {} }).look();
        assert.equal(problem, "no answer within 0.02 s");
    });

    test("the log has an end", async () => {
        const { sights } = await followed(
            Array.from({ length: 130 }, (_, index) => (index % 2 ? more : whole)),
        );
        const changes = sights.at(-1)?.changes ?? [];
        assert.deepEqual([changes.length, (changes.at(-1)?.id ?? 0) > 100], [50, true]);
    });
});

describe("swarm map", () => {
    /** What the command prints and ends with, while a page looks at it. */
    async function ran(read: Parameters<typeof map>[1], ending = new AbortController()) {
        const said = { out: "", err: "" };
        let looked: Promise<Sight | undefined> | undefined;
        const out = (text: string | Uint8Array) => {
            said.out += text;
            const url = /http:\S+/.exec(said.out)?.[0];
            looked = fetch(`${url}sight`)
                .then((answer) => answer.json() as Promise<Sight>)
                // The command may end before it answers.
                .catch(() => undefined)
                .finally(() => ending.abort());
            return true;
        };
        const err = (text: string | Uint8Array) => {
            said.err += text;
            return true;
        };
        const options = { port: 0, stack: "dev", signal: ending.signal };
        const status = await map(options, read, { write: out }, { write: err });
        return { status, ...said, sight: await looked };
    }

    test("says where the page is, serves until the signal, and says what it cannot read", async () => {
        const result = await ran(async ({ stack }) => {
            throw new CliError(`${stack}: no manager answers`, 2);
        });
        assert.match(result.out, /^The map is at http:\/\/127\.0\.0\.1:\d+\/ until Ctrl-C\.\n$/);
        assert.deepEqual([result.status, result.err], [0, "swarm: dev: no manager answers\n"]);
        assert.equal(result.sight?.problem, "dev: no manager answers");
    });

    test("a wrong host key ends it", async () => {
        const wrong = new LoginError("node1: WRONG HOST KEY", "", true);
        await assert.rejects(
            ran(() => Promise.reject(wrong)),
            wrong,
        );
    });
});
