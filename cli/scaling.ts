/** A service's number of replicas in a stack's configuration. */
import { closest } from "fastest-levenshtein";
import type { ApiService } from "../look/facts.ts";
import { IMAGE_LABEL } from "../model/engineSpec.ts";
import { keyText } from "../model/problems.ts";
import { readServices } from "../model/services.ts";
import { CliError, EXIT } from "./errors.ts";
import { shellWord } from "./words.ts";

export interface Scaling {
    readonly service: string;
    readonly replicas: number;
}

/** `web=3`, read. @throws CliError */
export function parseScaling(word: string): Scaling {
    const found = /^([^=]+)=(\d{1,6})$/.exec(word);
    if (!found) {
        throw new CliError(
            `"${word}" does not say how many of what; say NAME=N, N a whole number from 0, such as nginx=3`,
            EXIT.usage,
        );
    }
    return { service: found[1] as string, replicas: Number(found[2]) };
}

/**
 * Refuses what the configuration has no place for.
 *
 * @param services The stack's `swarm:services`.
 * @throws CliError
 */
export function checkScaling(services: Readonly<Record<string, unknown>>, { service }: Scaling): void {
    const names = Object.keys(services);
    const options = services[service];
    if (options === undefined) {
        const none = `there is no service "${service}"`;
        const nearest = names.length > 3 ? ` (the nearest name is ${closest(service, names)})` : "";
        const text =
            names.length === 0
                ? `${none}: the stack's config has none (swarm:services)`
                : `${none} in the stack's config; there are: ${names.sort().join(", ")}${nearest}`;
        throw new CliError(text, EXIT.usage);
    }
    const global = `${service} is global: it runs once on each node, so it has no number to set`;
    if ((options as { global?: unknown } | null)?.global === true) throw new CliError(global, EXIT.usage);
}

/**
 * The services with these numbers, as the program would take them.
 *
 * @throws CliError With every problem that they have: nothing is written then.
 */
export function scaled(
    services: Readonly<Record<string, unknown>>,
    wanted: readonly Scaling[],
): Record<string, unknown> {
    const changed = { ...services };
    for (const { service, replicas } of wanted)
        changed[service] = { ...(changed[service] as object), replicas };
    const { problems } = readServices(changed, false);
    if (problems.length > 0) throw new CliError(`nothing was written: ${problems.join("; ")}`, EXIT.usage);
    return changed;
}

export function replicasKey(service: string): string {
    return keyText(["services", service, "replicas"]);
}

/**
 * What a rollback means for the config, and the lines that keep it. Images are compared as the config has them.
 *
 * @param secret Whether `swarm:services` is secret as a whole: a path into it would put the rest of it aside.
 */
export function afterRollback(
    name: string,
    newer: ApiService["Spec"],
    older: ApiService["Spec"],
    secret = false,
): string {
    const image = ({ Labels, TaskTemplate }: ApiService["Spec"]) =>
        Labels?.[IMAGE_LABEL] ?? TaskTemplate.ContainerSpec?.Image.replace(/@sha256:.*$/, "");
    const replicas = ({ Mode }: ApiService["Spec"]) => Mode.Replicated?.Replicas;
    const differing = [
        ["image", image(newer), image(older)],
        ["replicas", replicas(newer), replicas(older)],
    ].filter(([, had, has]) => had !== has && has !== undefined);
    const lines = differing.map(([key = "", had, has]) => {
        const place = keyText(["services", name, `${key}`]);
        return secret
            ? `    ${place}: ${has}   (now ${had}), in the secret as a whole`
            : `    pulumi config set --path ${shellWord(place)} ${shellWord(`${has}`)}   (now ${had})`;
    });
    return [
        `${name} is as it was before its last update. The config still wants the newer one, and the next pulumi up sets it again, unless the config is changed:`,
        ...(lines.length > 0
            ? lines
            : [`    ${keyText(["services", name])}: what the last change of it has set`]),
        "",
    ].join("\n");
}
