/**
 * Runs every test, part by part, and says at the end how many ran and how long each part took.
 *
 * usage: node test/run.ts [part...]
 *
 * Without a part, all but the long ones, which take hours and are run by hand: `make test-long`.
 *
 * Ends with status 1 when a test failed, when a part ran no test at all, or when a test file belongs to no part: a
 * file that nobody runs is worse than none.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import Table from "cli-table3";
import type { Counts } from "./runner/counts.ts";
import { eachLab, lanesOfLabs, runInLanes, runTogether } from "./runner/lanes.ts";
import { endTests } from "./runner/testFile.ts";

const root = path.resolve(import.meta.dirname, "..");

/** One that hangs is a failure, and not a run without end. Without a lab the slowest takes a minute, on a slow day. */
const FILE_LIMIT_MS = 5 * 60_000;

/** In a lab the walk, which takes longest, has taken 24 minutes on a slow day. */
const LAB_FILE_LIMIT_MS = 40 * 60_000;

/** Nor does one of a long part take so long. */
const LONG_FILE_LIMIT_MS = 24 * 60 * 60_000;

interface Part {
    readonly name: string;
    /** Glob of test files, or a command whose status counts as one test. */
    readonly files?: string;
    readonly command?: readonly string[];
    /** In how many of the labs at once its files run, one file a lab; absent for what needs none. */
    readonly labs?: 1 | 2;
    /** Files that take longest, and so begin first; the others follow by name. */
    readonly first?: readonly string[];
    /** Takes hours: runs only where it is named. */
    readonly long?: boolean;
}

const parts: readonly Part[] = [
    { name: "types", command: ["npx", "tsc", "--noEmit"] },
    { name: "lint", command: ["npx", "biome", "check", "--error-on-warnings"] },
    { name: "runner", files: "test/runner/*.test.ts" },
    { name: "unit", files: "test/unit/**/*.test.ts" },
    { name: "scripts", files: "test/scripts/**/*.test.ts" },
    { name: "program", files: "test/program/**/*.test.ts" },
    { name: "cli", files: "test/cli/**/*.test.ts" },
    { name: "workflows", files: "test/workflows/**/*.test.ts" },
    { name: "policy", files: "test/policy/**/*.test.ts" },
    { name: "plugins", files: "test/plugins/**/*.test.ts" },
    { name: "api", files: "test/lab/*.test.ts" },
    { name: "droplets", files: "test/droplets/**/*.test.ts", labs: 1 },
    {
        name: "cluster",
        files: "test/cluster/**/*.test.ts",
        labs: 2,
        first: ["walk", "loss", "interruptions", "replacement", "managers"],
    },
    { name: "browser", files: "test/browser/**/*.test.ts", labs: 2 },
    { name: "matrix", files: "test/long/matrix.test.ts", labs: 1, long: true },
    { name: "walks", files: "test/long/walks.test.ts", labs: 1, long: true },
];

interface Result extends Counts {
    readonly part: string;
    readonly seconds: number;
}

function filesOf(part: Part): string[] {
    const order = (file: string) => {
        const place = part.first?.indexOf(path.basename(file, ".test.ts")) ?? -1;
        return place < 0 ? Number.POSITIVE_INFINITY : place;
    };
    const files = globSync(part.files ?? [], { cwd: root }).sort();
    return files.sort((one, other) => (order(one) < order(other) ? -1 : order(one) > order(other) ? 1 : 0));
}

function runFiles(part: Part): Promise<Counts> {
    const files = filesOf(part);
    if (!part.labs) return runTogether(files, FILE_LIMIT_MS);
    const limit = part.long ? LONG_FILE_LIMIT_MS : LAB_FILE_LIMIT_MS;
    return runInLanes(files, lanesOfLabs().slice(0, part.labs), limit);
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

async function main(wanted: readonly string[]): Promise<number> {
    const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
    if (unknown.length > 0) {
        console.error(
            `no part is called ${unknown.join(", ")}; there are: ${parts.map(({ name }) => name).join(", ")}`,
        );
        return 2;
    }
    const all = new Set(globSync("test/**/*.test.ts", { cwd: root }));
    for (const part of parts) for (const file of filesOf(part)) all.delete(file);
    if (all.size > 0) {
        console.error(`these test files belong to no part: ${[...all].join(", ")}`);
        return 1;
    }
    const chosen = parts.filter(({ name, long }) => (wanted.length === 0 ? !long : wanted.includes(name)));
    const results: Result[] = [];
    const measure = async (part: string, work: () => Promise<Counts>) => {
        const start = performance.now();
        console.log(`\n── ${part} ──`);
        results.push({ part, ...(await work()), seconds: (performance.now() - start) / 1000 });
    };
    const asOne = (status: number) => ({ passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 });
    let started = false;
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
    for (const part of chosen) {
        if (part.labs && !started) {
            started = true;
            await measure("labs start", async () => asOne(await eachLab("start")));
            if (results.at(-1)?.failed) break;
        }
        const { command } = part;
        await measure(part.name, async () =>
            command ? asOne(await runCommand(command)) : await runFiles(part),
        );
    }
    await stop();
    return report(results, chosen);
}

function report(results: readonly Result[], chosen: readonly Part[]): number {
    const table = new Table({ head: ["part", "passed", "failed", "time"], style: { head: [], border: [] } });
    for (const { part, passed, failed, seconds } of results)
        table.push([part, passed, failed, `${seconds.toFixed(1)} s`]);
    const sum = (key: "passed" | "failed" | "seconds") =>
        results.reduce((total, result) => total + result[key], 0);
    table.push(["together", sum("passed"), sum("failed"), `${sum("seconds").toFixed(1)} s`]);
    console.log(`\n${table.toString()}`);
    const empty = chosen.filter(
        ({ name }) => !results.some(({ part, passed, failed }) => part === name && passed + failed > 0),
    );
    for (const { name } of empty) console.log(`the part "${name}" ran no test`);
    console.log(`${sum("passed")} passed, ${sum("failed") + empty.length} failed`);
    return sum("failed") + empty.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
