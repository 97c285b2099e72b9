import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import ssh2 from "ssh2";
import { isSecret, type Props, unwrapProps } from "../../lab/plugins/protocol/values.ts";
import { keyOutputs } from "../../lab/plugins/tls/privateKey.ts";
import { makeProvider } from "../../lab/plugins/tls/provider.ts";
import { type PluginClient, startPluginClient } from "./pluginClient.ts";

const TYPE = "tls:index/privateKey:PrivateKey";

interface Vector {
    pem: string;
    openssh: string;
    public: string;
    md5: string;
    sha256: string;
}

/** Keys made by OpenSSH 9.2's ssh-keygen, each with all that ssh-keygen says of it. They open nothing. */
const vectors = JSON.parse(readFileSync(new URL("keyVectors.json", import.meta.url), "utf8")) as Record<
    string,
    Vector
>;

describe("forms of a key, against ssh-keygen's", () => {
    assert.deepEqual(Object.keys(vectors), ["ED25519", "ECDSA P256", "ECDSA P384", "ECDSA P521", "RSA"]);
    for (const [name, vector] of Object.entries(vectors)) {
        test(name, () => {
            const outputs = unwrapProps(keyOutputs(createPrivateKey(vector.pem)));
            assert.equal(outputs.privateKeyPem, vector.pem);
            assert.equal(outputs.publicKeyOpenssh, vector.public);
            assert.equal(outputs.publicKeyFingerprintMd5, vector.md5);
            assert.equal(outputs.publicKeyFingerprintSha256, vector.sha256);
            const own = opensshBody(String(outputs.privateKeyOpenssh));
            const theirs = opensshBody(vector.openssh);
            assert.deepEqual(own.fixed, theirs.fixed);
            assert.deepEqual(own.check.subarray(0, 4), own.check.subarray(4));
        });
    }

    test("another writer's newlines are none of the key's: each form ends in exactly one", () => {
        const outputs = unwrapProps(keyOutputs(createPrivateKey(vectors.ED25519?.pem ?? "")));
        for (const [name, value] of Object.entries(outputs).filter(([, text]) =>
            String(text).includes("\n"),
        )) {
            assert.match(String(value), /[^\n]\n$/, name);
        }
    });
});

