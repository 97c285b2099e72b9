import { type Command, Option } from "commander";
import { map } from "../map/map.ts";
import { define, run, wholeNumber } from "../options.ts";

export default (program: Command) =>
    define(program, "map", {
        summary: "a page that shows the cluster live: nodes, and the tasks on each",
        description:
            "Serves a page on 127.0.0.1 that shows the nodes with role and state, and the tasks on each by service, and " +
            "follows the cluster until Ctrl-C, so that one sees replicas move while an `up` runs.",
        examples: ["swarm map"],
    })
        .addOption(
            new Option("--port <number>", "port of the page; 0 for any that is free")
                .default(8740)
                .argParser(wholeNumber(0, 65_535)),
        )
        .action(run((choice, { port }: { readonly port: number }, _: Command) => map({ ...choice, port })));
