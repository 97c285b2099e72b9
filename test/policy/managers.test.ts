import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askAccount } from "../../policy/account.ts";
import { managersOf } from "../../policy/managers.ts";
import { type SeenInStack, types, UNKNOWN } from "../../policy/rule.ts";
import { oddManagers } from "../../policy/rules/oddManagers.ts";
import { check, exchangeOfAll, noRoom } from "../../policy/rules/roomToExchangeManagers.ts";
import { fakeApi } from "../fakeApi.ts";
import { readRecording } from "../plugins/recordings.ts";
import { UNKNOWN_TEXT } from "./pack.ts";
import { resource, stackTable } from "./resources.ts";

const tag = resource("tag", "manager", { name: "swarm-dev-manager" });
const stays = { ipv4Address: "192.0.2.1" };
const comes = { ipv4Address: UNKNOWN };

const droplet = (name: string, state: object, role = "manager") =>
    resource("droplet", name, { tags: ["swarm-dev", `swarm-dev-${role}`], ...state });
const hostKey = (name: string, isThere: boolean) =>
    resource("privateKey", `${name}-host`, { publicKeyOpenssh: isThere ? "ssh-ed25519 AAAA" : UNKNOWN });
const vpc = resource("vpc", "network", { createdAt: "2026-11-26T21:00:00Z" });

const stack = (managers: readonly SeenInStack[], ...more: readonly SeenInStack[]) => [
    vpc,
    tag,
    ...managers,
    ...more,
];
const named = (count: number, state: object = stays) =>
    Array.from({ length: count }, (_, index) => droplet(`node${index + 1}`, state));

describe("the managers of a stack", () => {
    test("are known by the tag that the program names so, whatever the stack's own name is", () => {
        const resources = [
            resource("tag", "all", { name: "swarm-the-manager" }),
            resource("tag", "manager", { name: "swarm-the-manager-manager" }),
            resource("droplet", "node10", { tags: ["swarm-the-manager", "swarm-the-manager-manager"] }),
            resource("droplet", "node9", { tags: ["swarm-the-manager", "swarm-the-manager-manager"] }),
            resource("droplet", "node2", { tags: ["swarm-the-manager", "swarm-the-manager-worker"] }),
        ];
        assert.deepEqual(
            managersOf(resources).map(({ name }) => name),
            ["node9", "node10"],
        );
    });

    test("are known by where the tag comes from while its name is unknown", () => {
        const unnamed = resource("tag", "manager", { name: UNKNOWN });
        const node1 = resource("droplet", "node1", { tags: UNKNOWN }, { madeFrom: { tags: [unnamed] } });
        assert.deepEqual(managersOf([unnamed, node1, resource("droplet", "node2")]), [node1]);
    });
});

describe("odd-managers", () => {
    stackTable(oddManagers, [
        ["one", stack(named(1)), []],
        [
            "three, and two workers",
            stack(named(3), droplet("w1", stays, "worker"), droplet("w2", stays, "worker")),
            [],
        ],
        ["a stack without a swarm", [], []],
        [
            "two",
            stack(named(2)),
            [
                {
                    text:
                        "there are 2 managers (node1, node2): a majority of 2 is 2, so they bear the loss of 0, as 1 would, " +
                        "and are more to lose. Allowed: 1, 3, 5 or 7",
                },
            ],
        ],
        [
            "four",
            stack(named(4)),
            [
                {
                    text:
                        "there are 4 managers (node1, node2, node3, node4): a majority of 4 is 3, so they bear the loss of " +
                        "1, as 3 would, and are more to lose. Allowed: 1, 3, 5 or 7",
                },
            ],
        ],
        [
            "none, with a swarm",
            stack([], { ...resource("droplet", "swarm"), type: "swarm:index:Swarm" }),
            [
                {
                    text: "no droplet carries the managers' tag, so nobody leads the swarm. Allowed: 1, 3, 5 or 7",
                },
            ],
        ],
    ]);
});

describe("an exchange of all managers in a preview", () => {
    const replaced = [hostKey("node1", true), hostKey("node2", true), hostKey("node3", true)];
    const cases: readonly [string, readonly SeenInStack[], ReturnType<typeof exchangeOfAll>][] = [
        ["nothing changes", stack(named(3), ...replaced), undefined],
        ["one stays", stack([...named(2, comes), droplet("node3", stays)], ...replaced), undefined],
        ["only workers change", stack(named(3), droplet("w1", comes, "worker")), undefined],
        [
            "the first up",
            [resource("vpc", "network", { createdAt: UNKNOWN }), tag, ...named(3, comes)],
            undefined,
        ],
        ["no VPC", [tag, ...named(3, comes)], undefined],
        ["no managers", stack([]), undefined],
        [
            "three are replaced",
            stack(named(3, comes), ...replaced),
            { managers: ["node1", "node2", "node3"], made: 3, most: 6 },
        ],
        [
            "three are replaced, and a worker, while another stays and a third is new",
            stack(
                named(3, comes),
                ...replaced,
                droplet("w1", comes, "worker"),
                hostKey("w1", true),
                droplet("w2", stays, "worker"),
                droplet("w3", comes, "worker"),
                hostKey("w3", false),
            ),
            { managers: ["node1", "node2", "node3"], made: 5, most: 10 },
        ],
        [
            "the only one makes room for another name",
            stack([droplet("node7", comes)], hostKey("node7", false)),
            { managers: ["node7"], made: 1, most: 1 },
        ],
    ];
    for (const [title, resources, exchange] of cases) {
        test(title, () => assert.deepEqual(exchangeOfAll(resources), exchange));
    }
});

