import { setTimeout as sleep } from "node:timers/promises";
import { healthOf, healthText } from "../health.ts";
import { define, type JsonOption, json, jsonOption, type Verb } from "../options.ts";
import { gatherer } from "../status.ts";

interface Options extends JsonOption {
    readonly watch?: boolean;
}

const WATCH_MS = 2_000;

const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

export default (program: Verb) =>
    define(program, "status", {
        summary: "whether the cluster is healthy, on one screen",
        description:
            "Shows leader, managers and how many of them may still be lost, nodes, services with wanted and running tasks " +
            "and the reason of what does not run, when certificates end, engine versions, and where members and " +
            "services differ from what the last up has made of them, whoever changed them. Published ports that the " +
            "firewall does not let in are named.",
        more: "Exit status: 0 healthy, 1 degraded, 2 no quorum or no manager reached.",
        examples: ["swarm status", "swarm status --watch", "swarm status --json | jq .reasons"],
    })
        .option("-w, --watch", "again every two seconds, until Ctrl-C")
        .addOption(jsonOption())
        .does(async (choice, { watch, json: asJson }: Options) => {
            const gather = gatherer(choice, true);
            for (;;) {
                const facts = await gather();
                const health = healthOf(facts);
                const all = { ...health, certificates: facts.certificates, view: facts.view };
                if (!asJson)
                    process.stdout.write(
                        (watch && process.stdout.isTTY ? CLEAR : "") + healthText(facts, health),
                    );
                // Of what goes on, readers take a line at a time.
                else process.stdout.write(watch ? `${JSON.stringify(all)}\n` : json(all));
                if (!watch) return health.status;
                await sleep(WATCH_MS, undefined, { signal: choice.signal });
            }
        });
