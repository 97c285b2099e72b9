/** What the doctor says of the swarm as a whole: the same as `swarm status`. No I/O. */
import { drift, type Facts, withoutQuorum } from "../drift.ts";
import { uncomparedNotes } from "../health.ts";
import { type Check, fail, ok, warn } from "./checks.ts";

export function swarmChecks(facts: Facts): Check[] {
    const { noManager, wanted } = facts;
    const quorumLost = noManager?.noQuorum === true;
    const differences = drift(facts)
        .filter(({ degrades }) => degrades)
        .map((difference) => (quorumLost ? withoutQuorum(difference) : difference))
        .map(({ text, remedy = LOOK }) => fail("swarm", text, remedy));
    if (noManager) {
        const remedy = quorumLost
            ? 'docs/operations.md, "Lost quorum"'
            : "see the nodes above; what they say of themselves is the cause";
        return [fail("swarm", noManager.message, remedy), ...differences];
    }
    const notes = uncomparedNotes(wanted).map((text) =>
        warn("swarm", text, "the passphrase shows what is secret, an up writes what is old"),
    );
    const fine = ok("swarm", "members and services are what the stack says");
    return [...(differences.length > 0 ? differences : [fine]), ...notes];
}

export const LOOK = "cli/bin/swarm ls shows both sides";
