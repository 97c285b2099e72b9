/**
 * Every command with its arguments, options and help. What a command does is loaded when it runs: a person who asks
 * for an address does not wait for the rest.
 */
import { Command } from "commander";
import { completion } from "./commands/completion.ts";
import { docker } from "./commands/docker.ts";
import { doctor } from "./commands/doctor.ts";
import { env } from "./commands/env.ts";
import { ip } from "./commands/ip.ts";
import { logs } from "./commands/logs.ts";
import { ls } from "./commands/ls.ts";
import { map } from "./commands/map.ts";
import { orphans } from "./commands/orphans.ts";
import { plan } from "./commands/plan.ts";
import { scale } from "./commands/scale.ts";
import { ssh } from "./commands/ssh.ts";
import { status } from "./commands/status.ts";
import { wait } from "./commands/wait.ts";
import { EXIT } from "./errors.ts";

export function makeProgram(): Command {
    const program = new Command("swarm")
        .description(
            "Hands on the running cluster of a stack. Keeps nothing of its own: it reads the stack's state, asks the " +
                "cluster over SSH, and asks DigitalOcean's API.",
        )
        .enablePositionalOptions()
        .showHelpAfterError("(say --help for what there is)")
        .exitOverride();
    for (const command of [
        ls,
        ip,
        status,
        docker,
        ssh,
        env,
        plan,
        scale,
        logs,
        wait,
        orphans,
        doctor,
        map,
        completion,
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
