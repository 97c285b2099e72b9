import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterView } from "../../cli/clusterView.ts";
import { Follow, type FollowOptions, type Sight } from "../../cli/map/follow.ts";
import { service, task, view } from "./mapViews.ts";

const more = view({
    services: [service("nginx", 3)],
    tasks: [task("nginx.1", "node2"), task("nginx.2", "node4"), task("nginx.3", "node3")],
});

/** What is read, one after another; an error is thrown. After the last, following ends. */
async function followed(
    readings: readonly (ClusterView | Error)[],
    options: Partial<FollowOptions> = {},
): Promise<{ sights: Sight[]; waits: number[]; follow: Follow }> {
    const [sights, waits] = [[] as Sight[], [] as number[]];
    const ending = new AbortController();
    let next = 0;
    let now = Date.parse("2026-11-26T12:00:00Z");
    const follow = new Follow({
        read: async () => {
            const reading = readings[next++] as ClusterView | Error;
            if (reading instanceof Error) throw reading;
            return reading;
        },
        show: (sight) => sights.push(sight),
        clock: () => now,
        wait: async (ms) => {
            waits.push(ms);
            now += ms;
            if (next === readings.length) ending.abort();
        },
        ...options,
    });
    await follow.run(ending.signal);
    return { sights, waits, follow };
}

describe("following a cluster", () => {
    test("the first picture is no change, the next ones say what is", async () => {
        const { sights, waits } = await followed([view(), view(), more]);
        assert.deepEqual(
            sights.map(({ changes }) => changes.map(({ id, at, text }) => `${id} ${at} ${text}`)),
            [
                [],
                [],
                [
                    "1 2026-11-26T12:00:02.000Z nginx: 3 tasks wanted, before 2.",
                    "2 2026-11-26T12:00:02.000Z nginx: image nginx:1.0, before nginx:1.27.",
                    "3 2026-11-26T12:00:02.000Z nginx.3 runs on node3.",
                ],
            ],
        );
        assert.equal(sights.at(-1)?.picture?.headline.endsWith("1 service: 3 of 3 tasks run."), true);
        assert.deepEqual(waits, [1000, 1000, 1000]);
    });

    test("a cluster that does not answer keeps its last picture, and is asked less and less often", async () => {
        const gone = new Error("node1: no\nanswer");
        const { sights, waits } = await followed([view(), gone, gone, gone, gone, gone, view(), view()]);
        assert.deepEqual(waits, [1000, 2000, 4000, 8000, 15_000, 15_000, 1000, 1000]);
        assert.deepEqual(
            sights.map(({ problem }) => problem),
            [undefined, ...Array.from({ length: 5 }, () => "node1: no answer"), undefined, undefined],
        );
        const seen = Date.parse("2026-11-26T12:00:00Z");
        assert.deepEqual(
            sights.slice(0, 6).map(({ seenAt, picture }) => [seenAt, picture?.nodes.length]),
            Array.from({ length: 6 }, () => [seen, 4]),
        );
        assert.deepEqual(
            sights.at(-1)?.changes.map(({ text }) => text),
            ["The cluster cannot be read: node1: no answer", "The cluster answers again."],
        );
    });

    test("what happened while nobody looked has the span in which it did, and what comes then its time", async () => {
        const readings = [view(), more, view()];
        let now = Date.parse("2026-11-26T12:00:00Z");
        let ending = new AbortController();
        const follow = new Follow({
            read: async () => readings.shift() as ClusterView,
            show: () => {},
            clock: () => now,
            wait: async (ms) => {
                now += ms;
                // The first page is closed after the first reading; the second one after the last.
                if (readings.length !== 1) ending.abort();
            },
        });
        await follow.run(ending.signal);
        now += 600_000;
        ending = new AbortController();
        await follow.run(ending.signal);
        const [first, , , later] = follow.sight.changes;
        assert.deepEqual(
            [first, later].map((change) => [change?.since, change?.at]),
            [
                ["2026-11-26T12:00:00.000Z", "2026-11-26T12:10:01.000Z"],
                [undefined, "2026-11-26T12:10:02.000Z"],
            ],
        );
    });

    test("a cluster that has never answered has no picture", async () => {
        const { sights } = await followed([new Error("there is no stack"), view()]);
        assert.deepEqual(
            sights.map(({ picture, problem }) => [picture?.stack, problem]),
            [
                [undefined, "there is no stack"],
                ["lab", undefined],
            ],
        );
        assert.deepEqual(
            sights.at(-1)?.changes.map(({ text }) => text),
            ["The cluster cannot be read: there is no stack"],
        );
    });

    test("a reading that does not end is given up", async () => {
        const read = (signal: AbortSignal) =>
            new Promise<ClusterView>((_, reject) =>
                signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
            );
        const ending = new AbortController();
        const sights: Sight[] = [];
        const follow = new Follow({
            read,
            limit: 20,
            show: (sight) => {
                sights.push(sight);
                ending.abort();
            },
        });
        await follow.run(ending.signal);
        assert.deepEqual(
            sights.map(({ problem }) => problem),
            ["no answer within 0.02 s"],
        );
    });

    test("it ends at once, in the middle of a reading, and shows nothing after", async () => {
        const ending = new AbortController();
        const sights: Sight[] = [];
        const follow = new Follow({
            read: async (signal) => {
                ending.abort();
                signal.throwIfAborted();
                return view();
            },
            show: (sight) => sights.push(sight),
        });
        await follow.run(ending.signal);
        assert.deepEqual(sights, []);
    });

    test("the log has an end", async () => {
        const flapping = Array.from({ length: 130 }, (_, index) => (index % 2 === 0 ? view() : more));
        const { follow } = await followed(flapping);
        assert.equal(follow.sight.changes.length, 50);
        assert.equal((follow.sight.changes.at(-1)?.id ?? 0) > 100, true);
    });
});
