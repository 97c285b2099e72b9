import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { quorumOf } from "../../model/quorum.ts";

/** Members, reachable: majority, whether there is a quorum, losses that it bears. */
const table: readonly [members: number, reachable: number, majority: number, has: boolean, bears: number][] =
    [
        [0, 0, 1, false, 0],
        [1, 1, 1, true, 0],
        [1, 0, 1, false, 0],
        [2, 2, 2, true, 0],
        [2, 1, 2, false, 0],
        [3, 3, 2, true, 1],
        [3, 2, 2, true, 0],
        [3, 1, 2, false, 0],
        [4, 4, 3, true, 1],
        [4, 3, 3, true, 0],
        [4, 2, 3, false, 0],
        [5, 5, 3, true, 2],
        [5, 4, 3, true, 1],
        [5, 3, 3, true, 0],
        [5, 2, 3, false, 0],
        [7, 7, 4, true, 3],
        [7, 5, 4, true, 1],
        [7, 4, 4, true, 0],
        [7, 3, 4, false, 0],
    ];

describe("quorum", () => {
    for (const [members, reachable, majority, has, bears] of table) {
        test(`${reachable} of ${members}`, () => {
            assert.deepEqual(quorumOf({ members, reachable }), { members, reachable, majority, has, bears });
        });
    }

    test("numbers that no cluster has", () => {
        assert.throws(
            () => quorumOf({ members: 1, reachable: 2 }),
            new RangeError("2 reachable managers of 1"),
        );
        assert.throws(() => quorumOf({ members: 1.5, reachable: 1 }), RangeError);
        assert.throws(() => quorumOf({ members: 1, reachable: -1 }), RangeError);
    });

    test("what it bears can be lost, and one more cannot", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 99 }), fc.nat(99), (members, some) => {
                const now = quorumOf({ members, reachable: Math.min(some, members) });
                if (!now.has) return;
                assert.ok(quorumOf({ members, reachable: now.reachable - now.bears }).has);
                assert.ok(!quorumOf({ members, reachable: now.reachable - now.bears - 1 }).has);
            }),
        );
    });
});
