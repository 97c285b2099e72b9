import { openAccess } from "../access.ts";
import { dockerLines } from "../dockerClient.ts";
import { define, type Verb } from "../options.ts";
import { onManager, serviceOf } from "../places.ts";

interface Options {
    readonly follow?: boolean;
    readonly tail: string;
    readonly since?: string;
    readonly timestamps?: boolean;
}

export default (program: Verb) =>
    define(program, "logs", {
        summary: "the logs of services, from all their nodes",
        description:
            "Prints what the tasks of services have written, as docker service logs does for one service: each line with its " +
            "task and node in front, but for services with a terminal.",
        more: "Exit status: docker's own; the highest of several.",
        examples: ["swarm logs nginx", "swarm logs nginx api -f --since 10m"],
    })
        .argument("<services...>", "the services")
        .option("-f, --follow", "go on until Ctrl-C")
        .option("-n, --tail <lines>", "so many of the last lines of each task, or all", "100")
        .option("--since <when>", "what is younger than 10m, 2h, or than a time in RFC 3339")
        .option("-t, --timestamps", "each line with its time")
        .does(async ({ signal, ...choice }, names: string[], options: Options) => {
            const access = await openAccess({ signal, ...choice });
            // Nothing is printed where one of them is no service.
            const { manager, services } = await onManager(access, signal, async (api, manager) => ({
                manager,
                services: await Promise.all([...new Set(names)].map((name) => serviceOf(api, name))),
            }));
            const flags = [
                `--tail=${options.tail}`,
                ...(options.since === undefined ? [] : [`--since=${options.since}`]),
                ...(options.follow ? ["--follow"] : []),
                ...(options.timestamps ? ["--timestamps"] : []),
            ];
            const statuses = services.map(({ Spec }) => {
                // Docker has no names to put in front of what comes from a terminal.
                const raw = Spec.TaskTemplate.ContainerSpec?.TTY ? ["--raw"] : [];
                const args = ["service", "logs", ...flags, ...raw, "--", Spec.Name];
                return dockerLines(access, manager, args, signal);
            });
            return Math.max(...(await Promise.all(statuses)));
        });
