/**
 * The policy pack with the real program and the real engine: what is in order passes; what breaks a rule is named in the
 * preview, with the rule, and stops it or only warns, as the policy config has it. Most of it are previews.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { root } from "../../lab/instance.ts";
import { rules } from "../../policy/rules/index.ts";
import { type Change, changedProgram } from "./support/changedProgram.ts";
import { api, droplets, limitDroplets } from "./support/cloud.ts";
import { instance, LabStack, type Ran } from "./support/stack.ts";

const config = {
    managers: "m1",
    workers: "",
    // This machine has an address in the droplets' public range.
    sshFrom: [instance.publicCidr],
    vpcIpRange: "10.126.0.0/24",
    services: { nginx: { image: "nginx", replicas: 1, ports: ["80:80"] } },
};
const world = { ...config, sshFrom: ["0.0.0.0/0", "::/0"] };

/** Pulumi.dev.yaml's own config, but for the range of its VPC, of which the lab may have another. */
const dev = {
    ...Object.fromEntries(
        Object.entries(parse(readFileSync(path.join(root, "Pulumi.dev.yaml"), "utf8")).config).map(
            ([key, value]) => [key.replace("swarm:", ""), value],
        ),
    ),
    vpcIpRange: config.vpcIpRange,
};

describe("the policy pack", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "swarm-policy-"));
    let stack: LabStack;
    before(async () => {
        stack = await LabStack.make("policy", dev);
    });
    after(async () => {
        await limitDroplets();
        await stack.remove();
        rmSync(folder, { recursive: true, force: true });
    });

    /** Options that have the pack run; `settings` is the policy config, of the shipped ones by its name. */
    function pack(settings?: Record<string, unknown> | "dev"): string[] {
        const own = path.join(folder, "policy.json");
        const file = settings === "dev" ? path.join(root, "policy/config/dev.json") : own;
        if (typeof settings === "object") writeFileSync(own, JSON.stringify(settings));
        return [
            "--policy-pack",
            path.join(root, "policy"),
            ...(settings ? ["--policy-pack-config", file] : []),
        ];
    }

    const preview = (settings?: Record<string, unknown> | "dev", more: readonly string[] = []) =>
        stack.pulumi(["preview", ...pack(settings), ...more]);

    test("passes the config of Pulumi.dev.yaml, with the policy config that goes with it", async () => {
        passes(await preview("dev"));
    });

    test("passes three managers and two workers, with port 22 for an office", async () => {
        stack.configure({ ...config, managers: "m[1:3]", workers: "w[1:2]" });
        passes(await preview());
    });

    test("stops a first preview in which a host key is not pinned and a text is made from a key", async () => {
        stack.configure(config);
        breaks(await changed(unpinned, keyInText), {
            "host-keys-pinned":
                /the connection of command "roster" to m1 is not made from its host key \(m1-host\)/,
            "no-secrets-in-commands": /"create" of command "roster" is made from "deploy", a private key: /,
        });
    });

    test("passes an up, and the next one, which changes nothing", async () => {
        passes(await stack.pulumi(["up", "--yes", "--skip-preview", ...pack()]));
        passes(await preview(undefined, ["--expect-no-changes"]));
    });

    test("stops commands that log in to just anybody, or say a token", async () => {
        breaks(await changed(unpinned, { ...keyInText, to: tokenInText }), {
            "host-keys-pinned": /the connection of command "roster" has no hostKey: /,
            "no-secrets-in-commands": /"create" of command "roster" holds a join token of a swarm: /,
        });
    });

    const ssh = /firewall "all" lets tcp 22 in from 0\.0\.0\.0\/0, ::\/0: that is everywhere/;

    test("stops an up at its preview, before anything is changed", async () => {
        stack.configure(world);
        const had = await firewall();
        breaks(await stack.pulumi(["up", "--yes", ...pack()]), { "ssh-not-from-everywhere": ssh });
        assert.deepEqual(await firewall(), had);
    });

    test("stops an up without a preview, before the firewall is changed", async () => {
        const had = await firewall();
        const ran = await stack.pulumi(["up", "--yes", "--skip-preview", ...pack()]);
        breaks(ran, { "ssh-not-from-everywhere": ssh });
        assert.deepEqual(await firewall(), had);
    });

    test("only warns where the policy config has the rule as advisory", async () => {
        const ran = await preview({ "ssh-not-from-everywhere": "advisory" });
        assert.equal(ran.status, 0, ran.text);
        assert.deepEqual(violations(ran), { "ssh-not-from-everywhere": "advisory" });
        assert.match(ran.text, ssh);
    });

    test("says nothing where the policy config switches the rule off, and of all where it says all", async () => {
        const ran = await preview({ all: "disabled" });
        passes(ran);
    });

    test("refuses a policy config with a wrong value, and names it", async () => {
        const ran = await preview({ "room-to-exchange-managers": { dropletLimit: "many" } });
        assert.notEqual(ran.status, 0, ran.text);
        assert.match(
            ran.text,
            /room-to-exchange-managers: dropletLimit: Invalid type\. Expected: integer, given: string/,
        );
    });

    test("stops an exchange of all managers where the account has no room for the new ones", async () => {
        stack.configure({ ...config, image: "18153999" });
        const has = (await droplets()).length;
        await limitDroplets(has);
        breaks(await preview(), {
            "room-to-exchange-managers": new RegExp(
                "the only manager \\(m1\\) is made anew: 1 droplet before any old one goes, and the account has " +
                    `${has === 1 ? "1 droplet" : `${has} droplets`} and may have ${has}, so the up would stop half-way`,
            ),
        });
        await limitDroplets(has + 1);
        passes(await preview());
        await limitDroplets();
    });

    test("goes by the limit in the policy config, where it has one", async () => {
        breaks(await preview({ "room-to-exchange-managers": { dropletLimit: 1 } }), {
            "room-to-exchange-managers":
                /which makes 2 of this stack at once, and dropletLimit in the policy config is 1/,
        });
    });

    test("stops whatever else breaks a rule, all of it in one preview", async () => {
        stack.configure({ ...config, managers: "m[1:2]", workers: "w1" });
        breaks(await changed(...mistakes), {
            "only-published-ports-open":
                /firewall "all" lets tcp 9000 in from 0\.0\.0\.0\/0, and no service publishes that: .* 80\/tcp;/,
            "swarm-ports-inside-only":
                /firewall "all" lets tcp 2377 in from 203\.0\.113\.0\/24, and in it 2377 /,
            "firewalls-by-tag": /firewall "all" is for dropletIds \[4711\]: /,
            "droplets-in-vpc": /droplet "m1" has vpcUuid nothing: /,
            "droplets-tagged":
                /droplet "w1" has tags \["web"\], and no firewall of the stack goes by one of them/,
            "no-secrets-in-user-data": /the user data of droplet "m1" holds a token of DigitalOcean's API: /,
            "odd-managers":
                /there are 2 managers \(m1, m2\): a majority of 2 is 2, so they bear the loss of 0/,
            "new-droplet-first": /droplet "m1" has the option deleteBeforeReplace true: /,
        });
    });

    test("has seen each of its rules broken", () => {
        assert.deepEqual([...seen].sort(), rules.map(({ name }) => name).sort());
    });

    test("lets a destroy go by", async () => {
        stack.configure(config);
        await stack.destroyOrThrow();
        assert.deepEqual(await droplets(), []);
    });

    async function changed(...changes: readonly Change[]): Promise<Ran> {
        const program = changedProgram(stack.name, changes);
        const ran = await stack.pulumi(["preview", ...pack(), "--cwd", program]);
        rmSync(program, { recursive: true });
        return ran;
    }

    /** What the cloud has of the stack's firewall. */
    async function firewall(): Promise<unknown> {
        const { body } = await api("GET", "/v2/firewalls?per_page=200");
        return (body as { firewalls: { name: string }[] }).firewalls.find(({ name }) =>
            name.startsWith(`swarm-${stack.name}-`),
        );
    }
});

