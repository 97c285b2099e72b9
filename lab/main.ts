import { spawn } from "node:child_process";
import { makeClean, makeDown } from "./down.ts";
import { environmentOf, processEnv, shellText } from "./environment.ts";
import { LabError } from "./errors.ts";
import { type Instance, instanceFrom } from "./instance.ts";
import { endOnSignals } from "./signals.ts";
import { labRuns, startLab } from "./start.ts";
import { statusOf } from "./status.ts";
import { makeUp } from "./up.ts";

/** What `make <verb>` does; each returns the exit status. */
const verbs: Readonly<Record<string, (instance: Instance) => Promise<number>>> = {
    up: async (instance) => {
        await makeUp(instance);
        return 0;
    },
    start: async (instance) => {
        await startLab(instance);
        return 0;
    },
    env: async (instance) => {
        // On the standard output only what is to be evaluated.
        process.stdout.write(shellText(environmentOf(instance)));
        if (!labRuns(instance))
            console.error(`The lab "${instance.name}" does not run now; "make up" starts it.`);
        return 0;
    },
    shell: async (instance) => {
        console.error(
            `swarm is on PATH, and pulumi speaks to the lab "${instance.name}". Leave this shell with exit.`,
        );
        const env = processEnv(environmentOf(instance));
        return await new Promise((resolve, reject) => {
            const shell = spawn(process.env.SHELL || "/bin/sh", { stdio: "inherit", env });
            shell.on("error", reject);
            // The status of the last command in it is no failure of make's.
            shell.on("close", () => resolve(0));
        });
    },
    down: async (instance) => report(await makeDown(instance)),
    clean: async (instance) => report(await makeClean(instance)),
    status: async (instance) => {
        const { text, good } = await statusOf(instance);
        process.stdout.write(text);
        return good ? 0 : 1;
    },
};

function report(problems: readonly string[]): number {
    for (const problem of problems) console.error(problem);
    return problems.length === 0 ? 0 : 1;
}

async function main(verb: string | undefined): Promise<number> {
    const run = verbs[verb ?? ""];
    if (run === undefined) {
        console.error(`usage: lab/bootstrap.sh ${Object.keys(verbs).join("|")}|test|test-long`);
        return 2;
    }
    endOnSignals();
    try {
        return await run(instanceFrom(process.env));
    } catch (error) {
        // A mistake of the lab's own keeps its stack.
        console.error(error instanceof LabError ? `\n${error.message}` : error);
        return 1;
    }
}

// Not by the exit code alone: after a failure a step beside the failed one may still be at work.
process.exit(await main(process.argv[2]));
