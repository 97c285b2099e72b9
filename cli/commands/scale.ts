import { CliError, EXIT } from "../errors.ts";
import { define, type Verb } from "../options.ts";
import { configOf, pulumi, pulumiHere, refusalText } from "../pulumi.ts";
import { checkScaling, parseScaling, replicasKey, scaled } from "../scaling.ts";

interface Options {
    readonly up?: boolean;
    readonly yes?: boolean;
}

export default (program: Verb) =>
    define(program, "scale", {
        summary: "more or fewer replicas of a service",
        description:
            "Writes the number to the stack's config, where it stays, and shows the preview. With --up it goes on, as " +
            "`pulumi up` does: after a question.",
        more: "Exit status: that of pulumi.",
        examples: ["swarm scale nginx=4", "swarm scale nginx=4 api=2 --up"],
    })
        .argument("<service=n...>", "service and number of replicas: nginx=4")
        .option("--up", "make it so, after Pulumi's question")
        .option("--yes", "without the question; with --up alone")
        .does(async (choice, words: string[], { up, yes }: Options) => {
            const wanted = words.map(parseScaling);
            const alone = "--yes is for --up: without that nothing is asked, and nothing made";
            if (yes && !up) throw new CliError(alone, EXIT.usage);
            const entry = (await configOf(choice))["swarm:services"];
            const services = JSON.parse(entry?.value ?? "{}");
            for (const scaling of wanted) checkScaling(services, scaling);
            const changed = scaled(services, wanted);
            // A path into what is secret as a whole would put the rest of it aside, and the number in clear.
            const sets = entry?.secret
                ? [{ args: ["--secret", "swarm:services"], input: JSON.stringify(changed) }]
                : wanted.map(({ service, replicas }) => ({
                      args: ["--path", replicasKey(service), `${replicas}`],
                      input: undefined,
                  }));
            for (const { args, input } of sets) {
                const ran = await pulumi(["config", "set", ...args], choice, { input });
                if (ran.status !== 0) throw new CliError(refusalText(ran.stderr), EXIT.state);
            }
            for (const { service, replicas } of wanted)
                process.stderr.write(`${replicasKey(service)} = ${replicas}\n`);
            return await pulumiHere(up ? ["up", ...(yes ? ["--yes"] : [])] : ["preview"], choice.stack);
        });
