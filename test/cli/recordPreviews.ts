/**
 * Records what `pulumi preview --json` prints for each kind of change, for the tests of `swarm plan`.
 *
 * usage: LAB_NAME=... LAB_DOCKER_HOST=... [POLICY_PACK=folder] node test/cli/recordPreviews.ts [one|three]
 *
 * The lab of that name has to be up; a stack is made in it, first a cluster with a single manager, then one with three,
 * and each preview is of a change to one of them. With an argument only the one or the other. POLICY_PACK is a pack
 * with a mandatory policy that is violated and an advisory one, for the preview that is called "policy". What
 * nothing reads is left out of the recordings: where in the program a resource stands, what depends on what, and the
 * text of the scripts that travel before their input.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { withPolicyEvents } from "../../cli/plan/eventLog.ts";
import { environmentOf, processEnv } from "../../lab/environment.ts";
import { root } from "../../lab/instance.ts";
import { api, droplets } from "../cluster/support/cloud.ts";
import { instance, LabStack } from "../cluster/support/stack.ts";

const folder = path.join(import.meta.dirname, "recordings", "previews");
mkdirSync(folder, { recursive: true });
const [halves] = process.argv.slice(2);

/** What a step's states keep of a resource; of outputs only the stack's own are read. */
const STATE = new Set(["urn", "type", "id", "custom", "delete", "inputs", "outputs", "protect"]);

/** Properties that nothing reads, or that would bury the rest; the summary's counts among them. */
const UNREAD = new Set(["__defaults", "__meta", "create", "update", "environment", "changeSummary"]);

