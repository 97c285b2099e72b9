import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ApiDroplet, type Droplet, taggedDroplets } from "../../cli/droplets.ts";
import { CliError } from "../../cli/errors.ts";
import { cloudLock, ownLock, refusalText } from "../../cli/pulumi.ts";
import type { Cloud } from "../../cloud.ts";
import { orphansText, refuseLocked, untilGone } from "../../remnants/orphans.ts";

const now = Date.parse("2026-11-26T21:40:05Z");

const droplet: Droplet = {
    id: 217891716,
    name: "node9",
    createdAt: "2026-11-26T21:36:05Z",
    status: "active",
    tags: ["swarm-dev"],
    size: "s-1vcpu-1gb",
    pricePerMonth: 6,
    publicIp: "203.0.113.7",
    privateIp: "10.120.0.9",
};
const found = { stack: "dev", mark: "3f9a2c1b", orphans: [droplet] };

test("droplets that do not carry the tag are not the stack's, whatever the API lists", async () => {
    const entry = (id: number, tags: string[]): ApiDroplet => ({
        id,
        name: `node${id}`,
        status: "active",
        created_at: "2026-11-26T21:36:05Z",
        tags,
        size_slug: "s-1vcpu-1gb",
        size: { price_monthly: 6 },
        networks: { v4: [] },
    });
    const asked: string[] = [];
    const cloud: Pick<Cloud, "list"> = {
        list: async <T>(path: string) => {
            asked.push(path);
            return [
                entry(1, ["swarm-dev"]),
                entry(2, ["web", "Swarm-Dev"]),
                entry(3, ["swarm-dev2"]),
                entry(4, []),
            ] as T[];
        },
    };
    const listed = await taggedDroplets(cloud, "swarm-dev");
    assert.deepEqual(asked, ["/v2/droplets?tag_name=swarm-dev"]);
    assert.deepEqual(
        listed.map(({ id }) => id),
        [1, 2],
    );
});

describe("swarm orphans", () => {
    test("none", () => {
        assert.equal(
            orphansText({ ...found, orphans: [] }, now),
            'Every droplet with the mark 3f9a2c1b is in the state of the stack "dev".\n',
        );
        assert.equal(
            orphansText({ ...found, mark: null, orphans: [] }, now),
            'The state of the stack "dev" has no mark, so the stack has made nothing yet, or all of it is destroyed.\n',
        );
    });

    test("some, one of them still without an address", () => {
        const young = {
            ...droplet,
            id: 7,
            name: "n10",
            status: "new",
            publicIp: undefined,
            privateIp: undefined,
        };
        assert.equal(
            orphansText({ ...found, orphans: [droplet, { ...young, pricePerMonth: 12.5 }] }, now),
            [
                "ID         NAME   PUBLIC       PRIVATE     STATUS  SIZE         AGE    USD/MONTH",
                "217891716  node9  203.0.113.7  10.120.0.9  active  s-1vcpu-1gb  4 min  6.00",
                "7          n10    -            -           new     s-1vcpu-1gb  4 min  12.50",
                '2 droplets with the mark 3f9a2c1b that the state of the stack "dev" does not know, 18.50 USD a month.',
                "",
            ].join("\n"),
        );
    });

    test("where the lock could not be read", () => {
        assert.ok(
            orphansText({ ...found, lockUnknown: true }, now).endsWith(
                "What an update is making right now looks the same; whether one runs is looked at with --delete alone.\n",
            ),
        );
    });

    test("while an update runs", () => {
        const text = orphansText({ ...found, lockedBy: "ada@build7 (process 4711) since 21:00" }, now);
        assert.ok(
            text.endsWith(
                "The stack is locked by ada@build7 (process 4711) since 21:00: what is being made right now looks the same. " +
                    "Look again when that has ended.\n",
            ),
            text,
        );
        assert.throws(
            () => refuseLocked("dev", "ada@build7 (process 4711) since 21:00"),
            new CliError(
                'the stack "dev" is locked by ada@build7 (process 4711) since 21:00: a droplet that is being made is not ' +
                    "in its state yet. Wait until that has ended; if it was killed, say: pulumi cancel",
            ),
        );
        refuseLocked("dev", undefined);
    });
});

