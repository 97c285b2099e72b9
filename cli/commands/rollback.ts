import { openAccess } from "../access.ts";
import { dockerHere } from "../dockerClient.ts";
import { attempt, CliError, EXIT } from "../errors.ts";
import { define, type Verb } from "../options.ts";
import { onManager, serviceOf } from "../places.ts";
import { configOf } from "../pulumi.ts";
import { afterRollback } from "../scaling.ts";

export default (program: Verb) =>
    define(program, "rollback", {
        summary: "a service as it was before its last update",
        description:
            "Has the swarm set a service back to what it was before its last update, by the service's own rollback policy. " +
            "The config still wants the newer one, so the next up sets that again; which line to change is said.",
        more: "Exit status: docker's own.",
        examples: ["swarm rollback nginx"],
    })
        .argument("<service>", "the service")
        .does(async (choice, name: string) => {
            const access = await openAccess(choice);
            const { manager, service } = await onManager(access, choice.signal, async (api, manager) => ({
                manager,
                service: await serviceOf(api, name),
            }));
            const { Spec, PreviousSpec } = service;
            const first = `${name} has not been updated since it was made: there is nothing to go back to`;
            if (PreviousSpec === undefined) throw new CliError(first);
            const status = await dockerHere(access, manager, ["service", "rollback", name]);
            if (status !== EXIT.ok) return status;
            const config = await attempt(configOf(choice));
            const isSecret = !(config instanceof Error) && config["swarm:services"]?.secret;
            process.stderr.write(afterRollback(name, Spec, PreviousSpec, isSecret));
            return status;
        });