function kept(value: unknown, key = ""): unknown {
    if (typeof value === "string") {
        return value.includes("\n#: input\n")
            ? value.replace(/^[\s\S]*\n#: input\n/, "(script)\n#: input\n")
            : value;
    }
    if (Array.isArray(value)) return value.map((member) => kept(member));
    if (typeof value !== "object" || value === null) return value;
    const isState = key === "oldState" || key === "newState";
    const isStack = (value as { type?: string }).type === "pulumi:pulumi:Stack";
    return Object.fromEntries(
        Object.entries(value)
            .filter(([name]) => (isState ? STATE.has(name) : !UNREAD.has(name)))
            .filter(([name]) => !isState || name !== "outputs" || isStack)
            .map(([name, inner]) => [name, kept(inner, name)]),
    );
}

const nginx = (more: Record<string, unknown> = {}) => ({
    nginx: { image: "nginx", replicas: 2, ports: ["80:80"], ...more },
});

const base = {
    region: "sgp1",
    managers: "node1",
    workers: "node[2:4]",
    sshFrom: ["0.0.0.0/0", "::/0"],
    vpcIpRange: "10.125.0.0/24",
    services: nginx(),
};

const stack = await LabStack.make("plan", base);

/** Records one preview, by these arguments, of this config; without one, of the config that is there. */
async function record(
    name: string,
    config?: Record<string, unknown>,
    args: readonly string[] = ["preview", "--json"],
    env: Record<string, string> = {},
): Promise<void> {
    if (config) stack.configure(config);
    const ran = await execa("pulumi", [...args, "--stack", stack.name, "--non-interactive"], {
        cwd: root,
        env: { ...processEnv(environmentOf(instance)), ...env },
        extendEnv: false,
        stdin: "ignore",
        reject: false,
    });
    const said = ran.stderr.trim();
    console.log(`${name}: status ${ran.exitCode}${said === "" ? "" : `; on standard error: ${said}`}`);
    let preview: unknown;
    try {
        preview = kept(JSON.parse(ran.stdout));
    } catch {
        console.error(`${name}: no JSON:\n${ran.stdout.slice(0, 2000)}`);
        process.exitCode = 1;
        return;
    }
    const named = JSON.stringify(preview, undefined, 2).replaceAll(stack.name, "dev");
    if (named.includes(root)) throw new Error(`${name} names ${root}`);
    writeFileSync(path.join(folder, `${name}.json`), `${named}\n`);
}

/** Says how long each step of it took, too: the figures of cli/plan/time.ts are such. */
async function upTo(config: Record<string, unknown>, options: readonly string[] = []): Promise<void> {
    stack.configure(config);
    const ran = await stack.upOrThrow(options);
    console.log(`up: ${ran.seconds.toFixed(1)} s`);
    for (const [line] of ran.text.matchAll(/^ .*(?:created|updated|deleted|replaced) \(.*$/gm))
        console.log(line);
}

const all = ["preview", "--json", "--show-sames"];
const replaced = (node: string) => ["preview", "--json", "--replace", `**:Droplet::${node}`];

async function deleteBehind(name: string): Promise<void> {
    const found = (await droplets(`swarm-${stack.name}`)).find((droplet) => droplet.name === name);
    await api("DELETE", `/v2/droplets/${found?.id}`);
}

async function oneManager(): Promise<void> {
    await record("first-up", base);
    await record("config-error", { ...base, managers: "node[1:2]", sshFrom: [], workrs: "x" });
    await record("account-error", { ...base, region: "xyz9" });
    await upTo(base);
    await record("no-change", base);
    await record("scale-out", { ...base, workers: "node[2:6]" });
    await record("scale-in", { ...base, workers: "node[2:3]" });
    await record("replicas-up", { ...base, services: nginx({ replicas: 5 }) });
    await record("replicas-down", { ...base, services: nginx({ replicas: 1 }) });
    await record("service-image", { ...base, services: nginx({ image: "nginx:1.29" }) });
    await record("service-new", {
        ...base,
        services: {
            ...nginx(),
            api: { image: "acme/api:7", replicas: 3, ports: ["8080:80"], env: { A: "1" } },
        },
    });
    await record("service-removed", { ...base, services: {} });
    await record("service-global", {
        ...base,
        services: { nginx: { image: "nginx", global: true, ports: ["80:80"] } },
    });
    await record("service-options", {
        ...base,
        services: nginx({
            env: { GREETING: "hello | @everyone", LEVEL: "debug" },
            labels: { team: "web" },
            constraints: ["node.role==worker"],
            limits: { memory: "128M" },
            update: { order: "start-first" },
        }),
    });
    await record("port-new", { ...base, services: nginx({ ports: ["80:80", "443:443"] }) });
    await record("port-moved", { ...base, services: nginx({ ports: ["8080:80"] }) });
    await record("ssh-from", { ...base, sshFrom: ["203.0.113.7/32"] });
    await record("monitoring", { ...base, monitoring: true });
    await record("region", { ...base, region: "fra1" });
    await record("one-to-three", { ...base, managers: "node1,node5,node6" });
    await record("promote", { ...base, managers: "node[1:3]", workers: "node4" });
    await record("places", { ...base, managers: "node2", workers: "node1,node[3:4]" });
    await record("manager-exchanged", { ...base, managers: "node9" });
    await record("manager-to-worker", { ...base, managers: "node2", workers: "node[3:4]" });
    await record("roll-all", { ...base, image: "18153999" });
    await record("roll-workers", { ...base, workerImage: "18153999" });
    await record("roll-manager", { ...base, managerImage: "18153999" });
    await record("size", { ...base, size: "s-2vcpu-2gb" });
    await record("worker-anew", base, replaced("node3"));
    await record("portion", { ...base, image: "18153999" }, [
        ...all,
        "--target",
        "**:Droplet::node3",
        "--target-dependents",
    ]);
    await record("portion-alone", { ...base, image: "18153999" }, [...all, "--target", "**:Droplet::node3"]);
    await record("target-alone", { ...base, workers: "node[2:3]" }, [
        ...all,
        "--target",
        "**:Droplet::node4",
    ]);
    await record("start-over", base, ["preview", "--json", "--replace", "**:Command::swarm"]);
    await record("recover", { ...base, recoverFrom: "node1" });
    await record("sames", { ...base, services: nginx({ replicas: 4 }) }, all);
    await record("destroy", base, ["destroy", "--preview-only", "--json"]);
    const policy = process.env.POLICY_PACK;
    if (policy !== undefined) {
        const { lines } = await withPolicyEvents((log) =>
            record(
                "policy",
                { ...base, workers: "node[2:5]" },
                ["preview", "--json", "--policy-pack", policy, ...log],
                {
                    PULUMI_DEBUG_COMMANDS: "true",
                },
            ),
        );
        writeFileSync(path.join(folder, "policy.events"), lines.replaceAll(stack.name, "dev"));
    }
    await deleteBehind("node4");
    await record("lost-worker", base, ["preview", "--json", "--refresh"]);
    await upTo(base, ["--refresh"]);
}

async function threeManagers(): Promise<void> {
    const three = { ...base, managers: "node[1:3]", workers: "node[4:5]" };
    await upTo(three);
    await record("no-change-three", three);
    await record("three-to-one", { ...base, managers: "node1", workers: "node[4:5]" });
    await record("demote", { ...three, managers: "node1", workers: "node[2:5]" });
    await record("swap", { ...three, managers: "node1,node2,node4", workers: "node3,node5" });
    await record("seed", { ...three, managers: "node2,node1,node3" });
    await record("seed-worker", { ...three, managers: "node4,node1,node2", workers: "node3,node5" });
    await record("seed-goes", { ...three, managers: "node2,node3,node6" });
    await record("five", { ...three, managers: "node[1:3],node[6:7]" });
    await record("managers-exchanged", { ...three, managers: "m[1:3]" });
    await record("managers-to-workers", { ...three, managers: "node4", workers: "" });
    await record("roll-three", { ...three, managerImage: "18153999" });
    await record("roll-all-three", { ...three, image: "18153999" });
    await record("active", { ...three, managerAvailability: "active" });
    await record("seed-anew", three, replaced("node1"));
    await upTo({ ...three, protectManagers: true });
    await record("protected", { ...three, protectManagers: true, managerImage: "18153999" });
    await upTo(three);
    stack.configure(three);
    await stack.pulumi(["config", "set", "--secret", "--path", "swarm:services.nginx.env.TOKEN", "hunter2"]);
    await record("secret-service");
    await deleteBehind("node1");
    await record("lost-seed", three, ["preview", "--json", "--refresh"]);
    await deleteBehind("node2");
    await record("lost-quorum", { ...three, recoverFrom: "node3" }, ["preview", "--json", "--refresh"]);
}

try {
    if (halves !== "three") await oneManager();
    if (halves !== "one") await threeManagers();
} finally {
    await stack.remove();
    await execa("npx", ["biome", "format", "--write", folder], { cwd: root, stdio: "inherit" });
}
