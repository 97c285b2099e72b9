import type { MountSpec, PortSpec, RolloutSpec, ServiceSpec } from "./settings.ts";

/** One line of a remote script's input: a key and its value. */
export type Line = readonly [key: string, value: string | number];

/**
 * Lines by themselves in what is sent to a remote script: between the script and its input, and behind the input.
 * `components/prelude.sh` looks whether the end has come.
 */
export const MARKS = { input: "#: input", end: "#: end" };

const seconds = (milliseconds: number) => `${milliseconds}ms`;

/**
 * A service as the lines that `components/service.sh` reads. Each option stands in every time, with Docker's own
 * "none" where it is unset, so that an update also takes back what an earlier configuration had set.
 */
export function serviceLines(service: ServiceSpec): Line[] {
    const { mode, limits, reservations, restart } = service;
    const flags: [option: string, value: string | number | boolean][] = [
        ...(mode.kind === "replicated" ? [["replicas", mode.replicas] as [string, number]] : []),
        ["limit-cpu", limits.cpus],
        ["limit-memory", limits.memoryBytes],
        ["reserve-cpu", reservations.cpus],
        ["reserve-memory", reservations.memoryBytes],
        ["restart-condition", restart.condition],
        ["restart-delay", seconds(restart.delayMs)],
        ["restart-max-attempts", restart.maxAttempts],
        ["restart-window", seconds(restart.windowMs)],
        ...rollout("update", service.update),
        ...rollout("rollback", service.rollback),
        ["user", service.user],
        ["workdir", service.workdir],
        ["hostname", service.hostname],
        ["init", service.init],
        ["read-only", service.readOnly],
        ["stop-grace-period", seconds(service.stopGracePeriodMs)],
    ];
    return [
        ["service", service.name],
        ["image", service.image],
        ["mode", mode.kind],
        ["limit", service.timeout],
        ...flags.map(([option, value]): Line => ["flag", `--${option}=${value}`]),
        ...service.ports.map((port): Line => ["publish", publishedPort(port)]),
        ...Object.entries(service.env).map(([key, value]): Line => ["env", `${key}=${value}`]),
        ...Object.entries(service.labels).map(([key, value]): Line => ["label", `${key}=${value}`]),
        ...service.constraints.map((constraint): Line => ["constraint", constraint]),
        ...service.networks.map((network): Line => ["network", network]),
        ...service.mounts.map((mount): Line => ["mount", `${mount.target} ${mountOption(mount)}`]),
        ["entrypoint", service.command.map(shellWord).join(" ")],
        ["args", service.args.map(shellWord).join(" ")],
        ...service.args.map((arg): Line => ["arg", arg]),
    ];
}

/** In the order in which the script prints what a service has, so that the two can be compared as text. */
function publishedPort(port: PortSpec): string {
    return `published=${port.published},target=${port.target},protocol=${port.protocol},mode=${port.mode}`;
}

function rollout(of: "update" | "rollback", spec: RolloutSpec<string>): [string, string | number][] {
    return [
        [`${of}-parallelism`, spec.parallelism],
        [`${of}-delay`, seconds(spec.delayMs)],
        [`${of}-monitor`, seconds(spec.monitorMs)],
        [`${of}-order`, spec.order],
        [`${of}-failure-action`, spec.failureAction],
        [`${of}-max-failure-ratio`, spec.maxFailureRatio],
    ];
}

/** `--mount` takes one CSV record; a field with a comma or quote in it is quoted as CSV does. */
function mountOption(mount: MountSpec): string {
    const fields = [`type=${mount.type}`, `target=${mount.target}`];
    switch (mount.type) {
        case "volume":
            if (mount.source) fields.push(`source=${mount.source}`);
            if (mount.readOnly) fields.push("readonly");
            if (mount.noCopy) fields.push("volume-nocopy");
            break;
        case "bind":
            fields.push(`source=${mount.source}`, `bind-propagation=${mount.propagation}`);
            if (mount.readOnly) fields.push("readonly");
            break;
        case "tmpfs":
            if (mount.sizeBytes) fields.push(`tmpfs-size=${mount.sizeBytes}`);
            fields.push(`tmpfs-mode=${mount.mode}`);
    }
    return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** One word for the shell-like splitting that `docker service update --args` and `--entrypoint` do. */
function shellWord(word: string): string {
    return `'${word.replaceAll("'", `'"'"'`)}'`;
}
