import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../errors.ts";
import { healthOf } from "../health.ts";
import { define, type Verb, wholeNumber } from "../options.ts";
import { MomentaryError } from "../pulumi.ts";
import { gatherer } from "../status.ts";

const PAUSE_MS = 1_000;

/** Readings of the state in a row that may fail before the first that succeeds. */
const TRIES = 3;

export default (program: Verb) =>
    define(program, "wait", {
        summary: "until the cluster is healthy, for scripts",
        description:
            "Waits until `swarm status` would say that the cluster is healthy. Says on standard error what it waits for, " +
            "whenever that changes.",
        more: "Exit status: that of `swarm status` at the end: 0 healthy, 1 still degraded, 2 no quorum or no manager reached.",
        examples: ["pulumi up --yes && swarm wait --timeout 120"],
    })
        .option("-t, --timeout <seconds>", "how long at most", wholeNumber(0, 999_999), 300)
        .does(async (choice, { timeout }: { readonly timeout: number }) => {
            const start = performance.now();
            const gather = gatherer(choice, false);
            let said = "";
            for (let failures = 0; ; await sleep(PAUSE_MS, undefined, { signal: choice.signal })) {
                const facts = await gather().catch((error: Error) => {
                    failures += 1;
                    if (!(error instanceof MomentaryError) || failures === TRIES) throw error;
                    process.stderr.write(`waiting: ${error.message}\n`);
                    return undefined;
                });
                if (facts === undefined) continue;
                const { status, verdict, reasons } = healthOf(facts);
                if (status === EXIT.ok) return EXIT.ok;
                const why = reasons.join("\n");
                const waited = (performance.now() - start) / 1000;
                if (waited >= timeout) {
                    process.stderr.write(
                        `swarm: waited ${Math.round(waited)} s for the cluster to be healthy; it is ${verdict}:\n${why}\n`,
                    );
                    return status;
                }
                if (why !== said) process.stderr.write(`waiting: ${why.replaceAll("\n", "; ")}\n`);
                said = why;
            }
        });
