/** Takes a service through changes at random, with real tasks. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../../model/engineSpec.ts";
import { effectOf, specChanges } from "../../../model/specChanges.ts";
import { changed, type OneManager, type Options, serviceOf, specOf } from "./oneManager.ts";
import { type Change, CONFIG, changes, FIRST } from "./serviceOptions.ts";
import { until } from "./wait.ts";

const NAME = "web";

const service = (options: Options, name = NAME) => serviceOf(name, options, CONFIG);

/** Published by the twin of a service, which is there at the same time. */
const APART = 1000;

/** What options of these walks need. */
export async function prepare(manager: OneManager): Promise<void> {
    await manager.run(
        "docker node update --label-add zone=a $(docker node ls -q) && " +
            "for name in key other-key; do echo x | docker secret create $name -; done && " +
            "for name in conf other-conf; do echo x | docker config create $name -; done",
    );
}

/**
 * Takes the first so many steps of a seed's walk. Each holds that the look sees what differs, before and after; that the
 * spec is the one of a service made anew; and that just those tasks are exchanged that have to be.
 *
 * @throws Error that says how to take the same walk again.
 */
export async function takeServiceWalk(manager: OneManager, seed: number, steps: number): Promise<void> {
    let before: Options | undefined;
    for (const [index, step] of [FIRST, ...changes(seed, steps)].entries()) {
        const name = `seed ${seed}, step ${index}: ${step.text}`;
        const started = performance.now();
        try {
            const went = await take(manager, before, step);
            console.log(`${name}; ${went}; ${((performance.now() - started) / 1000).toFixed(1)} s`);
        } catch (error) {
            throw new Error(
                `${name}\n${JSON.stringify(before)}\n${JSON.stringify(step.options)}\n` +
                    `the same walk again: SERVICE_WALK_SEEDS=${seed} SERVICE_WALK_STEPS=${index} make test-long\n` +
                    `${error instanceof Error ? error.message : error}`,
                { cause: error },
            );
        }
        before = step.options;
    }
    await manager.remove(NAME);
}

async function take(
    manager: OneManager,
    before: Options | undefined,
    { options, anew }: Change,
): Promise<string> {
    if (anew) await manager.remove(NAME);
    const there = anew ? undefined : before;
    const wanted = service(options);
    const tasksBefore = there ? await manager.tasks(NAME) : [];
    const made = there ? specChanges(specOf(service(there)), specOf(wanted)) : undefined;

    // Of secrets and configs there are others before and after.
    const seen = (await manager.differences(wanted))
        .filter(({ mendedBy }) => mendedBy?.kind === "service")
        .map(({ text }) => text);
    if (!made) assert.deepEqual(seen, [`${NAME}: there is no such service in the swarm`]);
    else assert.equal(seen.length, made.length, `the look says: ${seen.join("; ") || "nothing"}`);
    if (there) assert.equal(made?.length === 0, sameMeaning(there, options), "differs, or does not");

    await manager.deploy(wanted);
    await manager.removeUnused(wanted);

    assert.deepEqual(await manager.differences(wanted), []);
    // The node itself is a moment behind the swarm.
    await until("the stack's networks are those of the config", async () => {
        const names = await manager.run("docker network ls --filter label=swarm.stack --format '{{.Name}}'");
        assert.deepEqual(
            names.split("\n").filter(Boolean).sort(),
            wanted.networks.map(({ name }) => name),
        );
        return true;
    });
    const tasks = await manager.tasks(NAME);
    assert.deepEqual(await manager.tasks(NAME, "up to date"), tasks, "by Docker's own notion up to date");
    assert.equal(tasks.length, wanted.mode.kind === "replicated" ? wanted.mode.replicas : 1, "tasks");
    const kept = tasks.filter((task) => tasksBefore.includes(task)).length;
    const effect = effectOf(made ?? []);
    const exchanged = effect === "roll" || effect === "anew";
    assert.equal(
        kept,
        exchanged ? 0 : Math.min(tasks.length, tasksBefore.length),
        `tasks kept, of ${effect}`,
    );
    await isAsMadeAnew(manager, options);
    return `${made ? effect : "made"}, ${kept} of ${tasksBefore.length} tasks kept, ${tasks.length} run`;
}

/** Independently of what compares specs: what is sent, constraints and fields in one order and without what is empty. */
function sameMeaning(one: Options, other: Options): boolean {
    const [a, b] = [one, other].map((options) => {
        const one = service(options);
        return specOf(changed(one, { constraints: [...one.constraints].sort() }));
    });
    return isDeepStrictEqual(withoutEmpty(a), withoutEmpty(b));
}

function withoutEmpty(value: unknown): unknown {
    if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty);
    if (typeof value !== "object" || value === null) return value || value === "" ? value : undefined;
    const fields = Object.entries(value)
        .map(([name, inner]) => [name, withoutEmpty(inner)] as const)
        .filter(([, inner]) => inner !== undefined);
    return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** A twin has no tasks where it can do without, so that it is quickly made. */
async function isAsMadeAnew(manager: OneManager, options: Options): Promise<void> {
    const twin = service(options.global ? options : { ...options, replicas: 0 }, "twin");
    const apart = twin.ports.map((port) => ({ ...port, published: port.published + APART }));
    await manager.deploy(changed(twin, { ports: apart }));
    try {
        assert.deepEqual(
            comparable(await manager.spec("twin"), APART),
            comparable(await manager.spec(NAME), 0),
        );
    } finally {
        await manager.remove("twin");
    }
}

function comparable({ Name, Mode, ...spec }: JsonObject, apart: number): JsonObject {
    const text = JSON.stringify(spec, (field, value) => (field === "PublishedPort" ? value - apart : value));
    return JSON.parse(text);
}
