/** Secrets and configs that the swarm lacks, or has and nothing asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject, ApiService, SwarmFacts } from "../../look/facts.ts";
import { objectDifferences, type WantedObject } from "../../look/objects.ts";

const object = (name: string, label: string, Index: number, stack = "dev"): ApiObject => ({
    ID: `id-of-${name}`,
    Version: { Index },
    Spec: { Name: name, Labels: { "swarm.stack": stack, "swarm.name": label } },
});

const using = (secret: string, stack: string): ApiService => ({
    ID: "s",
    Spec: {
        Name: "web",
        Labels: { "swarm.stack": stack },
        TaskTemplate: { ContainerSpec: { Image: "nginx", Secrets: [{ SecretID: `id-of-${secret}` }] } },
        Mode: { Replicated: { Replicas: 1 } },
    },
});

const db: WantedObject = { kind: "secret", configName: "db", name: "db-2" };
const motd: WantedObject = { kind: "config", configName: "motd", name: "motd-1" };

const rows: readonly (readonly [
    what: string,
    wanted: readonly WantedObject[],
    keep: number,
    facts: Partial<SwarmFacts>,
    texts: readonly string[],
])[] = [
    [
        "as it is to be; another stack's is its own business",
        [db, motd],
        0,
        {
            secrets: [object("db-2", "db", 5), object("db-1", "db", 1, "prod")],
            configs: [object("motd-1", "motd", 3)],
        },
        [],
    ],
    [
        "removed by hand",
        [db, motd],
        0,
        {},
        [
            "secret: the secret db (db-2) is not in the swarm",
            "config: the config motd (motd-1) is not in the swarm",
        ],
    ],
    [
        "another content, which one line says",
        [db],
        0,
        { secrets: [object("db-1", "db", 1)] },
        ["secret: the secret db is another one in the swarm than in the config"],
    ],
    [
        "former ones, but for the last",
        [db],
        1,
        { secrets: [object("db-0", "db", 1), object("db-1", "db", 2), object("db-2", "db", 3)] },
        ["unused: the secret db-0 is this stack's, and not in the config"],
    ],
    [
        "one that the config has no more, whatever is kept",
        [],
        5,
        { configs: [object("motd-1", "motd", 1)] },
        ["unused: the config motd-1 is this stack's, and not in the config"],
    ],
    [
        "one that somebody else's service uses cannot go",
        [],
        0,
        { secrets: [object("db-1", "db", 1)], services: [using("db-1", "prod")] },
        [],
    ],
    [
        "one that a service of the stack uses goes with the next change of that",
        [],
        0,
        { secrets: [object("db-1", "db", 1)], services: [using("db-1", "dev")] },
        ["unused: the secret db-1 is this stack's, and not in the config"],
    ],
];
for (const [what, wanted, keep, facts, texts] of rows) {
    test(what, () => {
        const all = { services: [], secrets: [], configs: [], ...facts } as unknown as SwarmFacts;
        const found = objectDifferences({ wanted, keep }, new Set(["dev"]), all, "config");
        assert.deepEqual(
            found.map(({ text, mendedBy }) => `${mendedBy?.kind}: ${text}`),
            texts,
        );
    });
}

test("the stack's own are those under a former name as well, and from before it had a mark", () => {
    const secrets = ["swarm-old-3f9a2c1b", "swarm-new", "swarm-new-0a1b2c3d", "swarm-old", "swarm"].map(
        (stack, index) => object(`s-${index}`, "s", index, stack),
    );
    const all = { services: [], secrets, configs: [] } as unknown as SwarmFacts;
    assert.deepEqual(
        objectDifferences({ wanted: [], keep: 0 }, new Set(["swarm-new-3f9a2c1b"]), all, "config").map(
            ({ text }) => text,
        ),
        // The newest first.
        [1, 0].map((index) => `the secret s-${index} is this stack's, and not in the config`),
    );
});
