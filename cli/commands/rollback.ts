import type { Command } from "commander";
import { attempt, CliError, EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

export function rollback(program: Command): void {
    program
        .command("rollback")
        .summary("a service as it was before its last update")
        .description(
            "Has the swarm set a service back to what it was before its last update, by the service's own rollback policy. " +
                "The config still wants the newer one, so the next up sets that again; which line to change is said.",
        )
        .argument("<service>", "the service")
        .addOption(stackOption())
        .addHelpText("after", "\nExit status: docker's own.\n\nExample:\n  swarm rollback nginx")
        .action(
            run(async (signal, name: string, options: StackOption) => {
                const [
                    { openAccess },
                    { onManager, serviceOf },
                    { dockerHere },
                    { afterRollback },
                    { configEntry },
                ] = await Promise.all([
                    import("../access.ts"),
                    import("../places.ts"),
                    import("../dockerClient.ts"),
                    import("../scaling.ts"),
                    import("../pulumi.ts"),
                ]);
                const access = await openAccess({ stack: options.stack, signal });
                const [service, manager] = await onManager(access, signal, async (api, manager) => [
                    await serviceOf(api, name),
                    manager,
                ]);
                const { Spec, PreviousSpec } = service;
                if (PreviousSpec === undefined)
                    throw new CliError(
                        `${name} has not been updated since it was made: there is nothing to go back to`,
                    );
                const status = await dockerHere(access, manager, ["service", "rollback", name]);
                if (status !== EXIT.ok) return status;
                const entry = await attempt(configEntry("swarm:services", { stack: options.stack, signal }));
                const secret = !(entry instanceof Error) && entry.secret;
                process.stderr.write(afterRollback(name, Spec, PreviousSpec, secret));
                return status;
            }),
        );
}
