/**
 * The reporter in each test file's process: prints what the spec reporter prints, but for its count at the end, and
 * tells the runner the file's own.
 */
import { Readable } from "node:stream";
import type { EventData } from "node:test";
import { spec, type TestEvent } from "node:test/reporters";
import type { Message } from "./counts.ts";

export default async function* report(events: AsyncIterable<TestEvent>) {
    yield* Readable.from(told(events)).compose(new spec());
}

async function* told(events: AsyncIterable<TestEvent>) {
    const counts = { passed: 0, failed: 0 };
    let seen = 0;
    // How many tests and suites have ended at each depth, in the suite that is under way there.
    const ended: number[] = [];
    for await (const event of events) {
        const { type } = event;
        if (type === "test:pass" || type === "test:fail") {
            const { nesting, details, skip, todo } = event.data;
            ended[nesting] = (ended[nesting] ?? 0) + 1;
            const within = ended[nesting + 1] ?? 0;
            ended[nesting + 1] = 0;
            const suite = details.type === "suite";
            if (details.type === "test") seen += 1;
            // What was skipped, or is left to do, has not passed, and a suite without a test proves nothing. One that
            // failed for its tests' sake has been counted with them; any other fault is its own.
            if (skip || todo || (type === "test:pass" && suite && within === 0)) counts.failed += 1;
            else if (type === "test:fail" && !(suite && failureType(event.data) === "subtestsFailed"))
                counts.failed += 1;
            else if (type === "test:pass" && !suite) counts.passed += 1;
        }
        if (type === "test:summary") tell({ ended: { ...counts, seen, reported: event.data.counts.tests } });
        else if (!(type === "test:diagnostic" && ofCounts.test(event.data.message))) yield event;
    }
}

/** The spec reporter's closing lines: one of each for every file would bury the tests. */
const ofCounts = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

function failureType({ details }: EventData.TestFail): unknown {
    return "failureType" in details.error ? details.error.failureType : undefined;
}

function tell(message: Message): void {
    process.send?.(message);
}
