/** The stream in which Docker's API gives logs. No I/O. */

/** A piece of a log, and which of a container's two streams it is from. */
export interface LogChunk {
    readonly from: "stdout" | "stderr";
    readonly text: Buffer;
}

/** Bytes in front of each chunk: the stream's number, three zeros, the length as a big-endian number. */
const HEADER = 8;

/** Takes the chunks apart; what is not complete yet waits for the next call. */
export class LogReader {
    #rest: Buffer = Buffer.alloc(0);

    read(data: Buffer): LogChunk[] {
        this.#rest = Buffer.concat([this.#rest, data]);
        const chunks: LogChunk[] = [];
        while (this.#rest.length >= HEADER) {
            const end = HEADER + this.#rest.readUInt32BE(4);
            if (this.#rest.length < end) break;
            chunks.push({
                from: this.#rest[0] === 2 ? "stderr" : "stdout",
                text: this.#rest.subarray(HEADER, end),
            });
            this.#rest = this.#rest.subarray(end);
        }
        return chunks;
    }
}

/**
 * The same for a service with a terminal, whose log has no chunks: Docker sends its lines as they are.
 */
export class LineReader {
    #rest: Buffer = Buffer.alloc(0);

    read(data: Buffer): LogChunk[] {
        this.#rest = Buffer.concat([this.#rest, data]);
        const chunks: LogChunk[] = [];
        for (let end = this.#rest.indexOf("\n"); end >= 0; end = this.#rest.indexOf("\n")) {
            chunks.push({ from: "stdout", text: this.#rest.subarray(0, end + 1) });
            this.#rest = this.#rest.subarray(end + 1);
        }
        return chunks;
    }
}

export interface LogLine {
    readonly node?: string;
    readonly task?: string;
    readonly time?: string;
    readonly text: string;
}

/** One line of a service's log with details: an optional time, then `key=value` pairs with commas, then the text. */
export function parseLine(line: string, timestamps: boolean): LogLine {
    const time = timestamps ? line.slice(0, line.indexOf(" ")) : undefined;
    const rest = timestamps ? line.slice(line.indexOf(" ") + 1) : line;
    const space = rest.indexOf(" ");
    const details = new Map(
        rest
            .slice(0, space)
            .split(",")
            .map((pair) => pair.split("=", 2) as [string, string]),
    );
    return {
        node: details.get("com.docker.swarm.node.id"),
        task: details.get("com.docker.swarm.task.id"),
        time,
        text: rest.slice(space + 1),
    };
}
