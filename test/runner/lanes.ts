/** Labs for tests: one a lane, so that two test files can run side by side and neither sees the other's cloud. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import ipaddr from "ipaddr.js";
import type { Counts } from "./counts.ts";
import { endOf, root, runTestFile } from "./testFile.ts";

/** The tests have labs of their own, so that they can run beside a person's. */
const name = process.env.LAB_NAME || "lab-test";
const port = Number(process.env.LAB_PORT || 8746);
const publicCidr = process.env.LAB_PUBLIC_CIDR || "198.18.0.0/24";

/** What a file, or several, came to, and when, in milliseconds of this process's clock. */
export interface Ran extends Counts {
    readonly began: number;
    readonly ended: number;
}

/** An environment in which tests run. */
export interface Lane {
    readonly env: NodeJS.ProcessEnv;
}

/** A quarter of the public range. */
function quarter(cidr: string, index: number): string {
    const [first, length] = ipaddr.IPv4.parseCIDR(cidr);
    const number = Buffer.from(first.toByteArray()).readUInt32BE() + index * 2 ** (30 - length);
    const octets = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
    return `${octets.join(".")}/${length + 2}`;
}

/** The settings of the labs. More than three wait for the processors, on two of them: docs/testing.md. */
const labs = ["", "-b", "-c"].map((end, index) => ({
    LAB_NAME: `${name}${end}`,
    LAB_PORT: `${port + index}`,
    LAB_PUBLIC_CIDR: quarter(publicCidr, index),
    // Images that are broken on purpose, for the tests of what goes wrong.
    LAB_FAULTY_IMAGES: "1",
    NODE_NO_WARNINGS: "1",
}));

/** Starts or removes all labs, one after another: they share the engine. @returns 0, or the status of one that failed. */
export async function eachLab(verb: "start" | "down"): Promise<number> {
    let worst = 0;
    for (const lab of labs) {
        const { status } = await endOf(
            spawn(process.execPath, ["lab/main.ts", verb], {
                cwd: root,
                env: { ...process.env, ...lab },
                stdio: ["ignore", "inherit", "inherit"],
            }),
        );
        worst ||= status ?? 1;
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

/** Runs the files two at a time. What one printed is shown when it has ended: lines of two at once are of no use. */
export function runTogether(files: readonly string[], limitMs: number): Promise<Ran> {
    const ends = runQueue(files, 2, async (file) => {
        const lines: string[] = [];
        const counts = await runTestFile(file, { limitMs, print: (line) => lines.push(line) });
        if (lines.length > 0) console.log(lines.join("\n"));
        return counts;
    });
    return sumOf(ends.values());
}

/** @returns all that they will have come to, together. */
export async function sumOf(ends: Iterable<Promise<Ran>>): Promise<Ran> {
    const all = await Promise.all(ends);
    const sum = (key: keyof Counts) => all.reduce((total, ran) => total + ran[key], 0);
    const now = performance.now();
    return {
        passed: sum("passed"),
        failed: sum("failed"),
        began: Math.min(now, ...all.map(({ began }) => began)),
        ended: all.length > 0 ? Math.max(...all.map(({ ended }) => ended)) : now,
    };
}

/**
 * Runs each file in whichever lane is free, in the order given, and shows what it prints as it comes.
 *
 * @returns at once, what each file will have come to.
 */
export function runInLanes(
    files: readonly string[],
    lanes: readonly Lane[],
    limitMs: number,
): Map<string, Promise<Ran>> {
    const free = [...lanes];
    const nameOf = (file: string) => path.basename(file, ".test.ts");
    const width = Math.max(...files.map((file) => nameOf(file).length));
    return runQueue(files, lanes.length, async (file) => {
        const lane = free.shift() as Lane;
        const label = `${nameOf(file).padEnd(width)} │`;
        const start = performance.now();
        console.log(`${label} begins in ${lane.env.LAB_NAME}`);
        const counts = await runTestFile(file, {
            limitMs,
            env: lane.env,
            ...(lanes.length > 1 && { print: (line) => console.log(`${label} ${line}`.trimEnd()) }),
        });
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        console.log(`${label} ended after ${seconds} s: ${counts.passed} passed, ${counts.failed} failed`);
        free.push(lane);
        return counts;
    });
}

function runQueue(
    files: readonly string[],
    atOnce: number,
    run: (file: string) => Promise<Counts>,
): Map<string, Promise<Ran>> {
    const waiting = files.map((file) => ({ file, end: Promise.withResolvers<Ran>() }));
    const ends = new Map(waiting.map(({ file, end }) => [file, end.promise]));
    const worker = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
            const began = performance.now();
            const timed = run(next.file).then((counts) => ({ ...counts, began, ended: performance.now() }));
            await timed.then(next.end.resolve, next.end.reject);
        }
    };
    for (let lane = 0; lane < atOnce; lane += 1) void worker();
    return ends;
}
