import type { Command } from "commander";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly watch?: boolean;
}

/** Between two looks. */
const WATCH_MS = 2_000;

export function status(program: Command): void {
    program
        .command("status")
        .summary("whether the cluster is healthy, on one screen")
        .description(
            "Shows leader, managers and how many of them may still be lost, nodes, services with wanted and running tasks " +
                "and the reason of what does not run, when certificates end, engine versions, and where members and " +
                "services differ from what the last up has made of them, whoever changed them. Published ports that the " +
                "firewall does not let in are named.",
        )
        .option("-w, --watch", "again every two seconds, until Ctrl-C")
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 0 healthy, 1 degraded, 2 no quorum or no manager reached.\n\n" +
                "Examples:\n  swarm status\n  swarm status --watch\n  swarm status --json | jq .reasons",
        )
        .action(
            run(async (signal, options: Options) => {
                const [{ gatherer }, { healthOf, healthText }] = await Promise.all([
                    import("../status.ts"),
                    import("../health.ts"),
                ]);
                const gather = gatherer({ stack: options.stack, signal }, true);
                for (;;) {
                    const facts = await gather();
                    const health = healthOf(facts);
                    const all = { ...health, certificates: facts.certificates, view: facts.view };
                    // Of what goes on, readers take a line at a time.
                    const text = !options.json
                        ? healthText(facts, health)
                        : options.watch
                          ? `${JSON.stringify(all)}\n`
                          : json(all);
                    const clear =
                        options.watch && process.stdout.isTTY && !options.json
                            ? "\u001b[H\u001b[2J\u001b[3J"
                            : "";
                    process.stdout.write(clear + text);
                    if (!options.watch) return health.status;
                    const { setTimeout: sleep } = await import("node:timers/promises");
                    await sleep(WATCH_MS, undefined, { signal });
                }
            }),
        );
}
