import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly follow?: boolean;
    readonly tail: string;
    readonly since?: string;
    readonly timestamps?: boolean;
}

export function logs(program: Command): void {
    program
        .command("logs")
        .summary("the logs of services, from all their nodes")
        .description(
            "Prints what the tasks of services have written, each line with its node and task in front.",
        )
        .argument("<name...>", "the services")
        .option("-f, --follow", "go on until Ctrl-C")
        .addOption(
            new Option("-n, --tail <lines>", "so many of the last lines of each task, or all")
                .default("100")
                .argParser(lines),
        )
        .addOption(
            new Option(
                "--since <when>",
                "what is younger than 10m, 2h, 3d, or than a time in RFC 3339",
            ).argParser(since),
        )
        .option("-t, --timestamps", "each line with its time")
        .addOption(stackOption())
        .addHelpText("after", "\nExamples:\n  swarm logs nginx\n  swarm logs nginx api -f --since 10m")
        .action(
            run(async (signal, names: string[], options: Options) => {
                const [{ openAccess }, { activeManager }, { followLogs }] = await Promise.all([
                    import("../access.ts"),
                    import("../managers.ts"),
                    import("../serviceLogs.ts"),
                ]);
                const access = await openAccess({ stack: options.stack, signal });
                const manager = await activeManager(access, signal);
                await followLogs(access, manager, names, options, signal);
                return EXIT.ok;
            }),
        );
}

function lines(text: string): string {
    if (!/^(all|\d{1,7})$/.test(text))
        throw new InvalidArgumentError('Allowed: a whole number of lines, or "all".');
    return text;
}

/** As a Unix time in seconds, which the API takes. */
function since(text: string): string {
    const ago = /^(\d{1,6})([smhd])$/.exec(text);
    const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
    const time = ago
        ? Date.now() / 1000 - Number(ago[1]) * seconds[ago[2] as keyof typeof seconds]
        : Date.parse(text) / 1000;
    if (Number.isNaN(time))
        throw new InvalidArgumentError("Allowed: 30s, 10m, 2h, 3d, or a time such as 2026-11-26T21:00:00Z.");
    return time.toFixed(3);
}
