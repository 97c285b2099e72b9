/**
 * Every command with its arguments, options and help. What a command does is loaded when it runs: a person who asks
 * for an address does not wait for the rest.
 */
import { Command } from "commander";
import { completion } from "./commands/completion.ts";
import { docker } from "./commands/docker.ts";
import { doctor } from "./commands/doctor.ts";
import { drain } from "./commands/drain.ts";
import { env } from "./commands/env.ts";
import { exec } from "./commands/exec.ts";
import { forward } from "./commands/forward.ts";
import { ip } from "./commands/ip.ts";
import { logs } from "./commands/logs.ts";
import { ls } from "./commands/ls.ts";
import { map } from "./commands/map.ts";
import { orphans } from "./commands/orphans.ts";
import { plan } from "./commands/plan.ts";
import { power } from "./commands/power.ts";
import { push } from "./commands/push.ts";
import { replace } from "./commands/replace.ts";
import { rollback } from "./commands/rollback.ts";
import { scale } from "./commands/scale.ts";
import { ssh } from "./commands/ssh.ts";
import { status } from "./commands/status.ts";
import { top } from "./commands/top.ts";
import { version } from "./commands/version.ts";
import { wait } from "./commands/wait.ts";
import { EXIT } from "./errors.ts";
import { jsonOption, stackOption } from "./options.ts";

export function makeProgram(): Command {
    const program = new Command("swarm")
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
    for (const command of [
        ls,
        ip,
        status,
        docker,
        ssh,
        exec,
        forward,
        env,
        plan,
        scale,
        rollback,
        push,
        drain,
        replace,
        power,
        logs,
        top,
        wait,
        orphans,
        doctor,
        map,
        completion,
        version,
    ])
        command(program);
    program.addHelpText(
        "after",
        `
Exit status: ${EXIT.ok} done or healthy, ${EXIT.no} not, ${EXIT.unreachable} no quorum, no manager reached or the cloud not asked, ${EXIT.state} no state to read, ${EXIT.usage} wrong usage.
Environment: PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE(_FILE), DIGITALOCEAN_TOKEN, NO_COLOR.`,
    );
    return program;
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