describe("tls.PrivateKey", () => {
    let plugin: PluginClient;
    before(async () => {
        plugin = await startPluginClient(makeProvider());
    });
    after(() => plugin.close());

    const create = async (properties: Props, preview = false) => {
        const answer = await plugin.call({ method: "Create", type: TYPE, properties, preview });
        assert.ok("response" in answer, JSON.stringify(answer));
        return answer.response as { id?: string; properties: Props };
    };

    const KINDS: [inputs: Props, sshType: string, pem: RegExp][] = [
        [{ algorithm: "ED25519" }, "ssh-ed25519", /^-----BEGIN PRIVATE KEY-----/],
        [
            { algorithm: "ECDSA", ecdsaCurve: "P256" },
            "ecdsa-sha2-nistp256",
            /^-----BEGIN EC PRIVATE KEY-----/,
        ],
        [
            { algorithm: "ECDSA", ecdsaCurve: "P384" },
            "ecdsa-sha2-nistp384",
            /^-----BEGIN EC PRIVATE KEY-----/,
        ],
        [
            { algorithm: "ECDSA", ecdsaCurve: "P521" },
            "ecdsa-sha2-nistp521",
            /^-----BEGIN EC PRIVATE KEY-----/,
        ],
        [{ algorithm: "RSA", rsaBits: 1024 }, "ssh-rsa", /^-----BEGIN RSA PRIVATE KEY-----/],
    ];
    for (const [inputs, sshType, pem] of KINDS) {
        test(`${JSON.stringify(inputs)}: ssh2 signs with the OpenSSH form what the public form proves`, async () => {
            const { id, properties } = await create(inputs);
            assert.match(String(id), /^[0-9a-f]{40}$/);
            for (const name of ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"]) {
                assert.ok(isSecret(properties[name]), `${name} is secret`);
            }
            const plain = unwrapProps(properties);
            assert.match(String(plain.privateKeyPem), pem);
            assert.match(String(plain.privateKeyPemPkcs8), /^-----BEGIN PRIVATE KEY-----/);
            assert.match(String(plain.publicKeyPem), /^-----BEGIN PUBLIC KEY-----/);
            assert.ok(String(plain.publicKeyOpenssh).startsWith(`${sshType} `));
            const key = ssh2.utils.parseKey(String(plain.privateKeyOpenssh));
            const publicKey = ssh2.utils.parseKey(String(plain.publicKeyOpenssh));
            assert.ok(!(key instanceof Error) && !(publicKey instanceof Error));
            const signature = key.sign("message");
            assert.ok(publicKey.verify("message", signature) === true);
            assert.ok(publicKey.verify("another message", signature) !== true);
        });
    }

    test("P224 has no SSH forms", async () => {
        const { properties } = await create({ algorithm: "ECDSA" });
        const plain = unwrapProps(properties);
        assert.deepEqual(
            [
                plain.ecdsaCurve,
                plain.privateKeyOpenssh,
                plain.publicKeyOpenssh,
                plain.publicKeyFingerprintMd5,
            ],
            ["P224", "", "", ""],
        );
        assert.match(String(plain.privateKeyPem), /^-----BEGIN EC PRIVATE KEY-----/);
    });

    test("a preview makes no key, and knows its secrets to be secret", async () => {
        const { properties } = await create({ algorithm: "ED25519" }, true);
        assert.ok(isSecret(properties.privateKeyOpenssh));
        assert.deepEqual(unwrapProps(properties).publicKeyOpenssh, "04da6b54-80e4-46f7-96ec-b56ff0331ba9");
        assert.equal(properties.rsaBits, 2048);
    });

    test("two keys differ", async () => {
        const [one, two] = [await create({ algorithm: "ED25519" }), await create({ algorithm: "ED25519" })];
        assert.notEqual(one.properties.publicKeyOpenssh, two.properties.publicKeyOpenssh);
    });

    const FAILURES: [inputs: Props, failures: string[]][] = [
        [{ algorithm: "DSA" }, ['algorithm: got "DSA", allowed are RSA, ECDSA, ED25519']],
        [{}, ["algorithm: got null, allowed are RSA, ECDSA, ED25519"]],
        [
            { algorithm: "ECDSA", ecdsaCurve: "P-256" },
            ['ecdsaCurve: got "P-256", allowed are P224, P256, P384, P521'],
        ],
        [
            { algorithm: "RSA", rsaBits: 512 },
            ["rsaBits: got 512, allowed are whole numbers from 1024 to 16384"],
        ],
    ];
    for (const [news, failures] of FAILURES) {
        test(`${JSON.stringify(news)} is refused`, async () => {
            const answer = await plugin.call({ method: "Check", type: TYPE, news });
            assert.deepEqual(answer, { response: { inputs: news, failures } });
        });
    }

    test("any change replaces; a default that is written out is no change", async () => {
        const { id = "", properties: olds } = await create({ algorithm: "ED25519" });
        const diff = async (news: Props) => plugin.call({ method: "Diff", type: TYPE, id, olds, news });
        assert.deepEqual(await diff({ algorithm: "ED25519", rsaBits: 2048 }), {
            response: {
                changes: "DIFF_NONE",
                hasDetailedDiff: true,
                stables: ["algorithm", "ecdsaCurve", "rsaBits"],
            },
        });
        assert.deepEqual(await diff({ algorithm: "ED25519", ecdsaCurve: "P256" }), {
            response: {
                changes: "DIFF_SOME",
                diffs: ["ecdsaCurve"],
                replaces: ["ecdsaCurve"],
                detailedDiff: { ecdsaCurve: { kind: "UPDATE_REPLACE" } },
                hasDetailedDiff: true,
                stables: ["algorithm", "rsaBits"],
            },
        });
    });
});

/** The bytes of an OpenSSH private key, apart from its two random check numbers. */
function opensshBody(text: string): { fixed: Buffer[]; check: Buffer } {
    const bytes = Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64");
    // Magic, cipher "none", derivation "none", no options, one key, then the public key as a string.
    const publicLength = bytes.readUInt32BE(39);
    const check = 39 + 4 + publicLength + 4;
    return {
        fixed: [bytes.subarray(0, check), bytes.subarray(check + 8)],
        check: bytes.subarray(check, check + 8),
    };
}
