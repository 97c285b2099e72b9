import { type Command, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly up?: boolean;
    readonly yes?: boolean;
}

export function scale(program: Command): void {
    program
        .command("scale")
        .summary("more or fewer replicas of a service")
        .description(
            "Writes the number to the stack's config, where it stays, and shows the preview. With --up it goes on, as " +
                "`pulumi up` does: after a question.",
        )
        .argument("<name=n...>", "service and number of replicas: nginx=4")
        .option("--up", "make it so, after Pulumi's question")
        .addOption(new Option("--yes", "without the question; with --up alone"))
        .addOption(stackOption())
        .addHelpText(
            "after",
            "\nExit status: that of pulumi.\n\nExamples:\n  swarm scale nginx=4\n  swarm scale nginx=4 api=2 --up",
        )
        .action(
            run(async (signal, words: string[], options: Options) => {
                const [work, pulumi, { CliError }] = await Promise.all([
                    import("../scaling.ts"),
                    import("../pulumi.ts"),
                    import("../errors.ts"),
                ]);
                const choice = { stack: options.stack, signal };
                const wanted = words.map(work.parseScaling);
                if (options.yes && !options.up) {
                    throw new CliError(
                        "--yes is for --up: without that nothing is asked, and nothing made",
                        EXIT.usage,
                    );
                }
                const { value = "{}", secret } = await pulumi.configEntry("swarm:services", choice);
                const services = JSON.parse(value);
                for (const scaling of wanted) work.checkScaling(services, scaling);
                const scaled = work.scaled(services, wanted);
                // A path into what is secret as a whole would put the rest of it aside, and the number in clear.
                const sets = secret
                    ? [{ args: ["--secret", "swarm:services"], input: JSON.stringify(scaled) }]
                    : wanted.map(({ service, replicas }) => ({
                          args: ["--path", work.replicasKey(service), `${replicas}`],
                          input: undefined,
                      }));
                for (const { args, input } of sets) {
                    const ran = await pulumi.pulumi(["config", "set", ...args], choice, { input });
                    if (ran.status !== 0) throw new CliError(pulumi.refusalText(ran.stderr), EXIT.state);
                }
                for (const { service, replicas } of wanted)
                    process.stderr.write(`${work.replicasKey(service)} = ${replicas}\n`);
                const verb = options.up ? ["up", ...(options.yes ? ["--yes"] : [])] : ["preview"];
                return await pulumi.pulumiHere(verb, options.stack);
            }),
        );
}
