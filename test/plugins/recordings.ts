import { readFileSync } from "node:fs";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import type { RecordedCall } from "./pluginClient.ts";

/** One line of test/conformance/command.jsonl or digitalocean-{resources,edge}.jsonl. */
export interface Recording extends RecordedCall {
    /** command.jsonl: the part of the run. */
    phase?: string;
    /** command.jsonl: the resource's name, which says what it shows. */
    case?: string;
    /** digitalocean-*.jsonl: the part of the run. */
    step?: string;
    /** digitalocean-*.jsonl: the resource's name. */
    resource?: string;
    response?: Props;
    error?: string[];
}

/**
 * The lines of a recording.
 *
 * @param rewrite changes the text of a line before it is parsed, such as a host by another
 */
export function readRecording<T = Recording>(
    file: string,
    rewrite: (line: string) => string = (line) => line,
): T[] {
    const path = new URL(`../conformance/${file}`, import.meta.url);
    return readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(rewrite(line)) as T);
}
