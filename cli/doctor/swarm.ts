/** What the doctor says of the swarm as a whole: the same as `swarm status`. No I/O. */
import { drift, withoutQuorum } from "../drift.ts";
import { type Facts, uncomparedNotes } from "../health.ts";
import { type Check, fail, ok, warn } from "./checks.ts";

export function swarmChecks(facts: Facts): Check[] {
    const { noManager, wanted } = facts;
    const found = drift(facts).filter(({ degrades }) => degrades);
    const differences = noManager?.noQuorum ? found.map(withoutQuorum) : found;
    if (noManager) {
        const remedy = noManager.noQuorum
            ? 'docs/operations.md, "Lost quorum"'
            : "see the nodes above; what they say of themselves is the cause";
        return [
            fail("swarm", noManager.message, remedy),
            ...differences.map(({ text, remedy = LOOK }) => fail("swarm", text, remedy)),
        ];
    }
    const notes = uncomparedNotes(wanted).map((text) =>
        warn("swarm", text, "the passphrase shows what is secret, an up writes what is old"),
    );
    return differences.length === 0
        ? [ok("swarm", "members and services are what the stack says"), ...notes]
        : [...differences.map(({ text, remedy = LOOK }) => fail("swarm", text, remedy)), ...notes];
}

const LOOK = "swarm ls shows both sides";
