/** What is allowed in a service, and said in a preview all the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { serviceWarnings } from "../../model/serviceWarnings.ts";

function warnings(
    options: Record<string, unknown>,
    rest: Record<string, unknown> = {},
    secretKeys: string[] = [],
    changing?: ReadonlySet<string>,
) {
    const services = { web: { image: "nginx:1.29", ...options } };
    const result = parseSettings({ sshFrom: ["203.0.113.7/32"], ...rest, services }, secretKeys);
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    return serviceWarnings(result.settings, changing);
}

const PORT =
    "web: publishes 80/tcp without a healthcheck: unless its image has one, a task is sent connections from the moment that " +
    "its process is there";
const VOLUME =
    "web: is one replica with a volume, data, and starts the new task first: both write to it for a moment, or the new one " +
    "gets an empty one on another node";
const bind = (sources: string, count: number) =>
    `web: ${sources} to be on each of the ${count} nodes that can run it: where a bind's source is not, a task is rejected. A ` +
    "volume is made where it is missing";
const job = (condition: string) =>
    `web: is a job with restart.condition ${condition} and no maxAttempts: one that fails is started again for ever`;
const image = (text: string) =>
    `web: its image ${text}: what that means today is deployed once, and not again until the text changes; a version or a ` +
    "digest says what runs";
const mount = (source: string) => ({ mounts: [{ type: "bind", source, target: "/data" }] });
const volume = { mounts: ["source=data,target=/data"] };
const first = { update: { order: "start-first" } };

describe("a service is warned of", () => {
    const rows: readonly (readonly [Record<string, unknown>, ...string[]])[] = [
        [{}],
        [{ ports: ["80:80"] }, PORT],
        [{ ports: ["80:80"], healthcheck: { test: "true" } }],
        [{ ports: ["80:80"], healthcheck: { disable: true } }],
        [
            {
                ports: ["80:80"],
                spec: { TaskTemplate: { ContainerSpec: { Healthcheck: { Test: ["NONE"] } } } },
            },
        ],
        [{ ...volume, ...first }, VOLUME],
        [{ ...volume, ...first, replicas: 2 }],
        [volume],
        [{ mounts: ["target=/data"], ...first }],
        [mount("/srv/data"), bind("/srv/data has", 4)],
        [{ ...mount("/srv/data"), constraints: ["node.role==worker"] }, bind("/srv/data has", 3)],
        [{ ...mount("/srv/data"), constraints: ["node.hostname==node2"] }],
        ...[
            "/var/run/docker.sock",
            "/etc/localtime",
            "/proc",
            "/",
            "/var/lib/docker/volumes",
            "/etc/hostname",
        ].map((source): [Record<string, unknown>] => [mount(source)]),
        [mount("/etc/app"), bind("/etc/app has", 4)],
        [{ mode: "replicated-job" }],
        [{ mode: "replicated-job", restart: { condition: "on-failure" } }, job("on-failure")],
        [{ mode: "global-job", restart: { condition: "any" } }, job("any")],
        [{ mode: "global-job", restart: { condition: "any", maxAttempts: 3 } }],
        [{ image: "nginx" }, image("nginx goes by no tag, which is latest")],
        [
            { image: "registry.example.com:5000/app" },
            image("registry.example.com:5000/app goes by no tag, which is latest"),
        ],
        [{ image: "app:stable" }, image("app:stable goes by a tag that moves")],
        [{ image: `app:latest@sha256:${"0".repeat(64)}` }],
    ];
    for (const [options, ...texts] of rows) {
        test(JSON.stringify(options), () => assert.deepEqual(warnings(options), texts));
    }

    test("nothing, where the config keeps its services secret", () => {
        assert.deepEqual(warnings({ ports: ["80:80"] }, {}, ["services"]), []);
    });

    test("nothing, where it is in the swarm as it is in the config", () => {
        const options = { ports: ["80:80"] };
        assert.deepEqual(warnings(options, {}, [], new Set(["web"])), [PORT]);
        assert.deepEqual(warnings(options, {}, [], new Set(["other"])), []);
    });
});
