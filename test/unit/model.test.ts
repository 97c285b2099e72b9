import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAnswer } from "../../model/answers.ts";
import { inbound } from "../../model/firewallRules.ts";
import { sameKey } from "../../model/ssh.ts";
import {
    carriesMarkOf,
    markIn,
    markOf,
    roleByTags,
    stackNames,
    stackReference,
} from "../../model/stackNames.ts";
import { userData } from "../../model/userData.ts";

for (const [project, stack, name] of [
    ["swarm", "dev", "swarm-dev-0a1b2c3d"],
    ["swarm", "team/prod.eu", "swarm-team-prod-eu-0a1b2c3d"],
    ["swarm", "a_b", "swarm-a-b-0a1b2c3d"],
] as const) {
    test(`names of ${project}/${stack}`, () => {
        assert.deepEqual(stackNames(project, stack, "0a1b2c3d"), {
            stack: name,
            tags: { all: name, manager: `${name}:manager`, worker: `${name}:worker` },
        });
    });
}

test("no name of one stack is one of another's, whatever the stacks are called, in whatever case", () => {
    const stacks = [
        "a-b",
        "a_b",
        "a.b",
        "Prod",
        "prod",
        "prod",
        "prod-worker",
        "prod-manager",
        "prod-0a1b2c3d",
    ];
    const all = stacks.flatMap((stack, index) => {
        const { stack: own, tags } = stackNames("swarm", stack, markOf(`ssh-ed25519 ${index}${stack}AAAA`));
        return [...new Set([own, ...Object.values(tags)])];
    });
    assert.equal(new Set(all.map((name) => name.toLowerCase())).size, 3 * stacks.length);
});

test("the mark is the key's, whatever its comment, and is found again in each name", () => {
    const mark = markOf("ssh-ed25519 AAAA ada@home\n");
    assert.match(mark, /^[0-9a-f]{8}$/);
    assert.equal(markOf("ssh-ed25519 AAAA"), mark);
    assert.notEqual(markOf("ssh-ed25519 AAAB"), mark);
    const names = stackNames("swarm", "dev-eu", mark);
    for (const name of [names.stack, ...Object.values(names.tags)])
        assert.deepEqual(markIn(name), { name: "swarm-dev-eu", mark });
    for (const name of ["swarm-dev", "swarm-dev-worker", "web", `${names.stack}-worker`, "0a1b2c3d"])
        assert.equal(markIn(name), undefined, name);
});

for (const [names, carries] of [
    [["swarm-dev-0a1b2c3d"], true],
    [["web", "Swarm-Dev-0A1B2C3D:worker"], true],
    [["swarm-former-0a1b2c3d"], true],
    [["swarm-dev-99999999"], false],
    [["swarm-dev", "0a1b2c3d"], false],
    [[], false],
] as const) {
    test(`${names.join(", ") || "nothing"} ${carries ? "carries" : "does not carry"} the mark of the stack`, () => {
        assert.equal(carriesMarkOf(stackNames("swarm", "dev", "0a1b2c3d"), names), carries);
    });
}

for (const [tags, role] of [
    [["swarm-dev-0a1b2c3d", "swarm-dev-0a1b2c3d:manager"], "manager"],
    [["web", "swarm-dev-0a1b2c3d:worker", "swarm-dev-0a1b2c3d"], "worker"],
    [["swarm-dev", "swarm-dev-manager"], "manager"],
    [["swarm-prod-manager", "swarm-prod-manager-worker"], "worker"],
    [["swarm-prod-manager"], undefined],
    [[], undefined],
] as const) {
    test(`the role that ${tags.join(", ") || "no tag"} says`, () => assert.equal(roleByTags(tags), role));
}

test("a stack is found by organization and project where there are any, and by its name where there are none", () => {
    assert.equal(stackReference("team", "swarm", "dev"), "team/swarm/dev");
    assert.equal(stackReference("organization", "swarm", "dev"), "dev");
});