/** Rules of which a violation was seen. */
const seen = new Set<string>();

/** Rules that a run names as broken, with the level. */
function violations({ text }: Ran): Record<string, string> {
    return Object.fromEntries(
        [...text.matchAll(/^ +- \[(mandatory|advisory)\] +(\S+) /gm)].map(([, level = "", name = ""]) => [
            name,
            level,
        ]),
    );
}

function passes(ran: Ran): void {
    assert.equal(ran.status, 0, ran.text);
    assert.deepEqual(violations(ran), {}, ran.text);
    assert.match(ran.text, /✅ swarm@v\d/, "the pack did not run");
}

/** That the run has failed by exactly these rules, each with its text. */
function breaks(ran: Ran, texts: Readonly<Record<string, RegExp>>): void {
    assert.notEqual(ran.status, 0, ran.text);
    const mandatory = Object.fromEntries(Object.keys(texts).map((name) => [name, "mandatory"]));
    assert.deepEqual(violations(ran), mandatory, ran.text);
    for (const [name, text] of Object.entries(texts)) {
        assert.match(ran.text, text, name);
        seen.add(name);
    }
}

const unpinned: Change = {
    file: "components/nodes.ts",
    from: "connection: { ...login, dialErrorLimit: 10, perDialTimeout: 15 }",
    to: "connection: { ...login, hostKey: undefined, dialErrorLimit: 10, perDialTimeout: 15 }",
};

const keyInText: Change = {
    file: "components/remote.ts",
    from: 'create: run("create"),',
    to: 'create: pulumi.concat(run("create"), " # ", (args.host.connection as any).privateKey),',
};

const tokenInText = 'create: run("create") + " # SWMTKN-1-49nj1cmql0jkz5s954yi3oex3",';

/** One for each rule that the program's config cannot break. */
const mistakes: readonly Change[] = [
    {
        file: "model/firewallRules.ts",
        from: '        { protocol: "tcp", portRange: "2377", ...fromNodes },',
        to:
            '        { protocol: "tcp", portRange: "2377", ...fromNodes },\n' +
            '        { protocol: "tcp", portRange: "2377", sourceAddresses: ["203.0.113.0/24"] },\n' +
            '        { protocol: "tcp", portRange: "9000", sourceAddresses: ["0.0.0.0/0"] },',
    },
    { file: "components/network.ts", from: "tags: [all],", to: "tags: [all], dropletIds: [4711]," },
    { file: "components/nodes.ts", from: "vpcUuid: args.network.vpcId,", to: "" },
    {
        file: "components/nodes.ts",
        from: "tags: args.network.tags[node.role],",
        to: 'tags: node.role === "worker" ? ["web"] : args.network.tags[node.role],',
    },
    { file: "components/nodes.ts", from: "deleteBeforeReplace: false,", to: "deleteBeforeReplace: true," },
    {
        file: "model/userData.ts",
        from: "ssh_deletekeys: true,",
        to: `ssh_deletekeys: true, runcmd: ["doctl auth init -t dop_v1_${"0123456789abcdef".repeat(4)}"],`,
    },
    { file: "model/nodes.ts", from: "MANAGER_COUNTS = [1, 3, 5, 7]", to: "MANAGER_COUNTS = [1, 2, 3, 5, 7]" },
];
