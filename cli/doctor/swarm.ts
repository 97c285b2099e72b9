/** What the doctor says of the swarm as a whole: the same as `swarm status`. No I/O. */
import { drift } from "../drift.ts";
import { type Facts, uncomparedNotes } from "../health.ts";
import { type Check, fail, ok, warn } from "./checks.ts";

export function swarmChecks(facts: Facts): Check[] {
    const { noManager, wanted } = facts;
    if (noManager) return [fail("swarm", noManager.message, 'docs/operations.md, "Lost quorum"')];
    const differences = drift(facts).filter(({ degrades }) => degrades);
    const notes = uncomparedNotes(wanted).map((text) =>
        warn("swarm", text, "the passphrase shows what is secret, an up writes what is old"),
    );
    return differences.length === 0
        ? [ok("swarm", "members and services are what the stack says"), ...notes]
        : [...differences.map(({ text, remedy = LOOK }) => fail("swarm", text, remedy)), ...notes];
}

const LOOK = "swarm ls shows both sides";
