/** The order of parts, and when it ends early. */
import type { Counts } from "./counts.ts";

interface Ordered {
    readonly name: string;
    /** Where it fails, the others prove nothing and are not run. */
    readonly gate?: boolean;
}

/**
 * Runs the parts in their order, those that are no gate only if all gates before them hold.
 *
 * @param run Returns nothing where it could not begin: no further part is run then.
 * @returns what is wrong beside the tests that failed: parts that ran no test, and parts that were not run.
 */
export async function runInOrder<Part extends Ordered>(
    parts: readonly Part[],
    run: (part: Part) => Promise<Counts | undefined>,
): Promise<string[]> {
    const shut: string[] = [];
    const faults: string[] = [];
    for (const [index, part] of parts.entries()) {
        const rest = parts.slice(index).map(({ name }) => name);
        if (shut.length > 0 && !part.gate)
            return [...faults, `${shut.join(" and ")} failed, so these were not run: ${rest.join(", ")}`];
        const counts = await run(part);
        if (!counts) return [...faults, `the labs did not start, so these were not run: ${rest.join(", ")}`];
        if (counts.passed + counts.failed === 0) faults.push(`the part "${part.name}" ran no test`);
        if (part.gate && counts.failed > 0) shut.push(part.name);
    }
    return faults;
}
