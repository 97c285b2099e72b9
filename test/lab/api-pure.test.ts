import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { errorBody, errorId, notFound, tooManyRequests } from "../../lab/api/errors.ts";
import { freshIds, sequentialIds } from "../../lab/api/ids.ts";
import { type Page, paginate } from "../../lab/api/pagination.ts";
import { RateLimiter } from "../../lab/api/rateLimit.ts";
import { redact } from "../../lab/api/requestLog.ts";
import { checkVpcRange, chooseVpcRange } from "../../lab/api/vpcRanges.ts";
import { Work } from "../../lab/api/work.ts";

describe("paginate", () => {
    const at = (query: string) => `http://api/v2/things${query}`;
    const CASES: readonly { query: string; items: number[]; pages?: Record<string, string> }[] = [
        {
            query: "",
            items: Array.from({ length: 20 }, (_, index) => index + 1),
            pages: { next: at("?page=2&per_page=20"), last: at("?page=2&per_page=20") },
        },
        { query: "?per_page=200", items: Array.from({ length: 25 }, (_, index) => index + 1) },
        { query: "?per_page=1000", items: Array.from({ length: 25 }, (_, index) => index + 1) },
        {
            query: "?tag_name=a&page=2&per_page=10",
            items: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
            pages: {
                first: at("?tag_name=a&page=1&per_page=10"),
                prev: at("?tag_name=a&page=1&per_page=10"),
                next: at("?tag_name=a&page=3&per_page=10"),
                last: at("?tag_name=a&page=3&per_page=10"),
            },
        },
        {
            query: "?page=3&per_page=10",
            items: [21, 22, 23, 24, 25],
            pages: { first: at("?page=1&per_page=10"), prev: at("?page=2&per_page=10") },
        },
        {
            query: "?page=9&per_page=10",
            items: [],
            pages: { first: at("?page=1&per_page=10"), prev: at("?page=3&per_page=10") },
        },
        {
            query: "?page=-1&per_page=0",
            items: Array.from({ length: 20 }, (_, index) => index + 1),
            pages: { next: at("?page=2&per_page=20"), last: at("?page=2&per_page=20") },
        },
    ];
    for (const { query, items, pages } of CASES) {
        test(query || "without a query", () => {
            const all = Array.from({ length: 25 }, (_, index) => index + 1);
            assert.deepEqual(paginate(all, new URL(at(query))), {
                items,
                links: pages === undefined ? {} : { pages },
                meta: { total: 25 },
            });
        });
    }

    test("every item is on exactly one page", () => {
        fc.assert(
            fc.property(fc.nat(500), fc.integer({ min: 1, max: 200 }), (length, perPage) => {
                const all = Array.from({ length }, (_, index) => index);
                const seen: number[] = [];
                let url: string | undefined = at(`?per_page=${perPage}`);
                while (url !== undefined) {
                    const page: Page<number> = paginate(all, new URL(url));
                    seen.push(...page.items);
                    url = page.links.pages?.next;
                }
                assert.deepEqual(seen, all);
            }),
        );
    });
});

describe("RateLimiter", () => {
    test("counts down, refuses beyond the hour's limit, and forgets each request after its hour", () => {
        const limiter = new RateLimiter();
        const limits = { hourlyLimit: 2, burstLimit: null };
        const HOUR = 3_600_000;
        assert.deepEqual(
            [0, 1000, 2000, HOUR, HOUR + 1000].map((now) => limiter.take(now, limits)),
            [
                { limit: 2, remaining: 1, reset: 3600, allowed: true },
                { limit: 2, remaining: 0, reset: 3600, allowed: true },
                { limit: 2, remaining: 0, reset: 3600, allowed: false },
                { limit: 2, remaining: 0, reset: 3601, allowed: true },
                { limit: 2, remaining: 0, reset: 7200, allowed: true },
            ],
        );
    });

    test("a burst is refused with the seconds to wait", () => {
        const limiter = new RateLimiter();
        const limits = { hourlyLimit: 5000, burstLimit: 2 };
        assert.deepEqual(
            [0, 500, 20_000, 60_000].map((now) => limiter.take(now, limits)),
            [
                { limit: 5000, remaining: 4999, reset: 3600, allowed: true },
                { limit: 5000, remaining: 4998, reset: 3600, allowed: true },
                { limit: 5000, remaining: 0, reset: 3600, allowed: false, retryAfter: 40 },
                { limit: 5000, remaining: 4997, reset: 3600, allowed: true },
            ],
        );
    });

    test("without limits, the headers speak of the documented one and nothing is refused", () => {
        const limiter = new RateLimiter();
        const limits = { hourlyLimit: null, burstLimit: null };
        const decisions = Array.from({ length: 5001 }, () => limiter.take(0, limits));
        assert.deepEqual(decisions.at(-1), { limit: 5000, remaining: 0, reset: 3600, allowed: true });
    });
});

