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
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import Table from "cli-table3";

const root = path.resolve(import.meta.dirname, "..");

/** The tests have a lab of their own, so that they can run beside a person's. */
const labSettings = {
    LAB_NAME: process.env.LAB_NAME || "lab-test",
    LAB_PORT: process.env.LAB_PORT || "8746",
    LAB_PUBLIC_CIDR: process.env.LAB_PUBLIC_CIDR || "198.18.0.0/24",
    // Images that are broken on purpose, for the tests of what goes wrong.
    LAB_FAULTY_IMAGES: "1",
};

/** No file takes half as long; one that hangs is a failure, and not a run without end. */
const FILE_LIMIT_MS = 20 * 60_000;

/** Nor does one of a long part take so long. */
const LONG_FILE_LIMIT_MS = 24 * 60 * 60_000;

interface Part {
    readonly name: string;
    /** Glob of test files, or a command whose status counts as one test. */
    readonly files?: string;
    readonly command?: readonly string[];
    /** Needs the running lab; such files run one after another, since they share its droplets' two cores. */
    readonly lab?: boolean;
    /** Takes hours: runs only where it is named. */
    readonly long?: boolean;
}

const parts: readonly Part[] = [
    { name: "types", command: ["npx", "tsc", "--noEmit"] },
    { name: "lint", command: ["npx", "biome", "check", "--error-on-warnings"] },
    { name: "unit", files: "test/unit/**/*.test.ts" },
    { name: "scripts", files: "test/scripts/**/*.test.ts" },
    { name: "program", files: "test/program/**/*.test.ts" },
    { name: "cli", files: "test/cli/**/*.test.ts" },
    { name: "workflows", files: "test/workflows/**/*.test.ts" },
    { name: "policy", files: "test/policy/**/*.test.ts" },
    { name: "plugins", files: "test/plugins/**/*.test.ts" },
    { name: "api", files: "test/lab/*.test.ts" },
    { name: "droplets", files: "test/droplets/**/*.test.ts", lab: true },
    { name: "cluster", files: "test/cluster/**/*.test.ts", lab: true },
    { name: "browser", files: "test/browser/**/*.test.ts", lab: true },
    { name: "matrix", files: "test/long/matrix.test.ts", lab: true, long: true },
    { name: "walks", files: "test/long/walks.test.ts", lab: true, long: true },
];

interface Result {
    readonly part: string;
    readonly passed: number;
    readonly failed: number;
    readonly seconds: number;
}

const filesOf = (part: Part) => globSync(part.files ?? [], { cwd: root }).sort();

async function runFiles(part: Part): Promise<Pick<Result, "passed" | "failed">> {
    const counts = { passed: 0, failed: 0 };
    const stream = run({
        files: filesOf(part),
        cwd: root,
        concurrency: part.lab ? 1 : 2,
        timeout: part.long ? LONG_FILE_LIMIT_MS : FILE_LIMIT_MS,
    });
    // Only tests count, not the suites around them; one that was skipped or left to do has not passed.
    const count =
        (kind: keyof typeof counts) =>
        (event: { details: { type?: string }; skip?: unknown; todo?: unknown }) => {
            if (event.details.type === "suite") return;
            counts[event.skip || event.todo ? "failed" : kind] += 1;
        };
    stream.on("test:pass", count("passed"));
    stream.on("test:fail", count("failed"));
    for await (const text of stream.compose(new spec())) process.stdout.write(text);
    return counts;
}

function runCommand(command: readonly string[], env = process.env, quiet = false): Promise<number> {
    return new Promise((resolve) => {
        const child = spawn(command[0] as string, command.slice(1), {
            cwd: root,
            env,
            stdio: ["ignore", quiet ? "ignore" : "inherit", "inherit"],
        });
        child.on("error", (error) => {
            console.error(`${command.join(" ")}: ${error.message}`);
            resolve(127);
        });
        child.on("close", (status) => resolve(status ?? 1));
    });
}

const lab = (verb: string) =>
    runCommand([process.execPath, "lab/main.ts", verb], { ...process.env, ...labSettings });

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
    const measure = async (part: string, work: () => Promise<Pick<Result, "passed" | "failed">>) => {
        const start = performance.now();
        console.log(`\n── ${part} ──`);
        results.push({ part, ...(await work()), seconds: (performance.now() - start) / 1000 });
    };
    const asOne = (status: number) => ({ passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 });
    Object.assign(process.env, labSettings);
    process.env.NODE_NO_WARNINGS = "1";
    let started = false;
    const stop = async () => {
        if (started) await measure("lab stops", async () => asOne(await lab("down")));
        started = false;
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.once(signal, () => void stop().finally(() => process.exit(1)));
    }
    for (const part of chosen) {
        if (part.lab && !started) {
            started = true;
            await measure("lab starts", async () => asOne(await lab("start")));
            if (results.at(-1)?.failed) break;
            const made = JSON.parse(
                readFileSync(path.join(root, ".lab", labSettings.LAB_NAME, "made.json"), "utf8"),
            );
            process.env.LAB_DOCKER_HOST = `unix://${made.dockerSocket}`;
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
