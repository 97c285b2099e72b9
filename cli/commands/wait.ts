import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly timeout: number;
}

/** Between two looks. */
const PAUSE_MS = 1_000;

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
                const [{ gather }, { healthOf }, { setTimeout: sleep }] = await Promise.all([
                    import("../status.ts"),
                    import("../health.ts"),
                    import("node:timers/promises"),
                ]);
                const start = performance.now();
                let said = "";
                for (;;) {
                    const health = healthOf(await gather({ stack: options.stack, signal }, "none"));
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