test("a port that two protocols publish is opened for both, one that is published twice once, those in a row as a range", () => {
    const port = { target: 53, mode: "ingress" } as const;
    const rules = inbound({
        sshFrom: ["10.0.0.0/8"],
        nodeTag: "t",
        published: [
            { ...port, published: 53, protocol: "udp" },
            { ...port, published: 53, protocol: "tcp" },
            { ...port, published: 9, protocol: "tcp" },
            { ...port, published: 53, protocol: "tcp", target: 54 },
            ...[8001, 8003, 8002, 8000].map((published) => ({
                ...port,
                published,
                protocol: "tcp" as const,
            })),
            ...[8001, 8004].map((published) => ({ ...port, published, protocol: "udp" as const })),
        ],
        open: [
            { first: 9, last: 9, protocol: "tcp" },
            { first: 9, last: 9, protocol: "udp" },
            { first: 50, last: 60, protocol: "tcp" },
            { first: 8002, last: 8003, protocol: "tcp" },
        ],
    });
    assert.deepEqual(
        rules.slice(5).map(({ protocol, portRange }) => `${protocol} ${portRange}`),
        ["tcp 9", "tcp 53", "udp 53", "tcp 8000-8003", "udp 8001", "udp 8004", "udp 9", "tcp 50-60"],
    );
});

