/**
 * Runs test files, shows their results as the spec reporter does, and counts tests.
 *
 * usage: node test/files.ts TIMEOUT-MS CONCURRENCY FILE...
 *
 * A process of its own, since test files get the environment of the process that runs them, and each lab is an
 * environment. To the process that started it, it sends one message of the form of `Counts`.
 */
import { run } from "node:test";
import { spec } from "node:test/reporters";

export interface Counts {
    readonly passed: number;
    readonly failed: number;
}

async function runFiles(files: readonly string[], timeout: number, concurrency: number): Promise<Counts> {
    const counts = { passed: 0, failed: 0 };
    const stream = run({ files: [...files], concurrency, timeout });
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

const [timeout, concurrency, ...files] = process.argv.slice(2);
const counts = await runFiles(files, Number(timeout), Number(concurrency));
process.send?.(counts);
process.disconnect?.();
