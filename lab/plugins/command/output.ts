import { StringDecoder } from "node:string_decoder";

export type StreamName = "stdout" | "stderr";

/** The values of the `logging` property, and the streams whose lines each shows live. */
export const LOGGING: Record<string, readonly StreamName[]> = {
    stdout: ["stdout"],
    stderr: ["stderr"],
    stdoutAndStderr: ["stdout", "stderr"],
    none: [],
};

/** A live line longer than this is shown in pieces: the engine redraws its progress with each. */
const MAX_LINE = 16 * 1024;

/** Collects what a command prints, and hands its lines on while they come. */
export class Output {
    readonly #logged: readonly StreamName[];
    readonly #onLine: (line: string) => void;
    readonly #chunks: { stream: StreamName; bytes: Buffer }[] = [];
    readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
    readonly #partial = { stdout: "", stderr: "" };

    constructor(logged: readonly StreamName[], onLine: (line: string) => void) {
        this.#logged = logged;
        this.#onLine = onLine;
    }

    add(stream: StreamName, bytes: Buffer): void {
        this.#chunks.push({ stream, bytes });
        if (!this.#logged.includes(stream)) {
            return;
        }
        const lines = (this.#partial[stream] + this.#decoders[stream].write(bytes)).split("\n");
        this.#partial[stream] = lines.pop() ?? "";
        for (const line of lines) {
            this.#onLine(line);
        }
        if (this.#partial[stream].length > MAX_LINE) {
            this.#onLine(this.#partial[stream]);
            this.#partial[stream] = "";
        }
    }

    /** Hands on what no newline ended. */
    end(): void {
        for (const stream of this.#logged) {
            if (this.#partial[stream] !== "") {
                this.#onLine(this.#partial[stream]);
            }
        }
    }

    /** Everything, in the order it came. */
    combined(): string {
        return Buffer.concat(this.#chunks.map(({ bytes }) => bytes)).toString();
    }

    /** Each stream for itself, without one trailing newline. */
    result(): { stdout: string; stderr: string } {
        const text = (name: StreamName) =>
            Buffer.concat(this.#chunks.filter(({ stream }) => stream === name).map(({ bytes }) => bytes))
                .toString()
                .replace(/\n$/, "");
        return { stdout: text("stdout"), stderr: text("stderr") };
    }
}
