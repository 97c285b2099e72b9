/**
 * Every command with its arguments, options and help. Only the one that runs is loaded: a person who asks for an address
 * does not wait for the rest.
 */
import type { Command } from "commander";
import { EXIT } from "./errors.ts";
import { jsonOption, stackOption, Verb } from "./options.ts";

const COMMANDS = (
    "ls ip status docker ssh exec forward env plan scale rollback push drain activate " +
    "replace power logs top wait orphans doctor map completion version"
).split(" ");

const fileOf = (name: string) => (name === "activate" ? "drain" : name);

/** @param only The command that is going to run; default all of them. */
export async function makeProgram(only?: string): Promise<Verb> {
    const program = new Verb("swarm")
        .description(
            "Hands on the running cluster of a stack. Keeps nothing of its own: it reads the stack's state, asks the " +
                "cluster over SSH, and asks DigitalOcean's API.",
        )
        .enablePositionalOptions()
        .showHelpAfterError("(say --help for what there is)")
        .addOption(stackOption())
        .addOption(jsonOption())
        .hook("preAction", passOn)
        .exitOverride();
    const names = only !== undefined && COMMANDS.includes(only) ? [only] : COMMANDS;
    const files = [...new Set(names.map(fileOf))];
    const modules = await Promise.all(files.map((file) => import(`./commands/${file}.ts`)));
    for (const module of modules) (module.default as (program: Verb) => void)(program);
    return program.addHelpText(
        "after",
        `
Exit status: ${EXIT.ok} done or healthy, ${EXIT.no} not, ${EXIT.unreachable} no quorum, no manager reached or the cloud not asked, ${EXIT.state} no state to read, ${EXIT.usage} wrong usage.
Environment: PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE(_FILE), DIGITALOCEAN_TOKEN, NO_COLOR.`,
    );
}

/** What stands before the command counts as if it stood behind it. */
function passOn(program: Command, command: Command): void {
    if (command === program) return;
    for (const option of program.options) {
        const name = option.attributeName();
        const value = program.getOptionValue(name);
        if (value === undefined) continue;
        if (!command.options.some(({ long }) => long === option.long))
            command.error(`error: unknown option '${option.long}' for ${command.name()}`);
        if (command.getOptionValueSource(name) !== "cli") command.setOptionValue(name, value);
    }
}
