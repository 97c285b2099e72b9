import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { userData } from "../../model/userData.ts";
import { UNKNOWN } from "../../policy/rule.ts";
import { noSecretsInUserData } from "../../policy/rules/noSecretsInUserData.ts";
import { secretsIn } from "../../policy/secrets.ts";
import { resource, stackTable, table, urn } from "./resources.ts";

const WHY =
    "whatever runs on the droplet, each container included, can ask the metadata service for it. Allowed: the droplet's own " +
    "host key as ssh_keys.ed25519_private, and nothing else that is secret";
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
const TOKEN = "SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c";

const own = (sshUser: string) =>
    userData({
        hostKeyPrivate: KEY,
        hostKeyPublic: "ssh-ed25519 AAAA",
        sshUser,
        deployKeyPublic: "ssh-ed25519 BBBB",
    });
const node = (text: unknown) => resource("droplet", "node1", { userData: text });
const holds = (kind: string) => `the user data of droplet "node1" holds ${kind}: ${WHY}`;
const withMore = (more: object) =>
    `#cloud-config\n${JSON.stringify({ ...JSON.parse(own("root").slice("#cloud-config\n".length)), ...more })}`;

describe("no-secrets-in-user-data", () => {
    table(noSecretsInUserData, [
        ["the program's own", node(own("root")), []],
        ["the program's own, with another user", node(own("ada")), []],
        ["unknown yet", node(UNKNOWN), []],
        ["none", node(undefined), []],
        [
            "a second key in a file",
            node(withMore({ write_files: [{ content: KEY }] })),
            [holds("a private key")],
        ],
        ["a second host key", node(withMore({ ssh_keys: { rsa_private: KEY } })), [holds("a private key")]],
        [
            "a join token",
            node(withMore({ runcmd: [`docker swarm join ${TOKEN}`] })),
            [holds("a join token of a swarm")],
        ],
        [
            "a key in YAML, which might be anywhere",
            node(`#cloud-config\nwrite_files:\n  - content: |\n      ${KEY}`),
            [holds("a private key")],
        ],
        [
            "a script with a token",
            node(`#!/bin/sh\nexport T=dop_v1_${"ab".repeat(32)}\n`),
            [holds("a token of DigitalOcean's API")],
        ],
        ["a script without", node("#!/bin/sh\necho hello\n"), []],
        ["JSON that is no object", node("null"), []],
    ]);
    const from = (...sources: readonly ReturnType<typeof resource>[]) =>
        resource("droplet", "node1", { userData: UNKNOWN }, { madeFrom: { userData: sources } });
    stackTable(noSecretsInUserData, [
        [
            "made from keys",
            [from(resource("privateKey", "node1-host"), resource("privateKey", "deploy"))],
            [],
        ],
        ["made from a plain output", [from(resource("remote", "roster"))], []],
        [
            "made from tokens",
            [from(resource("remote", "swarm", {}, { secretOutputs: ["stdout"] }))],
            [
                {
                    urn: urn("droplet", "node1"),
                    text: `the user data of droplet "node1" is made from "swarm", whose output is secret: ${WHY}`,
                },
            ],
        ],
    ]);
});

describe("what whoever runs Pulumi has in the environment", () => {
    test("is found, and named by its variable", () => {
        const environment = {
            DIGITALOCEAN_TOKEN: "correct horse",
            PULUMI_CONFIG_PASSPHRASE: "battery staple",
        };
        assert.deepEqual(secretsIn("x correct horse battery staple y", environment), [
            "the value of DIGITALOCEAN_TOKEN",
            "the value of PULUMI_CONFIG_PASSPHRASE",
        ]);
    });

    test("is left alone where it is so short that it may stand there by chance", () => {
        assert.deepEqual(secretsIn("sh -c lab", { PULUMI_CONFIG_PASSPHRASE: "lab" }), []);
    });
});
