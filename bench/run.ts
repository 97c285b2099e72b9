/**
 * Times what a person waits for, in a lab that runs ("make start" makes one): wall clock, CPU of the engine with
 * its program and plugins, and the peak of their memory together. The droplets' own work is not in the CPU figure,
 * though it takes its share of the machine and so of the wall clock.
 *
 * usage: node bench/run.ts [rounds]   (one round unless given; prints the median of each figure)
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import Table from "cli-table3";
import { stringify } from "yaml";
import { environmentOf, processEnv } from "../lab/environment.ts";
import { instanceFrom, root } from "../lab/instance.ts";

interface Figures {
    readonly wall: number;
    readonly cpu: number;
    readonly memory: number;
}

const env = processEnv(environmentOf(instanceFrom(process.env)));
const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
// Its config lies beside Pulumi.yaml, where git ignores the stacks of labs.
const stack = "lab-bench";
const configFile = path.join(root, `Pulumi.${stack}.yaml`);

const SAMPLE_MS = 50;

/** Resident bytes of a process and all below it. Shared pages count once for each: an upper bound. */
function memoryOf(pid: number): number {
    const parents = new Map<number, number[]>();
    const resident = new Map<number, number>();
    for (const name of readdirSync("/proc")) {
        if (!/^\d+$/.test(name)) continue;
        try {
            // The command's name may hold blanks and brackets; what follows its last bracket may not.
            const fields = readFileSync(`/proc/${name}/stat`, "utf8")
                .replace(/^.*\) /, "")
                .split(" ");
            const parent = Number(fields[1]);
            parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
            resident.set(Number(name), Number(fields[21]) * 4096);
        } catch {
            // It ended while it was looked at.
        }
    }
    const below = (id: number): number =>
        (resident.get(id) ?? 0) + (parents.get(id) ?? []).reduce((sum, child) => sum + below(child), 0);
    return below(pid);
}

/** Runs pulumi under a shell whose `times` says afterwards what its children took. */
function measure(args: readonly string[]): Promise<Figures> {
    const command = [
        "pulumi",
        ...args,
        "--stack",
        stack,
        "--config-file",
        configFile,
        "--non-interactive",
    ].join(" ");
    return new Promise((resolve, reject) => {
        const started = performance.now();
        const child = spawn("sh", ["-c", `${command} >${folder}/log 2>&1; status=$?; times; exit $status`], {
            cwd: root,
            env,
            stdio: ["ignore", "pipe", "inherit"],
        });
        let memory = 0;
        const sampler = setInterval(() => {
            memory = Math.max(memory, memoryOf(child.pid as number));
        }, SAMPLE_MS);
        let times = "";
        child.stdout.on("data", (data) => {
            times += data;
        });
        child.on("close", (status) => {
            clearInterval(sampler);
            if (status !== 0) {
                reject(
                    new Error(`${command} ended with ${status}:\n${readFileSync(`${folder}/log`, "utf8")}`),
                );
                return;
            }
            resolve({
                wall: (performance.now() - started) / 1000,
                cpu: cpuOf(times),
                memory: memory / 2 ** 20,
            });
        });
    });
}

/** The second line of `times`: user and system time of the children, as 0m1.234s 0m0.567s. */
function cpuOf(times: string): number {
    const children = times.trim().split("\n")[1] ?? "";
    return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
        (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
        0,
    );
}

function configure(workers: string): void {
    const had = /encryptionsalt: .*/.exec(readFileSync(configFile, "utf8"))?.[0] ?? "";
    const config = {
        "swarm:managers": "node1",
        "swarm:workers": workers,
        "swarm:sshFrom": ["0.0.0.0/0"],
        "swarm:services": { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
    };
    writeFileSync(configFile, `${had}\n${stringify({ config })}`);
}

const up = ["up", "--yes", "--skip-preview"];

/** In this order: each begins where the one before has left the cluster. */
const scenes: { name: string; workers: string; args: readonly string[] }[] = [
    { name: "first up, 4 nodes", workers: "node[2:4]", args: up },
    { name: "preview, nothing to do", workers: "node[2:4]", args: ["preview", "--expect-no-changes"] },
    { name: "up, nothing to do", workers: "node[2:4]", args: up },
    { name: "one worker more", workers: "node[2:5]", args: up },
    { name: "one worker fewer", workers: "node[2:4]", args: up },
    { name: "destroy, 4 nodes", workers: "node[2:4]", args: ["destroy", "--yes", "--skip-preview"] },
];

function median(values: readonly number[]): number {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2
        ? (sorted[middle] as number)
        : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

async function main(rounds: number): Promise<void> {
    const figures = new Map<string, Figures[]>(scenes.map(({ name }) => [name, []]));
    const init = spawn("pulumi", ["stack", "init", stack, "--secrets-provider", "passphrase"], {
        cwd: root,
        env,
        stdio: "ignore",
    });
    await new Promise((resolve) => init.on("close", resolve));
    for (let round = 1; round <= rounds; round++) {
        for (const { name, workers, args } of scenes) {
            configure(workers);
            const taken = await measure(args);
            figures.get(name)?.push(taken);
            console.error(`round ${round} of ${rounds}: ${name}: ${taken.wall.toFixed(1)} s`);
        }
    }
    const table = new Table({
        head: ["", "wall", "CPU", "peak memory"],
        colAligns: ["left", "right", "right", "right"],
        style: { head: [], border: [] },
    });
    for (const [name, all] of figures) {
        const of = (key: keyof Figures) => median(all.map((taken) => taken[key]));
        table.push([
            name,
            `${of("wall").toFixed(1)} s`,
            `${of("cpu").toFixed(1)} s`,
            `${of("memory").toFixed(0)} MiB`,
        ]);
    }
    console.log(`${cpus().length} cores, median of ${rounds}:\n${table.toString()}`);
}

const remove = spawn.bind(null, "pulumi", ["stack", "rm", stack, "--yes"], {
    cwd: root,
    env,
    stdio: "ignore",
});
try {
    await main(Number(process.argv[2] ?? 1));
} finally {
    await new Promise((resolve) => remove().on("close", resolve));
    rmSync(folder, { recursive: true });
}
