/** The search: through all that a run leaves behind, prints or shows, also where scripts fail. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { root } from "../../../lab/instance.ts";
import { api } from "../support/cloud.ts";
import { type Guarded, tokenIn } from "../support/guarded.ts";
import { searched } from "../support/secrets.ts";
import { instance } from "../support/stack.ts";

/** Leaves the cluster as it is. */
export function walkTests(guarded: Guarded): void {
    test("exported state, what was printed, the API's requests, the lab's log, the stack's config hold none", async () => {
        const all = await guarded.secrets();
        const count = (wanted: string) => all.filter(({ kind }) => kind === wanted).length;
        // The deploy key and a host key a node; two join tokens.
        assert.deepEqual([count("a private key"), count("a join token")], [5, 2]);
        const { stack, now } = guarded;
        const requests = JSON.stringify((await api("GET", "/lab/requests")).body);
        for (const [what, text, there] of [
            ["the exported state", await stack.export(), now.clusterId],
            ["what was printed", stack.log.join("\n"), now.clusterId],
            ["the requests", requests, "user_data"],
            ["the lab's log", readFileSync(instance.log, "utf8"), `droplet ${guarded.droplet("w1")} (w1)`],
            [
                "the stack's config",
                readFileSync(path.join(root, `Pulumi.${stack.name}.yaml`), "utf8"),
                /PASSWORD:\s+secure: v1:/,
            ],
        ] as const) {
            await guarded.clean(what, text, there, all);
        }
    });

    test("the engine's own logs hold none that could be read", async () => {
        const all = await guarded.secrets();
        const folder = path.join(instance.pulumiHome, "logs");
        let encrypted = 0;
        for (const name of readdirSync(folder)) {
            const content = readFileSync(path.join(folder, name));
            // Those of a stack's operations are encrypted with the stack's passphrase.
            if (content.subarray(0, 4).toString() === "PLOG") {
                encrypted += 1;
                await guarded.clean(name, content.toString("latin1"), /v1:\S{20}/, all);
            } else {
                const plain = content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content;
                await guarded.clean(name, plain.toString(), "CLI Metadata", all);
            }
        }
        assert.ok(encrypted > 0, `there is no log of an operation in ${folder}`);
    });

    test("process lists show a node's own join token while it joins, and nothing else", async () => {
        const all = await guarded.secrets();
        const state = await guarded.stack.export(true);
        for (const { name, role } of guarded.now.nodes) {
            const commands = guarded.samples.commands.get(name) ?? [];
            const joins = commands.filter((words) =>
                /^(timeout \d+ )?docker swarm join --token /.test(words.join(" ")),
            );
            for (const words of commands) {
                const own = joins.includes(words) ? tokenIn(state, role) : "";
                const rest = words.map((word) => (word === own ? "" : word)).join("\0");
                assert.deepEqual(searched(rest, all), [], `${name}: ${words[0]} ${words[1]}`);
            }
            assert.equal(joins.length > 0, name !== "m1", `${name}: ${joins.length} joins`);
        }
        // The service's password has come to the swarm all the same.
        assert.match(
            await guarded.on(
                "m1",
                "docker service inspect nginx --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}'",
            ),
            new RegExp(`PASSWORD=${guarded.password} TOKEN=${guarded.values.variable}`),
        );
        const mounted =
            "docker exec $(docker ps -q --filter name=nginx | head -n 1) cat /run/secrets/file /motd";
        assert.equal(await guarded.on("w1", mounted), `${guarded.values.file}hello`);
        // Names of secrets are seen by many, and give nothing away.
        assert.match(await guarded.on("m1", "docker secret ls --format '{{.Name}}'"), /^file-[0-9a-f]{12}$/);
    });

    /** A docker that does not answer as it should, put in front of the node's own for as long as an up takes. */
    async function failing(name: string, answer: string, config: Record<string, unknown>): Promise<string> {
        const fake = `#!/bin/sh\ncase "$1 $2" in ${answer} ;; esac\nexec /usr/bin/docker "$@"`;
        await guarded.on(
            name,
            `printf '%s\\n' '${fake}' >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker`,
        );
        guarded.stack.set(config);
        const ran = await guarded.stack.up();
        await guarded.on(name, "rm /usr/local/bin/docker");
        assert.notEqual(ran.status, 0, ran.text);
        return ran.text;
    }
    const old = '"version "*) echo 1.11.2; exit';

    for (const { script, node, answer, config, says } of [
        {
            script: "swarm",
            node: "m1",
            answer: old,
            config: { minDockerVersion: "20.10.25" },
            says: /m1: its Docker is 1\.11\.2, older/,
        },
        {
            script: "join",
            node: "w1",
            answer: old,
            config: { minDockerVersion: "20.10.25" },
            says: /w1: its Docker is 1\.11\.2, older/,
        },
        {
            script: "recover",
            node: "m2",
            answer: old,
            config: { recoverFrom: "m2" },
            says: /m2: its Docker is 1\.11\.2, older/,
        },
        {
            script: "roster",
            node: "m1",
            answer: '"node update") echo "no such thing" >&2; exit 1',
            config: { recoverFrom: "", managerAvailability: "active" },
            says: /m1: docker node update .*: no such thing/,
        },
        {
            script: "service",
            node: "m1",
            answer: '"system dial-stdio") echo "no such thing" >&2; exit 1',
            config: { managerAvailability: "auto" },
            says: /service nginx: no such thing/,
        },
    ]) {
        test(`the error of a failing ${script} shows none`, async () => {
            if (script === "service") {
                await guarded.stack.pulumi(["config", "set", "--path", "swarm:services.nginx.replicas", "3"]);
            }
            await guarded.clean(`the error of ${script}`, await failing(node, answer, config), says);
            if (script === "service") {
                await guarded.stack.pulumi(["config", "set", "--path", "swarm:services.nginx.replicas", "2"]);
            }
        });
    }

    test("what docs/security.md warns of is so: a verbose log of the engine shows secrets", async () => {
        const had = guarded.stack.log.length;
        const { text } = await guarded.stack.pulumi(["preview", "--logtostderr", "-v=9"]);
        guarded.stack.log.length = had;
        assert.ok(searched(text, await guarded.secrets()).includes("a private key"));
    });
}
