import { createRequire } from "node:module";
import type { EngineClient as EngineClientType } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type * as engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type { Severity } from "./provider.ts";

const require = createRequire(import.meta.url);

/** Lines that wait to be sent; past it the oldest status lines are dropped rather than memory filled. */
const MAX_WAITING = 10_000;

interface Entry {
    severity: Severity;
    message: string;
    urn: string;
    ephemeral: boolean;
}

/**
 * Sends messages to the engine, one after another, so that lines of a command appear in their order.
 * The client's code is loaded with the first message: a preview without messages does not pay for it.
 */
export class EngineLog {
    readonly #address: () => string;
    readonly #waiting: Entry[] = [];
    #client: EngineClientType | undefined;
    #sending: Promise<void> | undefined;

    /** @param address host and port of the engine; empty when nobody listens, and messages are dropped. */
    constructor(address: () => string) {
        this.#address = address;
    }

    log(entry: Entry): void {
        if (this.#address() === "") {
            return;
        }
        if (this.#waiting.length >= MAX_WAITING) {
            const oldestStatus = this.#waiting.findIndex((waiting) => waiting.ephemeral);
            this.#waiting.splice(Math.max(oldestStatus, 0), 1);
        }
        this.#waiting.push(entry);
        this.#sending ??= this.#send().finally(() => {
            this.#sending = undefined;
        });
    }

    /** Settles when all that was logged so far has been sent, so that no line comes after its operation. */
    async flush(): Promise<void> {
        await this.#sending;
    }

    async #send(): Promise<void> {
        const messages = require("@pulumi/pulumi/proto/engine_pb.js") as typeof engineMessages;
        const client = this.#connect();
        for (let entry = this.#waiting.shift(); entry !== undefined; entry = this.#waiting.shift()) {
            const request = new messages.LogRequest();
            request.setSeverity(LEVELS[entry.severity]);
            // Protobuf strings hold no lone surrogates; a cut multi-byte character must not end the log.
            request.setMessage(entry.message.toWellFormed());
            request.setUrn(entry.urn);
            request.setEphemeral(entry.ephemeral);
            // A log line that the engine cannot take is no reason to fail the operation it tells of.
            await new Promise<void>((resolve) => client.log(request, () => resolve()));
        }
    }

    #connect(): EngineClientType {
        if (this.#client === undefined) {
            const grpc = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
            const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb.js") as {
                EngineClient: typeof EngineClientType;
            };
            this.#client = new EngineClient(this.#address(), grpc.credentials.createInsecure());
        }
        return this.#client;
    }
}

/** The numbers of `pulumirpc.LogSeverity`. */
const LEVELS = { debug: 0, info: 1, warning: 2, error: 3 } as const;