describe("a droplet that is being deleted", () => {
    const fast = { pause: 1, looks: 2_000 };
    const answers = (...statuses: string[]) => ({
        get: async <T>() => {
            const status = statuses.shift();
            return (status && { droplet: { status } }) as T | undefined;
        },
    });

    test("is waited for until the API has it no more", async () => {
        const cloud = answers("active", "active");
        await untilGone(cloud, droplet, fast);
        assert.equal(await cloud.get(), undefined);
    });

    test("and not for ever", async () => {
        await assert.rejects(
            untilGone(answers("active", "archive", "active"), droplet, { pause: 1, looks: 3 }),
            new CliError(
                "waited 0 s for node9 (droplet 217891716) to be gone; last seen: active. Its deletion was accepted; look " +
                    "again with: cli/bin/swarm orphans",
            ),
        );
    });
});

describe("whose lock it is", () => {
    const answer = (stderr: string) => ownLock({ status: 1, stdout: "", stderr });

    test("nobody's", () => {
        assert.equal(answer("error: a stack named dev already exists\n"), undefined);
    });

    test("one, and two", () => {
        const line = (id: string, who: string) =>
            `  file:///state/.pulumi/locks/organization/swarm/dev/${id}.json: created by ${who} at 2026-11-26T21:00:00Z`;
        const head =
            "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete " +
            "the lock file with `pulumi cancel`.";
        assert.equal(
            answer(`${head}\n${line("a", "ada@build7 (pid 4711)")}\n`),
            "ada@build7 (process 4711) since 2026-11-26T21:00:00Z",
        );
        assert.equal(
            answer(`${head}\n${line("a", "ada@build7 (pid 4711)")}\n${line("b", "bo@home (pid 3)")}\n`),
            "ada@build7 (process 4711) since 2026-11-26T21:00:00Z, bo@home (process 3) since 2026-11-26T21:00:00Z",
        );
        assert.equal(answer(head), "somebody unknown");
    });

    test("what is no answer is not taken for one", () => {
        assert.throws(
            () => answer("error: no stack named 'dev' found\n"),
            /there is no stack "dev" in this backend/,
        );
    });

    test("in Pulumi Cloud", () => {
        const list = JSON.stringify([
            { name: "acme/dev", updateInProgress: true },
            { name: "acme/live", updateInProgress: false },
            { name: "acme/both", updateInProgress: false },
            { name: "other/both", updateInProgress: true },
        ]);
        for (const stack of ["dev", "both"]) {
            assert.equal(
                cloudLock(list, stack),
                "an update under way in Pulumi Cloud, which shows whose it is",
            );
        }
        assert.equal(cloudLock(list, "live"), undefined);
        assert.throws(() => cloudLock(list, "other"), {
            message:
                'Pulumi Cloud does not list the stack "other", so it cannot be told whether an update runs; see: pulumi stack ls',
            status: 3,
        });
    });
});

/** What Pulumi 3.259.0 printed in each case, and what a person is told. */
const refusals: readonly [name: string, stderr: string, text: string][] = [
    [
        "no such stack",
        "error: no stack named 'nope' found\n",
        'there is no stack "nope" in this backend; see: pulumi stack ls (and: pulumi whoami -v)',
    ],
    [
        "no stack selected",
        "error: no stack selected; please use `pulumi stack select` to choose one\n",
        "no stack is selected; say --stack NAME, or: pulumi stack select NAME",
    ],
    [
        "no login",
        "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n",
        "Pulumi is not logged in to the backend with the state; say: pulumi login (or set PULUMI_BACKEND_URL)",
    ],
    [
        "no passphrase",
        'error: constructing secrets manager of type "passphrase": constructing secrets manager: passphrase must be set ' +
            "with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables\n",
        "the passphrase of the stack's secrets is missing; set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE " +
            "to the file that holds it",
    ],
    [
        "a wrong passphrase",
        "error: failed to decrypt: incorrect passphrase, please set PULUMI_CONFIG_PASSPHRASE to the correct passphrase or " +
            "set PULUMI_CONFIG_PASSPHRASE_FILE to a file containing the passphrase\n",
        "the passphrase is wrong for this stack; check PULUMI_CONFIG_PASSPHRASE, which wins over PULUMI_CONFIG_PASSPHRASE_FILE",
    ],
    [
        "a backend that is not there",
        'error: unable to open state directory "file:///nowhere/x": stat /nowhere/x: no such file or directory\n',
        "the backend with the state does not open; check PULUMI_BACKEND_URL, or: pulumi login URL",
    ],
    [
        "anything else",
        "warning: something\nerror: the dog ate it\n",
        "the stack's state cannot be read: the dog ate it",
    ],
    ["nothing", "", "the stack's state cannot be read: pulumi said nothing"],
];

describe("why the state cannot be read", () => {
    for (const [name, stderr, text] of refusals) {
        test(name, () => assert.equal(refusalText(stderr), text));
    }
});
