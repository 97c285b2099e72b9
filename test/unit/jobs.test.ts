/** Jobs, and services in an order: what they are sent as, when a job runs again, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { engineSpec, JOB_LABEL, type JsonObject } from "../../model/engineSpec.ts";
import { NOTHING_HELD } from "../../model/held.ts";
import { inOrder, markedJob } from "../../model/jobs.ts";
import { effectOf, specChanges } from "../../model/specChanges.ts";
import { wantedSpec } from "./swarmFacts.ts";

type Services = Record<string, Record<string, unknown>>;

const parsed = (services: Services) =>
    parseSettings({
        sshFrom: ["203.0.113.7/32"],
        services: Object.fromEntries(
            Object.entries(services).map(([name, own]) => [name, { image: "nginx", ...own }]),
        ),
    });

function settings(services: Services) {
    const result = parsed(services);
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    return result.settings;
}

test("services come behind what they wait for, and else by their names", () => {
    const { services } = settings({
        a: { after: "web" },
        cache: {},
        db: {},
        migrate: { mode: "replicated-job", after: ["db", "cache"] },
        web: { before: "migrate", after: "db" },
    });
    assert.deepEqual(
        inOrder(services).map(({ name }) => name),
        ["db", "cache", "migrate", "web", "a"],
    );
});

describe("a job's mark", () => {
    const base: Services = {
        migrate: { mode: "replicated-job", args: ["migrate"] },
        web: { before: "migrate" },
        other: {},
    };
    const mark = (change: Services = {}) => {
        const changed = { ...base };
        for (const [name, options] of Object.entries(change)) changed[name] = { ...base[name], ...options };
        const { services } = settings(changed);
        const job = services.find(({ name }) => name === "migrate") as (typeof services)[0];
        const spec = engineSpec(job);
        const marked = markedJob(spec, job, services, NOTHING_HELD);
        return (marked.Labels as JsonObject)[JOB_LABEL];
    };
    const rows: readonly (readonly [what: string, change: Services, another: boolean])[] = [
        ["its own arguments", { migrate: { args: ["other"] } }, true],
        ["its labels", { migrate: { labels: { a: "b" } } }, true],
        ["its timeout", { migrate: { timeout: 60 } }, false],
        ["what the tasks are made of that it runs before", { web: { image: "nginx:2" } }, true],
        ["how many of those there are", { web: { replicas: 3 } }, false],
        ["their labels", { web: { labels: { a: "b" } } }, false],
        ["a service that it does not run before", { other: { image: "nginx:2" } }, false],
    ];
    for (const [what, change, another] of rows) {
        test(`${what}: ${another ? "another" : "the same"}`, () => {
            assert.match(`${mark()}`, /^[0-9a-f]{12}$/);
            assert.equal(mark(change) !== mark(), another);
        });
    }

    test("is no label of any other service", () => {
        const { services } = settings({ web: {} });
        const [web] = services as [(typeof services)[0]];
        const spec = engineSpec(web);
        assert.equal(markedJob(spec, web, services, NOTHING_HELD), spec);
    });
});

const at = "swarm:services";
const MODES = "replicated, global, replicated-job or global-job";
const refused: readonly (readonly [Services, ...string[]])[] = [
    [{ a: { mode: "job" } }, `${at}.a.mode: "job"; allowed: ${MODES}`],
    [
        { a: { mode: "replicated-job", ports: ["80:80"], update: { parallelism: 2 }, rollback: {} } },
        `${at}.a.ports: ["80:80"]: stands beside mode: replicated-job; allowed: a service without ports, or one that is no job`,
        `${at}.a.update: {"parallelism":2}: stands beside mode: replicated-job; allowed: no update: a job has nothing to exchange`,
        `${at}.a.rollback: {}: stands beside mode: replicated-job; allowed: no rollback: a job has nothing to exchange`,
    ],
    [
        { a: { mode: "global-job", replicas: 2, maxReplicasPerNode: 1 } },
        `${at}.a.replicas: 2: stands beside mode: global-job; allowed: either replicas or mode: global-job`,
        `${at}.a.maxReplicasPerNode: 1: stands beside mode: global-job; allowed: with replicas`,
    ],
    [
        { a: { maxConcurrent: 2 } },
        `${at}.a.maxConcurrent: 2: stands beside mode: replicated; allowed: with mode: replicated-job`,
    ],
    [
        { a: { global: true, mode: "replicated-job" } },
        `${at}.a.mode: "replicated-job": stands beside global: true; allowed: either mode or global: true`,
    ],
    [{ a: { after: 5 } }, `${at}.a.after: 5; allowed: the name of a service, or a list of such names`],
    [{ a: { after: "B c" } }, `${at}.a.after[0]: "B c"; allowed: the name of a service`],
    [{ a: { after: "db" }, b: {} }, `${at}.a.after: "db": there is no such service; allowed: b`],
    [
        { a: { before: "b" }, b: {} },
        `${at}.a.before: "b": is no job: it would never be done, so that the update could begin; allowed: nothing: there is none`,
    ],
    [
        {
            a: { after: "b" },
            b: { before: "c" },
            c: { mode: "replicated-job", after: "a" },
            d: { after: "a" },
        },
        `${at}.a.after: "b": each waits for the next: a, b, c, a; allowed: an order without a circle`,
    ],
    [
        { a: { after: "a" } },
        `${at}.a.after: "a": each waits for the next: a, a; allowed: an order without a circle`,
    ],
];

describe("services are refused with", () => {
    for (const [services, ...texts] of refused) {
        test(JSON.stringify(services), () => {
            const result = parsed(services);
            assert.deepEqual("problems" in result && result.problems, texts);
        });
    }
});

test("a job's tasks are not started again, unless it says otherwise", () => {
    const { services } = settings({
        a: { mode: "replicated-job" },
        b: { mode: "global-job", restart: { condition: "on-failure" } },
        c: {},
    });
    assert.deepEqual(
        services.map(({ restart }) => restart.condition),
        ["none", "on-failure", "any"],
    );
});

test("a change runs a job again; of another mode it is made anew", () => {
    const job = wantedSpec({ mode: "replicated-job" });
    const effect = (options: Record<string, unknown>) => effectOf(specChanges(job, wantedSpec(options)));
    assert.equal(effect({ mode: "replicated-job", env: { LEVEL: "info" } }), "again");
    assert.equal(effect({ mode: "global-job", env: { LEVEL: "info" } }), "anew");
});
