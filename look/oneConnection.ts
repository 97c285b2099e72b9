import { Agent } from "node:http";
import type { Duplex } from "node:stream";

/** One connection, which is there already, for one HTTP request after another. */
export class OneConnection extends Agent {
    readonly #stream: Duplex;

    constructor(stream: Duplex) {
        super({ keepAlive: true, maxSockets: 1 });
        this.#stream = stream;
    }

    override createConnection() {
        return this.#stream;
    }

    // Both are about TCP sockets.
    override keepSocketAlive() {
        return true;
    }
    override reuseSocket() {}
}
