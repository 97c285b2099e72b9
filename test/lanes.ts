/** Labs for tests: one a lane, so that two test files can run side by side and neither sees the other's cloud. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import ipaddr from "ipaddr.js";
import type { Counts } from "./files.ts";

const root = path.resolve(import.meta.dirname, "..");

/** The tests have labs of their own, so that they can run beside a person's. */
const name = process.env.LAB_NAME || "lab-test";
const port = Number(process.env.LAB_PORT || 8746);
const publicCidr = process.env.LAB_PUBLIC_CIDR || "198.18.0.0/24";

/** An environment in which tests run. */
export interface Lane {
    readonly env: NodeJS.ProcessEnv;
}

/** The first half of the public range, and the second. */
function halves(cidr: string): [string, string] {
    const [first, length] = ipaddr.IPv4.parseCIDR(cidr);
    const octets = first.toByteArray();
    const bit = 1 << (31 - length);
    const number = octets.reduce((sum, octet) => sum * 256 + octet, 0) + bit;
    const second = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
    return [`${first}/${length + 1}`, `${second}/${length + 1}`];
}

const [firstHalf, secondHalf] = halves(publicCidr);

/** The settings of both labs. */
export const labs = [
    { LAB_NAME: name, LAB_PORT: `${port}`, LAB_PUBLIC_CIDR: firstHalf },
    { LAB_NAME: `${name}-b`, LAB_PORT: `${port + 1}`, LAB_PUBLIC_CIDR: secondHalf },
].map((settings) => ({
    ...settings,
    // Images that are broken on purpose, for the tests of what goes wrong.
    LAB_FAULTY_IMAGES: "1",
    NODE_NO_WARNINGS: "1",
}));

/** Starts or removes all labs, one after another: they share the engine. @returns 0, or the status of one that failed. */
export async function eachLab(verb: "start" | "down"): Promise<number> {
    let worst = 0;
    for (const lab of labs) {
        const status = await ended(
            spawn(process.execPath, ["lab/main.ts", verb], {
                cwd: root,
                env: { ...process.env, ...lab },
                stdio: ["ignore", "inherit", "inherit"],
            }),
        );
        worst ||= status;
    }
    return worst;
}

/** The labs that run, as lanes. */
export function lanesOfLabs(): Lane[] {
    return labs.map((lab) => {
        const made = JSON.parse(readFileSync(path.join(root, ".lab", lab.LAB_NAME, "made.json"), "utf8"));
        return { env: { ...lab, LAB_DOCKER_HOST: `unix://${made.dockerSocket}` } };
    });
}

/** Runs the files in one process, shown as they go. */
export function runTogether(
    files: readonly string[],
    timeoutMs: number,
    concurrency: number,
): Promise<Counts> {
    return inProcess(files, { env: {} }, timeoutMs, concurrency, false);
}

/**
 * Runs each file in whichever lane is free, in the order given. What a file printed is shown when it has ended, since
 * lines of two at once are of no use to a reader; until then, that it has begun.
 */
export async function runInLanes(
    files: readonly string[],
    lanes: readonly Lane[],
    timeoutMs: number,
): Promise<Counts> {
    const queue = [...files];
    const total = { passed: 0, failed: 0 };
    await Promise.all(
        lanes.map(async (lane) => {
            for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
                console.log(`${file} begins in ${lane.env.LAB_NAME}`);
                const { passed, failed } = await inProcess([file], lane, timeoutMs, 1, lanes.length > 1);
                total.passed += passed;
                total.failed += failed;
            }
        }),
    );
    return total;
}

/** Process groups under way: tests start programs of their own. */
const running = new Set<number>();
let ending = false;

/** Ends all tests under way, with whatever they have started; none begins any more. */
export function endTests(): void {
    ending = true;
    for (const group of running) {
        try {
            process.kill(-group, "SIGTERM");
        } catch {
            // It has just ended.
        }
    }
}

async function inProcess(
    files: readonly string[],
    lane: Lane,
    timeoutMs: number,
    concurrency: number,
    quietly: boolean,
): Promise<Counts> {
    if (ending) return { passed: 0, failed: files.length };
    const child = spawn(process.execPath, ["test/files.ts", `${timeoutMs}`, `${concurrency}`, ...files], {
        cwd: root,
        env: { ...process.env, NODE_NO_WARNINGS: "1", ...lane.env },
        stdio: ["ignore", quietly ? "pipe" : "inherit", quietly ? "pipe" : "inherit", "ipc"],
        detached: true,
    });
    if (child.pid) running.add(child.pid);
    let counts: Counts | undefined;
    child.on("message", (message) => {
        counts = message as Counts;
    });
    const printed: Buffer[] = [];
    child.stdout?.on("data", (data) => printed.push(data));
    child.stderr?.on("data", (data) => printed.push(data));
    const status = await ended(child);
    if (child.pid) running.delete(child.pid);
    process.stdout.write(Buffer.concat(printed));
    if (counts) return counts;
    console.error(
        `${files.join(" ")}: the process that ran the tests ended with status ${status}, and without a result`,
    );
    return { passed: 0, failed: 1 };
}

function ended(child: ChildProcess): Promise<number> {
    return new Promise((resolve) => {
        child.on("error", (error) => {
            console.error(error.message);
            resolve(127);
        });
        child.on("close", (status) => resolve(status ?? 1));
    });
}
