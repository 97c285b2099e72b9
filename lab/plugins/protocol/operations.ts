import { EngineLog } from "./engineLog.ts";
import type { Context } from "./provider.ts";

/** Longest delay a timer can hold; a longer custom timeout is as good as none. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The operations in flight. Cancel ends them all, a custom timeout or a call that the engine gave up ends one.
 */
export class Operations {
    /** Host and port of the engine, from the command line, the handshake or an attach. */
    engineAddress = "";
    readonly #cancelled = new AbortController();
    readonly #log = new EngineLog(() => this.engineAddress);

    /** Ends every operation in flight and every one to come: the engine is on its way out. */
    cancel(): void {
        this.#cancelled.abort(new Error("context canceled"));
    }

    /**
     * Runs one operation with a context of its own.
     *
     * @param call the engine's side of the call: tells when the engine has given it up
     */
    async run<T>(
        call: { on(event: "cancelled", listener: () => void): unknown },
        about: { urn: string; timeoutSeconds?: number; preview?: boolean },
        operation: (context: Context) => Promise<T>,
    ): Promise<T> {
        const own = new AbortController();
        const onCancel = () => own.abort(this.#cancelled.signal.reason);
        this.#cancelled.signal.addEventListener("abort", onCancel);
        if (this.#cancelled.signal.aborted) {
            onCancel();
        }
        call.on("cancelled", () => own.abort(new Error("context canceled")));
        const timeoutSeconds = about.timeoutSeconds ?? 0;
        const timer =
            timeoutSeconds > 0
                ? setTimeout(
                      () => own.abort(new Error(`context deadline exceeded after ${timeoutSeconds}s`)),
                      Math.min(timeoutSeconds * 1000, MAX_TIMER_MS),
                  )
                : undefined;
        const { urn } = about;
        try {
            return await operation({
                urn,
                name: urn.slice(urn.lastIndexOf("::") + 2),
                signal: own.signal,
                timeoutSeconds,
                preview: about.preview ?? false,
                log: (severity, message) => this.#log.log({ severity, message, urn, ephemeral: false }),
                status: (message) => this.#log.log({ severity: "info", message, urn, ephemeral: true }),
            });
        } finally {
            clearTimeout(timer);
            this.#cancelled.signal.removeEventListener("abort", onCancel);
            await this.#log.flush();
        }
    }
}
