import { map } from "../map/map.ts";
import { define, type Verb, wholeNumber } from "../options.ts";

export default (program: Verb) =>
    define(program, "map", {
        summary: "a page that shows the cluster live: nodes, and the tasks on each",
        description:
            "Serves a page on 127.0.0.1 that shows the nodes with role and state, and the tasks on each by service, and " +
            "follows the cluster until Ctrl-C, so that one sees replicas move while an `up` runs.",
        examples: ["swarm map"],
    })
        .option("--port <number>", "port of the page; 0 for any that is free", wholeNumber(0, 65_535), 8740)
        .does((choice, { port }: { readonly port: number }) => map({ ...choice, port }));