test("the nodes' own ports are open to the nodes alone, those of the control plane on workers as well", () => {
    assert.deepEqual(
        inbound({ sshFrom: ["198.51.100.7/32", "2001:db8::/48"], nodeTag: "t", published: [], open: [] }),
        [
            { protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.7/32", "2001:db8::/48"] },
            { protocol: "tcp", portRange: "2377", sourceTags: ["t"] },
            { protocol: "tcp", portRange: "7946", sourceTags: ["t"] },
            { protocol: "udp", portRange: "7946", sourceTags: ["t"] },
            { protocol: "udp", portRange: "4789", sourceTags: ["t"] },
        ],
    );
});

for (const [one, other, same] of [
    ["ssh-ed25519 AAAA ada", "ssh-ed25519 AAAA", true],
    [" ssh-ed25519  AAAA\n", "ssh-ed25519 AAAA another comment", true],
    ["ssh-ed25519 AAAA", "ssh-ed25519 AAAB", false],
    ["ssh-ed25519 AAAA", "ssh-rsa AAAA", false],
] as const) {
    test(`${JSON.stringify(one)} and ${JSON.stringify(other)} are ${same ? "one key" : "two keys"}`, () => {
        assert.equal(sameKey(one, other), same);
    });
}

test("user data for root: the host key and the sshd drop-in, and nothing else", () => {
    assert.equal(
        userData({
            hostKeyPrivate: "-----BEGIN-----\nabc\n-----END-----\n",
            hostKeyPublic: "ssh-ed25519 AAAA\n",
            sshUser: "root",
            deployKeyPublic: "ssh-ed25519 DEPLOY",
        }),
        `#cloud-config
{
  "ssh_deletekeys": true,
  "ssh_keys": {
    "ed25519_private": "-----BEGIN-----\\nabc\\n-----END-----\\n",
    "ed25519_public": "ssh-ed25519 AAAA"
  },
  "write_files": [
    {
      "path": "/etc/ssh/sshd_config.d/00-swarm.conf",
      "permissions": "0644",
      "content": "AcceptEnv PULUMI_COMMAND_*\\nPasswordAuthentication no\\nKbdInteractiveAuthentication no\\nHostKey /etc/ssh/ssh_host_ed25519_key\\nHostKeyAlgorithms ssh-ed25519\\nClientAliveInterval 15\\nClientAliveCountMax 4\\n"
    }
  ]
}
`,
    );
});

test("user data for another login makes it, with the deploy key", () => {
    const text = userData({
        hostKeyPrivate: "",
        hostKeyPublic: "",
        sshUser: "ops",
        deployKeyPublic: "ssh-ed25519 D\n",
    });
    assert.deepEqual(JSON.parse(text.slice("#cloud-config\n".length)).users, [
        "default",
        {
            name: "ops",
            groups: "docker",
            shell: "/bin/sh",
            sudo: "ALL=(ALL) NOPASSWD:ALL",
            ssh_authorized_keys: ["ssh-ed25519 D"],
        },
    ]);
});

const join = '{"script":"join","node":"node3","id":"abc1","docker":"26.1.5"}';

for (const [what, stdout] of [
    ["alone", `${join}\n`],
    ["after other lines", `a login message\n${join}\n`],
]) {
    test(`an answer ${what}`, () => {
        const answer = parseAnswer("join", { node: "node3", resource: "node3-join", stdout: `${stdout}` });
        assert.deepEqual(answer, JSON.parse(join));
    });
}

const hint =
    "Some images answer every command with a text until their first boot is over. " +
    "Once it runs commands: pulumi up --replace '**:Command::node3-join'";

for (const [what, stdout, came] of [
    ["a text of the image", "Please wait...\n", '"Please wait..."'],
    ["nothing", "", '""'],
    ["another node's answer", join.replace("node3", "node4"), JSON.stringify(join.replace("node3", "node4"))],
    [
        "another script's answer",
        join.replace("join", "roster"),
        JSON.stringify(join.replace("join", "roster")),
    ],
    ["an ID that is none", join.replace("abc1", "$(id)"), JSON.stringify(join.replace("abc1", "$(id)"))],
    ["a long text, cut", "x".repeat(500), JSON.stringify("x".repeat(200))],
] as const) {
    test(`no answer: ${what}`, () => {
        assert.throws(() => parseAnswer("join", { node: "node3", resource: "node3-join", stdout }), {
            message: `node3: asked to run "join", it answered ${came}. ${hint}`,
        });
    });
}

for (const [text, recovered] of [
    ['{"script":"recover","node":"node2","cluster":"c","recovered":true}', true],
    ['{"script":"recover","node":"node2","cluster":"c","recovered":"yes"}', undefined],
    ['{"script":"recover","node":"node2","cluster":"","recovered":false}', undefined],
] as const) {
    test(`a recovery's answer: ${text}`, () => {
        const parse = () => parseAnswer("recover", { node: "node2", resource: "recover", stdout: text });
        if (recovered === undefined)
            assert.throws(parse, /^Error: node2: asked to run "recover", it answered /);
        else assert.equal(parse().recovered, recovered);
    });
}

test("no answer where it could hold tokens: not quoted", () => {
    assert.throws(
        () => parseAnswer("swarm", { node: "node1", resource: "swarm", stdout: "SWMTKN-1-x", secret: true }),
        (error: Error) =>
            !error.message.includes("SWMTKN") && error.message.includes("it answered something else."),
    );
});

describe("the answer of the swarm", () => {
    const known = {
        script: "swarm",
        node: "node1",
        cluster: "c1",
        ca: "",
        managers: "10.0.0.2",
        workerToken: "SWMTKN-1-w",
        managerToken: "SWMTKN-1-m",
    };
    const parse = (more: Record<string, string>) =>
        parseAnswer("swarm", {
            node: "node1",
            resource: "swarm",
            stdout: JSON.stringify({ ...known, ...more }),
            secret: true,
        });

    test("of before there were keys and rotations is read as one without", () => {
        assert.deepEqual(parse({}), { ...known, rotation: "0", unlockKey: "", formerUnlockKey: "" });
    });

    test("has keys only in the form of keys; one that is refused is not shown", () => {
        assert.equal(parse({ unlockKey: "SWMKEY-1-abc" }).unlockKey, "SWMKEY-1-abc");
        assert.throws(
            () => parse({ unlockKey: "hush" }),
            /^Error: node1: asked to run "swarm", it answered something else\. /,
        );
    });
});
