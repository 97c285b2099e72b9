/**
 * Runs every test, part by part, and says at the end how many ran and how long each part took.
 *
 * usage: node test/run.ts [part...]
 *
 * Without a part, all but the long ones, which take hours and are run by hand: `make test-long`. `check` stands for the
 * parts that need no lab.
 *
 * Ends with status 1 when a test failed, when a part ran no test at all or was not run, or when a test file belongs to
 * no part: a file that nobody runs is worse than none.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import Table from "cli-table3";
import type { Counts } from "./runner/counts.ts";
import { eachLab, lanesOfLabs, type Ran, runInLanes, runTogether, sumOf } from "./runner/lanes.ts";
import { runInOrder } from "./runner/order.ts";
import { endTests } from "./runner/testFile.ts";

const root = path.resolve(import.meta.dirname, "..");

/** One that hangs is a failure, and not a run without end. Without a lab the slowest takes a minute, on a slow day. */
const FILE_LIMIT_MS = 5 * 60_000;

/** In a lab the longest, that of losses, has taken 16 minutes on a slow day. */
const LAB_FILE_LIMIT_MS = 30 * 60_000;

/** Nor does one of a long part take so long. */
const LONG_FILE_LIMIT_MS = 24 * 60 * 60_000;

interface Part {
    readonly name: string;
    /** Glob of test files, or a command whose status counts as one test. */
    readonly files?: string;
    readonly command?: readonly string[];
    /** Its files run in labs, each in whichever is free. */
    readonly labs?: boolean;
    /** Takes hours: runs only where it is named, in one lab. */
    readonly long?: boolean;
    /** Where it fails, the others prove nothing and are not run. */
    readonly gate?: boolean;
}

const allParts: readonly Part[] = [
    { name: "types", command: ["npx", "tsc", "--noEmit"], gate: true },
    { name: "lint", command: ["npx", "biome", "check", "--error-on-warnings"], gate: true },
    { name: "runner", files: "test/runner/*.test.ts" },
    { name: "unit", files: "test/unit/**/*.test.ts" },
    { name: "scripts", files: "test/scripts/**/*.test.ts" },
    { name: "program", files: "test/program/**/*.test.ts" },
    { name: "cli", files: "test/cli/**/*.test.ts" },
    { name: "workflows", files: "test/workflows/**/*.test.ts" },
    { name: "policy", files: "test/policy/**/*.test.ts" },
    { name: "plugins", files: "test/plugins/**/*.test.ts" },
    { name: "api", files: "test/lab/*.test.ts" },
    { name: "droplets", files: "test/droplets/**/*.test.ts", labs: true },
    { name: "cluster", files: "test/cluster/**/*.test.ts", labs: true },
    { name: "browser", files: "test/browser/**/*.test.ts", labs: true },
    { name: "matrix", files: "test/long/matrix.test.ts", labs: true, long: true },
    { name: "walks", files: "test/long/walks.test.ts", labs: true, long: true },
    { name: "service-walks", files: "test/long/serviceWalks.test.ts", labs: true, long: true },
];

/** The files in labs that take longest, and so begin first, so that no lab is left with one at the end. */
const LONGEST = [
    "loss",
    "truth",
    "managers",
    "interruptions",
    "replacement",
    "secrets",
    "cli",
    "drift",
    "services",
    "twins",
    "failures",
    "walk",
    "workflows",
    "life",
    "previews",
];

interface Result extends Counts {
    readonly part: string;
    readonly seconds: number;
}

function filesOf(part: Part): string[] {
    return globSync(part.files ?? [], { cwd: root }).sort();
}

/** Begins the files of all parts that need a lab, together: else labs would wait at the end of each part. */
function inLabs(chosen: readonly Part[]): Map<string, Promise<Ran>> {
    const place = (file: string) => {
        const found = LONGEST.indexOf(path.basename(file, ".test.ts"));
        return found < 0 ? LONGEST.length : found;
    };
    const files = chosen.flatMap((part) => (part.labs ? filesOf(part) : []));
    files.sort((one, other) => place(one) - place(other));
    const long = chosen.some((part) => part.long);
    const lanes = lanesOfLabs().slice(0, long ? 1 : undefined);
    return runInLanes(files, lanes, long ? LONG_FILE_LIMIT_MS : LAB_FILE_LIMIT_MS);
}

