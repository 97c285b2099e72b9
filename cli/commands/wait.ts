import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly timeout: number;
}

/** Between two looks. */
const PAUSE_MS = 1_000;

/** Readings of the state in a row that may fail before the first that succeeds. */
const TRIES = 3;

export function wait(program: Command): void {
    program
        .command("wait")
        .summary("until the cluster is healthy, for scripts")
        .description(
            "Waits until `swarm status` would say that the cluster is healthy. Says on standard error what it waits for, " +
                "whenever that changes.",
        )
        .addOption(new Option("-t, --timeout <seconds>", "how long at most").default(300).argParser(seconds))
        .addOption(stackOption())
        .addHelpText(
            "after",
            "\nExit status: that of `swarm status` at the end: 0 healthy, 1 still degraded, 2 no quorum or no manager reached.\n\n" +
                "Example:\n  pulumi up --yes && swarm wait --timeout 120",
        )
        .action(
            run(async (signal, options: Options) => {
                const [{ gatherer }, { MomentaryError }, { healthOf }, { setTimeout: sleep }] =
                    await Promise.all([
                        import("../status.ts"),
                        import("../pulumi.ts"),
                        import("../health.ts"),
                        import("node:timers/promises"),
                    ]);
                const start = performance.now();
                const gather = gatherer({ stack: options.stack, signal }, false);
                let said = "";
                let failures = 0;
                for (;;) {
                    const facts = await gather().catch((error: Error) => {
                        failures += 1;
                        if (!(error instanceof MomentaryError) || failures === TRIES) throw error;
                        process.stderr.write(`waiting: ${error.message}\n`);
                        return undefined;
                    });
                    if (facts === undefined) {
                        await sleep(PAUSE_MS, undefined, { signal });
                        continue;
                    }
                    const health = healthOf(facts);
                    if (health.status === EXIT.ok) return EXIT.ok;
                    const why = health.reasons.join("\n");
                    const waited = (performance.now() - start) / 1000;
                    if (waited >= options.timeout) {
                        process.stderr.write(
                            `swarm: waited ${Math.round(waited)} s for the cluster to be healthy; it is ${health.verdict}:\n${why}\n`,
                        );
                        return health.status;
                    }
                    if (why !== said) process.stderr.write(`waiting: ${why.replaceAll("\n", "; ")}\n`);
                    said = why;
                    await sleep(PAUSE_MS, undefined, { signal });
                }
            }),
        );
}

function seconds(text: string): number {
    if (!/^\d{1,6}$/.test(text))
        throw new InvalidArgumentError("Allowed: a whole number of seconds, from 0 to 999999.");
    return Number(text);
}
