/**
 * A Docker engine leaves packet filter chains behind when it stops. What a lab's own engine added is
 * the difference between two listings in the form of iptables-save(8), one taken before it started.
 */

export interface Table {
    readonly name: string;
    /** Chain to policy; "-" for a chain that somebody made. */
    readonly chains: ReadonlyMap<string, string>;
    /** Rules as `-A CHAIN ...`, in order. */
    readonly rules: readonly string[];
}

/** Reads the output of `iptables-save` or `ip6tables-save`. */
export function parseTables(text: string): Table[] {
    const tables: { name: string; chains: Map<string, string>; rules: string[] }[] = [];
    for (const line of text.split("\n")) {
        const table = tables.at(-1);
        if (line.startsWith("*")) tables.push({ name: line.slice(1), chains: new Map(), rules: [] });
        else if (line.startsWith(":") && table !== undefined) {
            const [chain = "", policy = "-"] = line.slice(1).split(" ");
            table.chains.set(chain, policy);
        } else if (line.startsWith("-A ") && table !== undefined) table.rules.push(line);
    }
    return tables;
}

/**
 * What undoes the difference, as input for `iptables-restore --noflush`: Docker's rules and chains that
 * were added are deleted, policies that were changed are set back. What does not look like Docker's
 * stays, since somebody else may have added rules in the meantime. Empty when there is nothing to undo.
 */
export function undo(before: readonly Table[], after: readonly Table[]): string {
    const lines: string[] = [];
    for (const table of after) {
        const old = before.find((candidate) => candidate.name === table.name);
        const commands = undoTable(old, table);
        if (commands.length > 0) lines.push(`*${table.name}`, ...commands, "COMMIT");
    }
    return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

/**
 * Tables that were not there before and that hold nothing now. Harmless, but a reader of `nft list
 * ruleset` should find the machine as it was.
 */
export function emptyNewTables(before: readonly Table[], after: readonly Table[]): string[] {
    return after
        .filter((table) => !before.some((old) => old.name === table.name))
        .filter((table) => table.rules.length === 0)
        .filter((table) => [...table.chains.values()].every((policy) => policy === "ACCEPT"))
        .map((table) => table.name);
}

function undoTable(before: Table | undefined, after: Table): string[] {
    const made = [...after.chains.keys()].filter(
        (chain) => chain.startsWith("DOCKER") && !before?.chains.has(chain),
    );
    const policies = [...after.chains].flatMap(([chain, policy]) => {
        // Chains of a table that was not there had their default.
        const old = before === undefined ? "ACCEPT" : before.chains.get(chain);
        return policy !== "-" && old !== undefined && old !== policy ? [`:${chain} ${old} [0:0]`] : [];
    });
    const known = new Set(before?.rules);
    const deletions = after.rules
        // Rules inside a made chain go with the chain.
        .filter((rule) => !known.has(rule) && !made.includes(chainOf(rule)) && isDockers(rule))
        .map((rule) => rule.replace(/^-A /, "-D "));
    return [
        ...policies,
        ...deletions,
        ...made.map((chain) => `-F ${chain}`),
        ...made.map((chain) => `-X ${chain}`),
    ];
}

/** Docker's rules jump to its chains or name one of its bridges: docker0, br- and a network ID, or the lab's own, swl. */
function isDockers(rule: string): boolean {
    return /-[jg] DOCKER/.test(rule) || /-[io] (docker0|br-[0-9a-f]{12}|swl\S*)( |$)/.test(rule);
}

function chainOf(rule: string): string {
    return rule.split(" ")[1] ?? "";
}
