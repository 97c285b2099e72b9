import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {}

export function doctor(program: Command): void {
    program
        .command("doctor")
        .summary("what is wrong, seen from this machine, and what helps")
        .description(
            "Checks state and config, the token and what it may read, image, size and region, the droplet limit, whether " +
                "this machine may log in, each node's port 22 and host key, the ports between the nodes, full packets " +
                "through the overlay network, clocks, engines and disks, and whether members and services are what the stack says. " +
                "Changes nothing. Works before the first up, too.",
        )
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 0 when nothing failed, 1 otherwise.\n\nExample:\n  swarm doctor --json | jq '.checks[] | select(.level == \"fail\")'",
        )
        .action(
            run(async (signal, options: Options) => {
                const [{ examine }, { checksText }] = await Promise.all([
                    import("../doctor/examine.ts"),
                    import("../doctor/checks.ts"),
                ]);
                const checks = await examine({ stack: options.stack, signal });
                process.stdout.write(options.json ? json({ checks }) : checksText(checks));
                return checks.some(({ level }) => level === "fail") ? EXIT.no : EXIT.ok;
            }),
        );
}