test("errors have the service's names", () => {
    assert.deepEqual(
        [401, 403, 404, 409, 412, 418, 422, 429, 500, 502, 503].map((status) => [status, errorId(status)]),
        [
            [401, "Unauthorized"],
            [403, "forbidden"],
            [404, "not_found"],
            [409, "conflict"],
            [412, "precondition_failed"],
            [418, "bad_request"],
            [422, "unprocessable_entity"],
            [429, "too_many_requests"],
            [500, "server_error"],
            [502, "server_error"],
            [503, "service_unavailable"],
        ],
    );
    assert.deepEqual(errorBody(notFound(), "r"), {
        id: "not_found",
        message: "The resource you were accessing could not be found.",
        request_id: "r",
    });
    assert.equal(tooManyRequests(7).retryAfter, 7);
});

describe("ranges of VPCs", () => {
    const overlap = "This range/size overlaps with another VPC network in your account.";
    const REFUSED: readonly [string, string][] = [
        ["10.0.0.0", 'ip_range "10.0.0.0" is not an IPv4 CIDR'],
        ["fd00::/64", 'ip_range "fd00::/64" is not an IPv4 CIDR'],
        ["10.160.1.0/20", "ip_range 10.160.1.0/20 has host bits set"],
        ["10.0.0.0/15", "ip_range 10.0.0.0/15 must be between /16 and /28"],
        ["10.0.0.0/29", "ip_range 10.0.0.0/29 must be between /16 and /28"],
        ["192.0.2.0/24", "ip_range 192.0.2.0/24 must be in a private range of RFC 1918"],
        ["10.244.16.0/20", "ip_range 10.244.16.0/20 overlaps with the reserved range 10.244.0.0/16"],
        ["10.160.0.0/16", overlap],
        ["10.160.15.0/24", overlap],
        ["10.160.0.0/20", overlap],
    ];
    for (const [range, message] of REFUSED) {
        test(`${range} is refused`, () => {
            assert.throws(() => checkVpcRange(range, ["10.160.0.0/20"]), { status: 422, message });
        });
    }

    test("neighbours do not overlap", () => {
        for (const range of ["10.160.16.0/20", "10.159.240.0/20", "172.16.0.0/16", "192.168.0.0/28"]) {
            assert.equal(checkVpcRange(range, ["10.160.0.0/20"]), range);
        }
    });

    test("a chosen range is always an allowed one", () => {
        const block = fc.tuple(fc.nat(3), fc.nat(255), fc.integer({ min: 16, max: 24 }));
        fc.assert(
            fc.property(fc.array(block, { maxLength: 40 }), (blocks) => {
                const taken: string[] = [];
                for (const [second, third, bits] of blocks) {
                    const start = (third >> (24 - bits)) << (24 - bits);
                    const range = `10.${100 + second}.${start}.0/${bits}`;
                    try {
                        taken.push(checkVpcRange(range, taken));
                    } catch {
                        // Overlaps with an earlier one: left out.
                    }
                }
                try {
                    const chosen = chooseVpcRange(taken);
                    assert.equal(checkVpcRange(chosen, taken), chosen);
                } catch (error) {
                    assert.equal(
                        (error as Error).message,
                        "No range is left for another VPC network in your account.",
                    );
                    // Only where the four /16 of the pool are full of something.
                    assert.ok(taken.length >= 4);
                }
            }),
        );
    });

    test("the first free /20 is chosen", () => {
        assert.equal(chooseVpcRange([]), "10.100.0.0/20");
        assert.equal(chooseVpcRange(["10.100.0.0/20", "10.100.17.0/24"]), "10.100.32.0/20");
    });
});

test("IDs: sequential ones are the same in each run, fresh ones differ between labs", () => {
    const [a, b] = [sequentialIds(1001), sequentialIds(1001)];
    assert.deepEqual([a.next(), a.next()], [1001, 1002]);
    assert.equal(a.uuid(), b.uuid());
    assert.notEqual(a.uuid(), a.uuid());
    assert.match(a.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    const first = freshIds(() => Date.UTC(2026, 0, 1));
    const later = freshIds(() => Date.UTC(2026, 0, 1, 0, 10));
    assert.equal(later.next() - first.next(), 600);
});

test("redact keeps secrets out and everything else as it is", () => {
    assert.deepEqual(
        redact({ name: "a", user_data: "#cloud-config", tags: ["x", { private_key: "é" }], token: null }),
        {
            name: "a",
            user_data: "[redacted, 13 bytes]",
            tags: ["x", { private_key: "[redacted, 2 bytes]" }],
            token: null,
        },
    );
});

describe("Work", () => {
    test("tasks of one key run one after another, also after a failure; others side by side", async () => {
        const work = new Work();
        const done: string[] = [];
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
            release = resolve;
        });
        const first = work.run("a", "first", async () => {
            await gate;
            done.push("first");
            throw new Error("no luck");
        });
        const second = work.run("a", "second", async () => void done.push("second"));
        await work.run("b", "other", async () => void done.push("other"));
        assert.deepEqual([done, work.pending()], [["other"], ["first", "second"]]);
        assert.equal(await work.settled(1), false);
        release();
        await assert.rejects(first, { message: "no luck" });
        await second;
        assert.equal(await work.settled(1000), true);
        assert.deepEqual([done, work.pending()], [["other", "first", "second"], []]);
    });
});
