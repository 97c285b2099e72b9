import { askPage, questions, readOutputs, table } from "./answering.ts";
import { LabError } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { outputs, up } from "./stack.ts";
import { startLab } from "./start.ts";

/** `make up`: the lab, `pulumi up`, and every node asked for every published page. */
export async function makeUp(instance: Instance): Promise<void> {
    const started = Date.now();
    await startLab(instance);
    console.log(`\nReady after ${seconds(started)}; now "pulumi up" on the stack "${instance.name}".\n`);
    const status = await up(instance);
    if (status !== 0) {
        throw new LabError(
            `"pulumi up" ended with status ${status}. Remove the cause and run "make up" again: it goes on from here. ` +
                `The cloud's side of the story is in ${instance.log}.`,
        );
    }
    await showAnswers(instance);
    console.log(
        `Up after ${seconds(started)}. In this terminal, eval "$(make -s env)" lets a plain pulumi speak to the lab; "make down" removes it.`,
    );
}

/** @throws LabError when a node does not answer. */
async function showAnswers(instance: Instance): Promise<void> {
    const asked = questions(readOutputs(await outputs(instance)));
    if (asked.length === 0) {
        console.log("The stack's config publishes no service, so there is no page to ask for.");
        return;
    }
    const replies = await Promise.all(asked.map((question) => askPage(question)));
    console.log(`\nAsked from this machine, outside the nodes:\n${table(replies)}`);
    const silent = replies.filter((reply) => !reply.ok);
    if (silent.length === 0) return;
    throw new LabError(
        silent
            .map((reply) => `${reply.node.name} gave no good answer at ${reply.url}: ${reply.text}.`)
            .join("\n"),
    );
}

function seconds(since: number): string {
    return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
