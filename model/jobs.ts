/**
 * Jobs, which run until their tasks have ended well, and the order of services: what has to have converged before a service
 * is changed.
 */

import { createHash } from "node:crypto";
import { engineSpec, isJob, JOB_LABEL, type JsonObject } from "./engineSpec.ts";
import type { Held } from "./held.ts";
import type { Problem } from "./problems.ts";
import { orList } from "./schema.ts";
import type { ServiceSpec } from "./settings.ts";

/** Names of all that has to have converged before this service is changed. */
export function precedingOf({ after, before }: ServiceSpec): string[] {
    return [...new Set([...after, ...before])];
}

/** So that each comes behind all that precede it. The order has no circle: `orderProblems`. */
export function inOrder(services: readonly ServiceSpec[]): ServiceSpec[] {
    const sorted: ServiceSpec[] = [];
    const add = (service: ServiceSpec) => {
        if (sorted.includes(service)) return;
        for (const name of precedingOf(service)) {
            const preceding = services.find((one) => one.name === name);
            if (preceding) add(preceding);
        }
        sorted.push(service);
    };
    services.forEach(add);
    return sorted;
}

/** Names in `after` and `before` that there are none of, that are no jobs, or that wait for one another. */
export function orderProblems(services: readonly ServiceSpec[]): Problem[] {
    const problems: Problem[] = [];
    const jobs = services.filter(isJob).map(({ name }) => name);
    const known = new Map(services.map((service) => [service.name, service]));
    for (const service of services) {
        for (const option of ["after", "before"] as const) {
            for (const name of service[option]) {
                const path = ["services", service.name, option];
                const others = (option === "before" ? jobs : [...known.keys()]).filter(
                    (one) => one !== service.name,
                );
                const allowed = others.length === 0 ? "nothing: there is none" : orList(others);
                if (!known.has(name)) {
                    problems.push({ path, value: name, why: "there is no such service", allowed });
                } else if (option === "before" && !jobs.includes(name)) {
                    const why = "is no job: it would never be done, so that the update could begin";
                    problems.push({ path, value: name, why, allowed });
                }
            }
        }
        const circle = circleFrom(service, known);
        // Each circle once, at the first of its names.
        if (circle?.every((name) => service.name <= name)) {
            const next = circle[1] ?? service.name;
            problems.push({
                path: ["services", service.name, service.after.includes(next) ? "after" : "before"],
                value: next,
                why: `each waits for the next: ${[...circle, service.name].join(", ")}`,
                allowed: "an order without a circle",
            });
        }
    }
    return problems;
}

/** The names on a way from a service back to itself. */
function circleFrom(start: ServiceSpec, known: ReadonlyMap<string, ServiceSpec>): string[] | undefined {
    const seen = new Set<string>();
    const walk = (service: ServiceSpec, way: readonly string[]): string[] | undefined => {
        for (const name of precedingOf(service)) {
            if (name === start.name) return [...way, service.name];
            const next = known.get(name);
            if (!next || seen.has(name)) continue;
            seen.add(name);
            const found = walk(next, [...way, service.name]);
            if (found) return found;
        }
        return undefined;
    };
    return walk(start, []);
}

/**
 * A job's spec with a mark of what it is to run for: itself, and what the tasks are made of of each service that it runs
 * before. The swarm runs a job again whenever it is sent one, so one that has completed for the same is not sent again.
 *
 * @param shown With a hash in place of each secret value, since the mark is in clear.
 */
export function markedJob(
    spec: JsonObject,
    service: ServiceSpec,
    services: readonly ServiceSpec[],
    shown: Held,
): JsonObject {
    if (!isJob(service)) return spec;
    const followers = services
        .filter(({ before }) => before.includes(service.name))
        .map((one) => engineSpec(one, shown).TaskTemplate);
    const text = JSON.stringify([engineSpec(service, shown), followers]);
    const mark = createHash("sha256").update(text).digest("hex").slice(0, 12);
    return { ...spec, Labels: { ...(spec.Labels as JsonObject), [JOB_LABEL]: mark } };
}
