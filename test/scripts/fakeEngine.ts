/** Runs service.sh on a manager whose engine is one of files: `fakeEngine.sh` explains them. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseSettings } from "../../config.ts";
import { engineSpec, JOB_LABEL, type JsonObject, specText } from "../../model/engineSpec.ts";
import { networkLines } from "../../model/networks.ts";
import type { Line } from "../../model/scriptInput.ts";
import { runScript, type ScriptRun } from "./harness.ts";

export const fakeEngine = fileURLToPath(new URL("fakeEngine.sh", import.meta.url));
export const DIGEST = `sha256:${"a".repeat(64)}`;
const PLATFORMS =
    '[{"architecture":"amd64","os":"linux"},{"architecture":"arm","os":"linux","variant":"v7"}]';
const DISTRIBUTION = `{"Descriptor":{"mediaType":"x","digest":"${DIGEST}","size":1},"Platforms":${PLATFORMS}}`;

/** What the fake has, by second where it changes; see fakeEngine.sh. */
export interface World {
    readonly service?: string;
    readonly ports?: readonly string[];
    readonly job?: string;
    readonly networks?: readonly string[];
    readonly refusals?: readonly string[];
    readonly objects?: readonly string[];
    readonly distribution?: string;
    readonly posts?: readonly string[];
    readonly uses?: readonly string[];
    readonly used?: readonly string[];
    readonly update?: Readonly<Record<number, string>>;
    readonly replicas?: Readonly<Record<number, string>>;
    readonly tasks?: Readonly<Record<number, readonly string[]>>;
    readonly logs?: string;
    /** The stack's label on the manager; default: swarm-dev. */
    readonly label?: string;
}

export const OUT_OF_SEQUENCE = '500 {"message":"rpc error: code = Unknown desc = update out of sequence"}';

interface ServiceRun extends ScriptRun {
    readonly requests: readonly string[];
    // biome-ignore lint/suspicious/noExplicitAny: whatever JSON was sent, for the tests to look into.
    readonly sent: any;
}

export async function deploy(
    options: Record<string, unknown>,
    world: World = {},
    host: {
        readonly limit?: number;
        readonly differs?: string;
        readonly networks?: object;
        readonly mark?: string;
    } = {},
): Promise<ServiceRun> {
    const parsed = parseSettings({
        sshFrom: ["203.0.113.7/32"],
        networks: host.networks ?? {},
        services: { web: { image: "nginx", ...options } },
    });
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    const [service] = parsed.settings.services;
    assert.ok(service);
    const lines: Line[] = [
        ["node", "node1"],
        ["service", "web"],
        ["image", service.image],
        ["limit", host.limit ?? 60],
        ...networkLines(service, parsed.settings.networks),
    ];
    const spec = engineSpec(service);
    const labels = spec.Labels as JsonObject;
    const file = (content: readonly string[] = []) => content.map((line) => `${line}\n`).join("");
    const timed = (kind: string, by: Readonly<Record<number, string | readonly string[]>> = {}) =>
        Object.entries(by).map(([at, text]) => [
            `${at}.${kind}`,
            typeof text === "string" ? `${text}\n` : file(text),
        ]);
    const replicas = `${options.replicas ?? 1}/${options.replicas ?? 1}`;
    const run = await runScript(
        "service",
        "create",
        lines,
        {
            docker: `*) . '${fakeEngine}' ;;`,
            stoppedClock: true,
            files: {
                requests: "",
                sent: "",
                service: world.service ?? "",
                job: `${world.job ?? ""}\n`,
                ports: file(world.ports ?? ["vip"]),
                networks: file(world.networks),
                label: `${world.label ?? "swarm-dev"}\n`,
                refusals: file(world.refusals),
                objects: file(world.objects),
                distribution: world.distribution ?? DISTRIBUTION,
                posts: file(world.posts),
                uses: file(world.uses),
                ...(world.used && { used: file(world.used) }),
                logs: world.logs ?? "",
                ...Object.fromEntries(timed("update", world.update)),
                ...Object.fromEntries(timed("replicas", world.replicas ?? { 0: replicas })),
                ...Object.fromEntries(
                    timed("tasks", world.tasks ?? { 0: running(Number(options.replicas ?? 1)) }),
                ),
            },
            ...(host.differs && { env: { PULUMI_COMMAND_SWARM_DIFFERS: host.differs } }),
        },
        specText(host.mark === undefined ? spec : { ...spec, Labels: { ...labels, [JOB_LABEL]: host.mark } }),
    );
    const sent = run.files.sent ? JSON.parse(run.files.sent) : undefined;
    return { ...run, sent, requests: (run.files.requests ?? "").split("\n").filter(Boolean) };
}

export const running = (count: number) =>
    Array.from(
        { length: count },
        (_, index) => `t${index + 1}|running|Running 3 seconds ago|yes|web.${index + 1}|node1|`,
    );

export const there = (
    change: {
        image?: string;
        label?: string;
        stack?: string;
        mode?: string;
        name?: string;
        forced?: number;
    } = {},
) =>
    `${change.name ?? "web"} old1 17 ${change.forced ?? 0} {"${change.mode ?? "Replicated"}":{}} ${change.stack ?? "swarm-dev"} ` +
    `${change.label ?? "nginx"} ${change.image ?? "nginx:latest@sha256:1"} [{"Architecture":"amd64","OS":"linux"}]\n`;

export const answer = (more: Record<string, string> = {}) =>
    `${JSON.stringify({ script: "service", node: "node1", service: "web", id: "new1", image: `nginx:latest@${DIGEST}`, running: "1/1", ...more })}\n`;

export function assertDone(run: ServiceRun, stdout: string) {
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, stdout);
    assert.equal(run.status, 0);
}
