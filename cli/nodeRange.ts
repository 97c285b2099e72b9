/** Names and ranges on the command line, and the nodes that they mean. */
import { compressNames, expandNames } from "../model/names.ts";
import { Refused } from "../model/problems.ts";
import { CliError, EXIT } from "./errors.ts";
import { byName } from "./stackState.ts";

/**
 * The nodes of these names, in the order of the words.
 *
 * @param words `node1`, `node[2:4]`, `node[1:2],db1`.
 * @throws CliError That says which names there are.
 */
export function pickNodes<N extends { readonly name: string }>(
    nodes: readonly N[],
    words: readonly string[],
): N[] {
    const picked = words.flatMap((word) => {
        const names = expanded(word, nodes);
        const unknown = names.filter((name) => !nodes.some((node) => node.name === name));
        if (unknown.length > 0) {
            throw new CliError(`there is no node ${compressNames(unknown)}; ${thereAre(nodes)}`, EXIT.usage);
        }
        return nodes
            .filter((node) => names.includes(node.name))
            .sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    });
    return [...new Set(picked)];
}

export function pickNode<N extends { readonly name: string }>(nodes: readonly N[], word: string): N {
    const [node, ...more] = pickNodes(nodes, [word]);
    if (!node || more.length > 0) {
        throw new CliError(`"${word}" is not the name of one node; ${thereAre(nodes)}`, EXIT.usage);
    }
    return node;
}

function expanded(word: string, nodes: readonly { readonly name: string }[]): string[] {
    try {
        return expandNames(word);
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // Where a part of the word is at fault, the reason names it.
        const why = error.message.startsWith('"') ? error.message : `"${word}" ${error.message}`;
        throw new CliError(`${why}; say a name or a range such as node[2:4]; ${thereAre(nodes)}`, EXIT.usage);
    }
}

function thereAre(nodes: readonly { readonly name: string }[]): string {
    const names = [...new Set(nodes.map(({ name }) => name))].sort(byName);
    return names.length === 0 ? "there are none" : `there are: ${compressNames(names).replaceAll(",", ", ")}`;
}