test("the official plugin, as it was recorded, leaves a droplet's address open while the droplet is to be made", () => {
    const made = readRecording("digitalocean-resources.jsonl").filter(
        ({ type, method }) => type === types.droplet && method === "Create",
    );
    const previews = made.filter(({ preview }) => preview);
    assert.ok(previews.some(({ step }) => step === "replace"));
    for (const { preview, response } of made) {
        const outputs = response?.properties as Record<string, unknown> | undefined;
        assert.equal(outputs?.ipv4Address === UNKNOWN_TEXT, preview === true);
    }
});

const three = { managers: ["node1", "node2", "node3"], made: 4, most: 8 };
const one = { managers: ["node1"], made: 1, most: 2 };
const begin =
    "all 3 managers (node1, node2, node3) are made anew in one go: 4 droplets before any old one goes, ";
const half = "so the up would stop half-way, with new managers that are billed and not yet in the swarm";
const allowed =
    "Allowed: a part of them at a time (pulumi up --target '**:Droplet::<name>' --target-dependents), or more room";

describe("room-to-exchange-managers", () => {
    for (const [title, exchange, room, said] of [
        ["exactly enough of the account", three, { has: 21, limit: 25 }, undefined],
        [
            "one too few",
            three,
            { has: 22, limit: 25 },
            `${begin}and the account has 22 droplets and may have 25, ${half}. ${allowed}`,
        ],
        [
            "the only manager",
            one,
            { has: 1, limit: 1 },
            `the only manager (node1) is made anew: 1 droplet before any old one goes, and the account has 1 droplet and ` +
                `may have 1, ${half}. ${allowed}`,
        ],
        ["exactly the limit of the policy config", three, { dropletLimit: 8 }, undefined],
        [
            "a limit of the policy config below",
            three,
            { dropletLimit: 7 },
            `${begin}which makes 8 of this stack at once, and dropletLimit in the policy config is 7, ${half}. ${allowed}`,
        ],
        [
            "nobody knows",
            three,
            { unknown: "GET /v2/account: 403 You are not authorized" },
            `${begin}and whether the account has room for them could not be found out (GET /v2/account: 403 You are not ` +
                `authorized). ${allowed}; or say the limit yourself, as dropletLimit in the policy config`,
        ],
    ] as const) {
        test(title, () => assert.equal(noRoom(exchange, room), said));
    }

    const never = () => assert.fail("nobody had to be asked");
    const all = stack(named(3, comes));

    test("asks nobody while a manager stays, nor where the policy config says the limit", async () => {
        assert.deepEqual(await check(stack(named(3)), {}, never), []);
        assert.deepEqual(await check(all, { dropletLimit: 3 }, never), []);
        assert.equal((await check(all, { dropletLimit: 2 }, never)).length, 1);
    });

    test("asks where it matters", async () => {
        assert.deepEqual(await check(all, {}, async () => ({ has: 3, limit: 6 })), []);
        assert.equal((await check(all, {}, async () => ({ has: 3, limit: 5 }))).length, 1);
    });
});

describe("asking DigitalOcean", () => {
    const plugin = (properties: object) => ({
        ...resource("vpc", "default", { ...properties }),
        type: "pulumi:providers:digitalocean",
    });

    test("limit and droplets, with the plugin's own token and address before the environment's", async (context) => {
        const api = await fakeApi((call) =>
            call.startsWith("GET /v2/account")
                ? { body: { account: { droplet_limit: 25 } } }
                : { body: { droplets: [{ id: 1 }, { id: 2 }] } },
        );
        context.after(() => api.close());
        const environment = { DIGITALOCEAN_TOKEN: "t", DIGITALOCEAN_API_URL: "http://127.0.0.1:1" };
        const resources = [plugin({ token: "own", apiEndpoint: api.url })];
        assert.deepEqual(await askAccount(resources, environment), { has: 2, limit: 25 });
    });

    test("is not possible without a token, which is said", async () => {
        assert.deepEqual(await askAccount([], {}), { unknown: "there is no token" });
    });

    test("is refused, which is said", async (context) => {
        const api = await fakeApi(() => ({ status: 403, body: { message: "You are not authorized" } }));
        context.after(() => api.close());
        const environment = { DIGITALOCEAN_TOKEN: "t", DIGITALOCEAN_API_URL: api.url };
        assert.match(
            JSON.stringify(await askAccount([], environment)),
            /^{"unknown":"GET \/v2\/\S+: 403 You are not authorized"}$/,
        );
    });

    test("without a limit in the answer, which is said", async (context) => {
        const api = await fakeApi((call) =>
            call.startsWith("GET /v2/account") ? { body: {} } : { body: { droplets: [] } },
        );
        context.after(() => api.close());
        const environment = { DIGITALOCEAN_TOKEN: "t", DIGITALOCEAN_API_URL: api.url };
        assert.deepEqual(await askAccount([], environment), { unknown: "the account has no droplet_limit" });
    });
});
