/**
 * What is wrong with a service whose options each are well formed: options that contradict one another, and those that an
 * engine would take no notice of.
 */

import { CONTAINER_OPTION_NAMES, CONTAINER_OPTIONS, containerFields, tooNew } from "./containerOptions.ts";
import { specProblems } from "./engineFields.ts";
import { fieldAt, isJob, type JsonObject } from "./engineSpec.ts";
import { cleanPath } from "./mounts.ts";
import { repeated } from "./names.ts";
import { portKey } from "./ports.ts";
import type { Problem } from "./problems.ts";
import { kindOf, type ServiceOptions } from "./services.ts";
import type { ServiceSpec } from "./settings.ts";
import { isAtLeast } from "./versions.ts";

/** What is wrong with a service whose options each are well formed. */
export function serviceProblems(name: string, options: ServiceOptions): Problem[] {
    const own = options.spec as JsonObject;
    const problems = specProblems(["services", name, "spec"], own);
    const { limits, reservations, mounts, ports, capAdd = [], capDrop = [] } = options;
    const fields = containerFields(options);
    for (const [option, limit, reserved] of [
        ["cpus", limits.cpus, reservations.cpus],
        ["memory", limits.memoryBytes, reservations.memoryBytes],
    ] as const) {
        if (limit > 0 && reserved > limit) {
            problems.push({
                path: ["services", name, "reservations", option],
                value: reserved,
                why: "is above the limit, so that no task could start",
                allowed: `at most limits.${option}, ${limit}`,
            });
        }
    }
    for (const option of CONTAINER_OPTION_NAMES.filter((one) => fields[one] !== undefined)) {
        const { field } = CONTAINER_OPTIONS[option];
        const value = fieldAt(own, field);
        if (value !== undefined) {
            problems.push({
                path: ["services", name, "spec", ...field.split(".")],
                value,
                why: `is what ${option} makes, which is given as well`,
                allowed: "one of them",
            });
        }
    }
    for (const capability of capAdd.filter((one) => capDrop.includes(one))) {
        problems.push({
            path: ["services", name, "capDrop"],
            value: capability,
            why: "stands in capAdd as well",
            allowed: "each capability in one of them",
        });
    }
    const ingress = ports.find(({ mode }) => mode === "ingress");
    if (fields.endpointMode === "dnsrr" && ingress !== undefined) {
        problems.push({
            path: ["services", name, "endpointMode"],
            value: "dnsrr",
            why: `port ${portKey(ingress)} is published in mode ingress, which needs the service's own address`,
            allowed: "vip, or ports in mode host",
        });
    }
    for (const repeatedName of repeated(options.networks.map((network) => network.name))) {
        const entries = options.networks.filter((network) => network.name === repeatedName);
        if (new Set(entries.map((entry) => JSON.stringify(entry))).size > 1) {
            problems.push({
                path: ["services", name, "networks"],
                value: repeatedName,
                why: "stands twice, with different options",
                allowed: "each network once",
            });
        }
    }
    for (const key of ["secrets", "configs"] as const) {
        for (const target of repeated(options[key].map((file) => file.target))) {
            problems.push({
                path: ["services", name, key],
                value: target,
                why: `is the target of two ${key}`,
                allowed: "each target once",
            });
        }
    }
    for (const target of repeated(mounts.map((mount) => cleanPath(mount.target)))) {
        problems.push({
            path: ["services", name, "mounts"],
            value: target,
            why: "is the target of two mounts",
            allowed: "each target once",
        });
    }
    return problems;
}

/** Options that mean nothing to a service of this mode, or contradict it. @param received For what has a default. */
export function modeProblems(
    name: string,
    options: ServiceOptions,
    received: Readonly<Record<string, unknown>>,
): Problem[] {
    const kind = kindOf(options);
    const isGlobal = kind === "global" || kind === "global-job";
    const shown = options.global ? "global: true" : `mode: ${kind}`;
    const rows: [boolean, keyof ServiceOptions, string][] = [
        [options.global && options.mode !== undefined, "mode", "either mode or global: true"],
        [isGlobal, "replicas", `either replicas or ${shown}`],
        [isGlobal, "maxReplicasPerNode", "with replicas"],
        [kind !== "replicated-job", "maxConcurrent", "with mode: replicated-job"],
        [kind.endsWith("-job"), "ports", "a service without ports, or one that is no job"],
        [kind.endsWith("-job"), "update", "no update: a job has nothing to exchange"],
        [kind.endsWith("-job"), "rollback", "no rollback: a job has nothing to exchange"],
    ];
    return rows
        .filter(([excluded, option]) => excluded && received[option] !== undefined)
        .map(([, option, allowed]) => ({
            path: ["services", name, option],
            value: received[option],
            why: `stands beside ${option === "mode" ? "global: true" : shown}`,
            allowed,
        }));
}

/** Options that the oldest engine that may join does not know: it would leave them out without a word. */
export function versionProblems(services: readonly ServiceSpec[], oldest: string): Problem[] {
    return services.flatMap((service) => {
        const { name, fields, mode } = service;
        const job = { path: ["mode"], value: mode.kind, since: "20.10.0" };
        const found = [
            ...(isJob(service) && !isAtLeast(oldest, job.since) ? [job] : []),
            ...tooNew(fields, oldest),
        ];
        return found.map(({ path, value, since }) => ({
            path: ["services", name, ...path],
            value,
            why: `an engine before ${since} takes no notice of it, and swarm:minDockerVersion is ${oldest}`,
            allowed: `with a swarm:minDockerVersion of at least ${since}`,
        }));
    });
}