function runCommand(command: readonly string[]): Promise<number> {
    return new Promise((resolve) => {
        const child = spawn(command[0] as string, command.slice(1), {
            cwd: root,
            stdio: ["ignore", "inherit", "inherit"],
        });
        child.on("error", (error) => {
            console.error(`${command.join(" ")}: ${error.message}`);
            resolve(127);
        });
        child.on("close", (status) => resolve(status ?? 1));
    });
}

function chosen(wanted: readonly string[]): readonly Part[] {
    if (wanted.length === 0) return allParts.filter(({ long }) => !long);
    const names = new Set(wanted);
    if (names.has("check")) for (const { name, labs } of allParts) if (!labs) names.add(name);
    return allParts.filter(({ name }) => names.has(name));
}

async function main(wanted: readonly string[]): Promise<number> {
    const allowed = [...allParts.map(({ name }) => name), "check"];
    const unknown = wanted.filter((name) => !allowed.includes(name));
    if (unknown.length > 0) {
        console.error(`no part is called ${unknown.join(", ")}; there are: ${allowed.join(", ")}`);
        return 2;
    }
    const all = new Set(globSync("test/**/*.test.ts", { cwd: root }));
    for (const part of allParts) for (const file of filesOf(part)) all.delete(file);
    if (all.size > 0) {
        console.error(`these test files belong to no part: ${[...all].join(", ")}`);
        return 1;
    }
    const results: Result[] = [];
    const start = performance.now();
    const measure = async (part: string, work: () => Promise<Counts | Ran>): Promise<Counts> => {
        const turn = performance.now();
        console.log(`\n── ${part} ──`);
        const counts = await work();
        // Files in labs may have begun before their part's turn, and ended before it.
        const { began, ended } = "began" in counts ? counts : { began: turn, ended: performance.now() };
        results.push({ part, ...counts, seconds: (ended - began) / 1000 });
        return counts;
    };
    const asOne = (status: number) => ({ passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 });
    const parts = chosen(wanted);
    let started = false;
    let ends: Map<string, Promise<Ran>> | undefined;
    const stop = async () => {
        if (started) await measure("labs stop", async () => asOne(await eachLab("down")));
        started = false;
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.once(signal, () => {
            endTests();
            void stop().finally(() => process.exit(1));
        });
    }
    const faults = await runInOrder(parts, async (part) => {
        if (part.labs && !started) {
            started = true;
            const { failed } = await measure("labs start", async () => asOne(await eachLab("start")));
            if (failed) return undefined;
        }
        const { command } = part;
        return measure(part.name, async () => {
            if (command) return asOne(await runCommand(command));
            if (!part.labs) return runTogether(filesOf(part), FILE_LIMIT_MS);
            ends ??= inLabs(parts);
            return sumOf(filesOf(part).map((file) => ends?.get(file) ?? assert.fail(file)));
        });
    });
    await stop();
    return report(results, faults, (performance.now() - start) / 1000);
}

function report(results: readonly Result[], faults: readonly string[], together: number): number {
    const table = new Table({ head: ["part", "passed", "failed", "time"], style: { head: [], border: [] } });
    for (const { part, passed, failed, seconds } of results)
        table.push([part, passed, failed, `${seconds.toFixed(1)} s`]);
    const sum = (key: "passed" | "failed") => results.reduce((total, result) => total + result[key], 0);
    table.push(["together", sum("passed"), sum("failed"), `${together.toFixed(1)} s`]);
    console.log(`\n${table.toString()}`);
    for (const fault of faults) console.log(fault);
    const failed = sum("failed") + faults.length;
    console.log(`${sum("passed")} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
