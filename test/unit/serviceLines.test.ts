import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { serviceLines } from "../../model/serviceLines.ts";
import type { ServiceSpec } from "../../model/settings.ts";

const rollout = {
    parallelism: 1,
    delayMs: 0,
    monitorMs: 5000,
    order: "stop-first",
    failureAction: "pause",
    maxFailureRatio: 0,
} as const;

const plain: ServiceSpec = {
    name: "nginx",
    image: "nginx",
    mode: { kind: "replicated", replicas: 2 },
    ports: [{ published: 80, target: 8080, protocol: "tcp", mode: "ingress" }],
    env: {},
    command: [],
    args: [],
    constraints: [],
    labels: {},
    mounts: [],
    networks: [],
    limits: { cpus: 0, memoryBytes: 0 },
    reservations: { cpus: 0, memoryBytes: 0 },
    restart: { condition: "any", delayMs: 5000, maxAttempts: 0, windowMs: 0 },
    update: rollout,
    rollback: rollout,
    user: "",
    workdir: "",
    hostname: "",
    init: false,
    readOnly: false,
    stopGracePeriodMs: 10000,
    timeout: 300,
};

test("a plain service: every option stands in, with Docker's own value for none", () => {
    assert.deepEqual(serviceLines(plain), [
        ["service", "nginx"],
        ["image", "nginx"],
        ["mode", "replicated"],
        ["limit", 300],
        ["flag", "--replicas=2"],
        ["flag", "--limit-cpu=0"],
        ["flag", "--limit-memory=0"],
        ["flag", "--reserve-cpu=0"],
        ["flag", "--reserve-memory=0"],
        ["flag", "--restart-condition=any"],
        ["flag", "--restart-delay=5000ms"],
        ["flag", "--restart-max-attempts=0"],
        ["flag", "--restart-window=0ms"],
        ["flag", "--update-parallelism=1"],
        ["flag", "--update-delay=0ms"],
        ["flag", "--update-monitor=5000ms"],
        ["flag", "--update-order=stop-first"],
        ["flag", "--update-failure-action=pause"],
        ["flag", "--update-max-failure-ratio=0"],
        ["flag", "--rollback-parallelism=1"],
        ["flag", "--rollback-delay=0ms"],
        ["flag", "--rollback-monitor=5000ms"],
        ["flag", "--rollback-order=stop-first"],
        ["flag", "--rollback-failure-action=pause"],
        ["flag", "--rollback-max-failure-ratio=0"],
        ["flag", "--user="],
        ["flag", "--workdir="],
        ["flag", "--hostname="],
        ["flag", "--init=false"],
        ["flag", "--read-only=false"],
        ["flag", "--stop-grace-period=10000ms"],
        ["publish", "published=80,target=8080,protocol=tcp,mode=ingress"],
        ["entrypoint", ""],
        ["args", ""],
    ]);
});

const rows: { what: string; spec: Partial<ServiceSpec>; key: string; values: string[] }[] = [
    {
        what: "a global service has no replicas",
        spec: { mode: { kind: "global" } },
        key: "mode",
        values: ["global"],
    },
    { what: "environment", spec: { env: { A: "1", B: "x=y z" } }, key: "env", values: ["A=1", "B=x=y z"] },
    { what: "labels", spec: { labels: { "a.b": "c" } }, key: "label", values: ["a.b=c"] },
    {
        what: "constraints",
        spec: { constraints: ["node.role==worker"] },
        key: "constraint",
        values: ["node.role==worker"],
    },
    { what: "networks", spec: { networks: ["back"] }, key: "network", values: ["back"] },
    {
        what: "arguments, a line each",
        spec: { args: ["-c", "echo hi"] },
        key: "arg",
        values: ["-c", "echo hi"],
    },
    { what: "arguments as words", spec: { args: ["-c", "it's"] }, key: "args", values: [`'-c' 'it'"'"'s'`] },
    { what: "a command", spec: { command: ["/bin/sh"] }, key: "entrypoint", values: ["'/bin/sh'"] },
    {
        what: "a volume",
        spec: { mounts: [{ type: "volume", source: "data", target: "/data", readOnly: true, noCopy: true }] },
        key: "mount",
        values: ["/data type=volume,target=/data,source=data,readonly,volume-nocopy"],
    },
    {
        what: "a bind mount whose path holds a comma",
        spec: {
            mounts: [
                { type: "bind", source: "/a,b", target: "/c", readOnly: false, propagation: "rprivate" },
            ],
        },
        key: "mount",
        values: ['/c type=bind,target=/c,"source=/a,b",bind-propagation=rprivate'],
    },
    {
        what: "a tmpfs",
        spec: { mounts: [{ type: "tmpfs", target: "/tmp", sizeBytes: 64, mode: "1777" }] },
        key: "mount",
        values: ["/tmp type=tmpfs,target=/tmp,tmpfs-size=64,tmpfs-mode=1777"],
    },
];

for (const { what, spec, key, values } of rows) {
    test(what, () => {
        const lines = serviceLines({ ...plain, ...spec });
        assert.deepEqual(
            lines.filter(([name]) => name === key).map(([, value]) => value),
            values,
        );
        assert.equal(
            lines.some(([, value]) => `${value}`.startsWith("--replicas=")),
            (spec.mode ?? plain.mode).kind === "replicated",
        );
    });
}

test("words come out of a shell as they went in", () => {
    const words = ["a b", "it's", `"quoted"`, "$HOME", "", "\\", "*"];
    const line = serviceLines({ ...plain, args: words }).find(([key]) => key === "args")?.[1];
    const run = spawnSync("sh", ["-c", `printf '%s\\n' ${line}`], { encoding: "utf8" });
    assert.deepEqual(run.stdout.split("\n").slice(0, -1), words);
});
