/** swarm:secrets, swarm:configs and swarm:registries: what is taken, what is refused, and the names in the swarm. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { configName, objectName } from "../../model/contents.ts";
import { engineSpec } from "../../model/engineSpec.ts";
import { heldBy, heldObjects, settingsWarnings, shownOf } from "../../model/held.ts";
import { registryAuth, registryOf } from "../../model/registries.ts";

const KEY = "the deploy key";
const files: Readonly<Record<string, Buffer>> = {
    "motd.txt": Buffer.from("hello\n"),
    "key.der": Buffer.from([0, 255, 1]),
    empty: Buffer.alloc(0),
    large: Buffer.alloc(512_000, "x"),
};

function readFile(path: string): Buffer {
    if (path === "folder") throw Object.assign(new Error("x"), { code: "EISDIR" });
    return files[path] ?? assert.fail(Object.assign(new Error("x"), { code: "ENOENT" }));
}

function parse(config: Record<string, unknown>, encrypted: readonly string[] = ["secrets"]) {
    return parseSettings({ sshFrom: ["203.0.113.7/32"], ...config }, encrypted, readFile);
}

function settings(config: Record<string, unknown>) {
    const parsed = parse(config);
    return "settings" in parsed ? parsed.settings : assert.fail(parsed.problems.join("\n"));
}

const NAME =
    'letters, digits and inner ".", "_" and "-", at most 51 characters: Docker takes 64, of which 13 are for a hash of the content';
const CONTENT = "a text, or { file: PATH } with a path from the project's folder, of 1 to 511999 bytes";
const REF = "{ secret: NAME }, the name of a secret in swarm:secrets";
const HOST =
    "a map from hosts of registries to { username, password }; a host is the host of a registry, with a port if need be, " +
    'as it stands in front of an image\'s name: "registry.example.com", "registry.example.com:5000", or "docker.io"';
const SET = "pulumi config set --secret --path swarm:secrets";
const LONG = "n".repeat(52);
const web = (options: object) => ({ services: { web: { image: "nginx", ...options } } });
const login = { username: "ada", password: { secret: "token" } };

describe("is refused with", () => {
    const rows: readonly (readonly [config: Record<string, unknown>, problem: string])[] = [
        [
            { ...web({ env: { A: { secret: "b" } } }), secrets: { a: "x" } },
            `swarm:services.web.env.A: "b": is a secret that nothing defines; allowed: the name of a secret in swarm:secrets (a); to make this one: ${SET}.b`,
        ],
        [
            web({ secrets: ["b"] }),
            `swarm:services.web.secrets[0]: "b": is a secret that nothing defines; allowed: the name of a secret in swarm:secrets, which has none; to make this one: ${SET}.b`,
        ],
        [
            { ...web({ configs: [{ source: "b", target: "/b" }] }), configs: { a: "x", c: "y" } },
            'swarm:services.web.configs[0]: "b": is a config that nothing defines; allowed: the name of a config in swarm:configs (a or c); to make this one: pulumi config set --path swarm:configs.b',
        ],
        [
            { registries: { "registry.example.com": login } },
            `swarm:registries["registry.example.com"].password: "token": is a secret that nothing defines; allowed: the name of a secret in swarm:secrets, which has none; to make this one: ${SET}.token`,
        ],
        [
            { registries: { "registry.example.com": { username: "ada" } } },
            `swarm:registries["registry.example.com"].password: not set; allowed: ${REF}`,
        ],
        [
            { registries: { "registry.example.com": { password: { secret: "t" } } }, secrets: { t: "x" } },
            `swarm:registries["registry.example.com"].username: not set; allowed: a user's name in clear, or ${REF}`,
        ],
        [
            { registries: { "registry.example.com": {} } },
            [
                `swarm:registries["registry.example.com"].username: not set; allowed: a user's name in clear, or ${REF}`,
                `swarm:registries["registry.example.com"].password: not set; allowed: ${REF}`,
            ].join("\n"),
        ],
        [
            { registries: { "https://registry.example.com": 1 } },
            `swarm:registries: {"https://registry.example.com":1}: "https://registry.example.com" cannot be a name; allowed: ${HOST}`,
        ],
        [
            { registries: { "index.docker.io": 1 } },
            `swarm:registries: {"index.docker.io":1}: "index.docker.io" cannot be a name; allowed: ${HOST}`,
        ],
        [
            { configs: { motd: { file: "nowhere" } } },
            `swarm:configs.motd: {"file":"nowhere"}; allowed: ${CONTENT}; "nowhere": there is no such file`,
        ],
        [
            { secrets: { motd: { file: "folder" } } },
            `swarm:secrets.motd: [secret]; allowed: ${CONTENT}; "folder": it is a folder`,
        ],
        [
            { secrets: { a: { file: "empty" } } },
            `swarm:secrets.a: [secret]; allowed: ${CONTENT}; it is empty`,
        ],
        [{ secrets: { a: "" } }, `swarm:secrets.a: [secret]; allowed: ${CONTENT}; it is empty`],
        [
            { configs: { a: { file: "large" } } },
            `swarm:configs.a: {"file":"large"}; allowed: ${CONTENT}; it has 512000 bytes`,
        ],
        [
            { configs: { a: { file: "motd.txt", keep: 2 } } },
            `swarm:configs.a: {"file":"motd.txt","keep":2}; allowed: ${CONTENT}`,
        ],
        [{ secrets: { a: ["x"] } }, `swarm:secrets.a: [secret]; allowed: ${CONTENT}`],
        [
            { configs: '{"a":1056789012345678901}' },
            `swarm:configs.a: 1056789012345678901; allowed: ${CONTENT}; write it in quotes, since it may not arrive as it was written`,
        ],
        [
            { secrets: { [LONG]: "x" } },
            `swarm:secrets: "${LONG}": is not the name of a secret; allowed: ${NAME}`,
        ],
        [{ configs: { "a b": "x" } }, `swarm:configs: "a b": is not the name of a config; allowed: ${NAME}`],
        [
            { ...web({ env: { A: { secret: "der" } } }), secrets: { der: { file: "key.der" } } },
            'swarm:services.web.env.A: "der": is no text; allowed: a secret that is text, in UTF-8 and without NUL; any other can be one of secrets',
        ],
        [
            { ...web({ env: { A: { secret: "a", or: 1 } } }), secrets: { a: "x" } },
            'swarm:services.web.env.A: {"secret":"a","or":1}; allowed: any text without NUL, or { secret: NAME }',
        ],
        [
            { ...web({ secrets: ["a", { source: "b", target: "a" }] }), secrets: { a: "x", b: "y" } },
            'swarm:services.web.secrets: "a": is the target of two secrets; allowed: each target once',
        ],
        [
            { ...web({ configs: [{ source: "a", target: "etc/a" }] }), configs: { a: "x" } },
            'swarm:services.web.configs[0].target: "etc/a"; allowed: an absolute path',
        ],
        [
            { ...web({ secrets: [{ source: "a", mode: "rw" }] }), secrets: { a: "x" } },
            'swarm:services.web.secrets[0].mode: "rw"; allowed: permissions in octal and in quotes, such as "0400"',
        ],
        [{ keep: -1 }, "swarm:keep: -1; allowed: a whole number from 0 to 100"],
    ];
    for (const [config, problem] of rows) {
        test(problem, () => {
            const parsed = parse(config);
            assert.deepEqual("problems" in parsed && parsed.problems, problem.split("\n"));
        });
    }

    test("a secret that the config has in clear: its value is not shown", () => {
        const parsed = parse({ secrets: { a: "hush", b: { file: "motd.txt" } } }, []);
        assert.deepEqual("problems" in parsed && parsed.problems, [
            `swarm:secrets.a: [secret]; allowed: a value that the config keeps encrypted: ${SET}.a`,
        ]);
    });

    test("a config that is encrypted: its value is not shown", () => {
        const parsed = parse({ configs: { a: ["hush"] } }, ["configs"]);
        assert.deepEqual("problems" in parsed && parsed.problems, [
            `swarm:configs.a: [secret]; allowed: ${CONTENT}`,
        ]);
    });
});

const all = {
    secrets: { db: "hush", key: { file: "key.der" }, token: "abc" },
    configs: { motd: { file: "motd.txt" } },
    registries: { "registry.example.com": login },
    ...web({
        image: "registry.example.com/web",
        env: { A: "1", B: { secret: "db" } },
        secrets: ["db", { source: "key", target: "/etc/key", uid: 1000, gid: "1000", mode: "0400" }],
        configs: ["motd"],
        spec: { TaskTemplate: { ContainerSpec: { Secrets: [{ SecretName: "by-hand" }] } } },
    }),
};
const nameOf = (kind: "secret" | "config", name: string, content: Buffer | string) =>
    objectName(kind, name, Buffer.from(content), KEY);

test("the spec has names with the hash, a variable its value, and what the spec's own has behind", () => {
    const all_ = settings(all);
    const [service] = all_.services;
    assert.ok(service);
    const { TaskTemplate } = engineSpec(service, heldBy(all_, KEY)) as never as {
        TaskTemplate: { ContainerSpec: Record<string, unknown> };
    };
    const { Env, Secrets, Configs } = TaskTemplate.ContainerSpec;
    const entry = (kind: "Secret" | "Config", name: string, File?: object) => ({
        [`${kind}Name`]: name,
        ...(File && { File }),
        [`${kind}ID`]: name,
    });
    const usual = { UID: "0", GID: "0", Mode: 0o444 };
    assert.deepEqual(Env, ["A=1", "B=hush"]);
    assert.deepEqual(Secrets, [
        entry("Secret", nameOf("secret", "db", "hush"), { Name: "db", ...usual }),
        entry("Secret", nameOf("secret", "key", files["key.der"] ?? ""), {
            Name: "/etc/key",
            UID: "1000",
            GID: "1000",
            Mode: 0o400,
        }),
        entry("Secret", "by-hand"),
    ]);
    assert.deepEqual(Configs, [
        entry("Config", nameOf("config", "motd", "hello\n"), { Name: "/motd", ...usual }),
    ]);
    const shown = JSON.stringify(engineSpec(service, shownOf(all_, KEY)));
    assert.ok(shown.includes(`"B=[secret ${nameOf("secret", "db", "hush")}]"`), shown);
    assert.ok(!shown.includes("hush"));
});

test("the swarm is to have those that services use as files, each once", () => {
    const both = { ...all, services: { a: all.services.web, b: all.services.web } };
    const made = settings(both);
    assert.deepEqual(
        heldObjects(made.services, made, KEY).map(({ kind, configName, content }) => [
            kind,
            configName,
            content.toString("latin1"),
        ]),
        [
            ["secret", "db", "hush"],
            ["secret", "key", "\0ÿ\u0001"],
            ["config", "motd", "hello\n"],
        ],
    );
});

test("a name is the config's with a hash of 12 digits, another one by content, kind, name and key", () => {
    const name = nameOf("secret", "db", "hush");
    assert.match(name, /^db-[0-9a-f]{12}$/);
    assert.equal(configName(name), "db");
    assert.equal(configName("db"), "db");
    assert.equal(nameOf("secret", "n".repeat(51), "x").length, 64);
    const others = [
        nameOf("secret", "db", "hush2"),
        nameOf("config", "db", "hush"),
        nameOf("secret", "d", "hush"),
        objectName("secret", "db", Buffer.from("hush"), "another key"),
    ];
    const hash = (text: string) => text.slice(-12);
    assert.equal(new Set([name, ...others].map(hash)).size, 5);
});

describe("the registry of an image", () => {
    for (const [image, host] of [
        ["nginx", "docker.io"],
        ["team/app:1", "docker.io"],
        ["docker.io/library/nginx", "docker.io"],
        ["index.docker.io/library/nginx", "docker.io"],
        ["registry.example.com/a/b:1", "registry.example.com"],
        ["registry:5000/a", "registry:5000"],
        ["localhost/a", "localhost"],
    ] as const) {
        test(`${image}: ${host}`, () => assert.equal(registryOf(image), host));
    }
});

test("a login is what the Engine's API takes, for its registry alone", () => {
    const { registries, secrets } = settings({
        ...all,
        registries: {
            "registry.example.com": login,
            "docker.io": { username: { secret: "db" }, password: { secret: "token" } },
        },
    });
    const decoded = (image: string) => {
        const auth = registryAuth(image, registries, secrets);
        return auth && JSON.parse(Buffer.from(auth, "base64url").toString());
    };
    assert.deepEqual(decoded("registry.example.com/web"), {
        username: "ada",
        password: "abc",
        serveraddress: "registry.example.com",
    });
    assert.deepEqual(decoded("nginx"), {
        username: "hush",
        password: "abc",
        serveraddress: "https://index.docker.io/v1/",
    });
    assert.equal(decoded("other.example.com/web"), undefined);
});

test("a login is padded whatever its length, in the alphabet for URLs: else the daemon takes it for none", () => {
    for (const password of ["a", "ab", "abc", "~~~???>>>"]) {
        const secrets = { token: Buffer.from(password) };
        const auth = `${registryAuth("r.io/a", { "r.io": login }, secrets)}`;
        assert.match(auth, /^[A-Za-z0-9_-]+={0,2}$/);
        assert.equal(auth.length % 4, 0, auth);
    }
});

test("services that are secret as a whole are taken, with a hint", () => {
    assert.equal(settingsWarnings({ secretKeys: ["services"] }).length, 1);
    assert.match(settingsWarnings({ secretKeys: ["services"] }).join(), /swarm:secrets\.NAME with --secret/);
    assert.deepEqual(settingsWarnings({ secretKeys: ["secrets"] }), []);
});
