/**
 * Random walks through the shapes that a cluster can have: what is decided, apart from doing it. The same seed makes
 * the same walk, since every decision follows from the seed and the shape so far.
 */
import { type Interruption, isOfTheApi, KINDS, type Kind } from "./interruption.ts";
import type { Wanted } from "./oracle.ts";

/** A cluster as the configuration wants it. */
export interface Shape {
    readonly managers: readonly string[];
    readonly workers: readonly string[];
    readonly managerImage: string;
    readonly workerImage: string;
    readonly managerSize: string;
    readonly workerSize: string;
    /** Of nginx. */
    readonly replicas: number;
}

/** One step of a walk. */
export interface Step {
    /** What it does, for a person. */
    readonly text: string;
    readonly to: Shape;
    /** Names of nodes whose droplets are deleted behind Pulumi's back, before the `up`. */
    readonly lose: readonly string[];
    readonly interruption?: Interruption;
}

const START: Shape = {
    managers: ["n1"],
    workers: ["n2", "n3"],
    managerImage: "18153887",
    workerImage: "18153887",
    managerSize: "s-1vcpu-1gb",
    workerSize: "s-1vcpu-1gb",
    replicas: 2,
};

const NOTHING: Shape = { ...START, managers: [], workers: [] };

/** Two cores carry so many nodes, and for a while their replacements beside them. */
const MOST_NODES = 5;

/** Names are used again: a node may be called as one that went before. */
const NAMES = ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"];

const IMAGES = ["18153887", "18153999"];
const SIZES = ["s-1vcpu-1gb", "s-2vcpu-4gb"];
const MOST_REPLICAS = 4;

/** Share of steps that are interrupted. */
const INTERRUPTED = 0.4;

/** An interruption comes at one of the first so many steps of the engine, a start and an end counted as two. */
const FIRST_STEPS = 20;

/** Where only the service changes, there are no more. */
const STEPS_OF_A_SERVICE = 2;

/** Numbers from 0 up to 1, always the same ones for a seed: mulberry32, which is enough to choose by. */
export function randomOf(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

/**
 * The walk of `make test`, the same one in each run: a test that fails now and then is of no use to anybody. Of 5000
 * seeds, the one whose first steps have the most kinds of changes and of interruptions.
 */
export const WALK = { SEED: 4321, STEPS: 8 } as const;

/** The first so many steps of a seed's walk; the first of all makes the cluster. */
export function walk(seed: number, steps: number): Step[] {
    const random = randomOf(seed);
    const taken: Step[] = [];
    for (let shape = START; taken.length < steps; shape = taken.at(-1)?.to ?? START) {
        const plain = taken.length === 0 ? { text: "first up", to: START, lose: [] } : change(shape, random);
        const from = taken.length === 0 ? NOTHING : shape;
        taken.push(
            random() < INTERRUPTED ? { ...plain, interruption: interruption(from, plain, random) } : plain,
        );
    }
    return taken;
}

/** The configuration's keys of a shape. */
export function configOf(shape: Shape): Record<string, unknown> {
    const { managers, workers, replicas, ...rest } = shape;
    return {
        ...rest,
        managers: managers.join(","),
        workers: workers.join(","),
        services: { nginx: { image: "nginx", replicas, ports: ["80:80"] } },
    };
}

export const wantedOf = ({ managers, workers, replicas }: Shape): Wanted => ({ managers, workers, replicas });

/** Something that can be done from a shape. */
type Change = (shape: Shape, random: () => number) => Step | undefined;

/** A change that is possible, each as likely as the others. */
function change(shape: Shape, random: () => number): Step {
    const possible = [...CHANGES];
    for (;;) {
        const [chosen] = possible.splice(Math.floor(random() * possible.length), 1);
        if (!chosen) throw new Error(`nothing can be done from ${JSON.stringify(shape)}`);
        const step = chosen(shape, random);
        if (step) return step;
    }
}

const pick = <T>(from: readonly T[], random: () => number): T => {
    if (from.length === 0) throw new Error("there is nothing to pick from");
    return from[Math.floor(random() * from.length)] as T;
};

/** So many of them, in their order. */
function some<T>(from: readonly T[], count: number, random: () => number): T[] {
    const left = [...from];
    while (left.length > count) left.splice(Math.floor(random() * left.length), 1);
    return left;
}

const without = (names: readonly string[], gone: readonly string[]) =>
    names.filter((name) => !gone.includes(name));

const free = (shape: Shape) => without(NAMES, namesOf(shape));

const room = (shape: Shape) => MOST_NODES - namesOf(shape).length;

const step = (text: string, shape: Shape, changed: Partial<Shape>, lose: readonly string[] = []): Step => ({
    text,
    to: { ...shape, ...changed },
    lose,
});

const CHANGES: readonly Change[] = [
    function moreWorkers(shape, random) {
        if (room(shape) < 1) return undefined;
        const more = some(free(shape), 1 + Math.floor(random() * Math.min(2, room(shape))), random);
        return step(`workers more: ${more}`, shape, { workers: [...shape.workers, ...more] });
    },
    function fewerWorkers(shape, random) {
        if (shape.workers.length === 0) return undefined;
        const gone = some(shape.workers, 1 + Math.floor(random() * shape.workers.length), random);
        return step(`workers fewer: ${gone}`, shape, { workers: without(shape.workers, gone) });
    },
    function otherWorker(shape, random) {
        if (shape.workers.length === 0) return undefined;
        const [gone, come] = [pick(shape.workers, random), pick(free(shape), random)];
        const workers = [...without(shape.workers, [gone]), come];
        return step(`worker ${come} in place of ${gone}`, shape, { workers });
    },
    function threeNewManagers(shape, random) {
        if (shape.managers.length !== 1 || room(shape) < 2) return undefined;
        const more = some(free(shape), 2, random);
        return step(`managers more: ${more}`, shape, { managers: [...shape.managers, ...more] });
    },
    function promoted(shape, random) {
        if (shape.managers.length !== 1 || shape.workers.length < 2) return undefined;
        const up = some(shape.workers, 2, random);
        return step(`workers promoted: ${up}`, shape, {
            managers: [...shape.managers, ...up],
            workers: without(shape.workers, up),
        });
    },
    function oneManager(shape, random) {
        if (shape.managers.length !== 3) return undefined;
        const stays = pick(shape.managers, random);
        return step(`managers fewer, ${stays} stays`, shape, { managers: [stays] });
    },
    function demoted(shape, random) {
        if (shape.managers.length !== 3) return undefined;
        const stays = pick(shape.managers, random);
        return step(`managers demoted, ${stays} stays one`, shape, {
            managers: [stays],
            workers: [...shape.workers, ...without(shape.managers, [stays])],
        });
    },
    function swapped(shape, random) {
        if (shape.workers.length === 0) return undefined;
        const [down, up] = [pick(shape.managers, random), pick(shape.workers, random)];
        return step(`manager ${down} and worker ${up} change places`, shape, {
            managers: shape.managers.map((name) => (name === down ? up : name)),
            workers: shape.workers.map((name) => (name === up ? down : name)),
        });
    },
    function otherManager(shape, random) {
        const [gone, come] = [pick(shape.managers, random), pick(free(shape), random)];
        const managers = shape.managers.map((name) => (name === gone ? come : name));
        return step(`manager ${come} in place of ${gone}`, shape, { managers });
    },
    function otherSeed(shape) {
        if (shape.managers.length !== 3) return undefined;
        const [first = "", ...others] = shape.managers;
        return step(`seed ${others[0]} instead of ${first}`, shape, { managers: [...others, first] });
    },
    (shape) => other(shape, "workerImage", IMAGES),
    (shape) => other(shape, "managerImage", IMAGES),
    (shape) => other(shape, "workerSize", SIZES),
    (shape) => other(shape, "managerSize", SIZES),
    function otherReplicas(shape, random) {
        const counts = Array.from({ length: MOST_REPLICAS }, (_, index) => index + 1);
        const replicas = pick(
            counts.filter((count) => count !== shape.replicas),
            random,
        );
        return step(`replicas ${replicas} instead of ${shape.replicas}`, shape, { replicas });
    },
    function lostWorker(shape, random) {
        if (shape.workers.length === 0) return undefined;
        const lost = pick(shape.workers, random);
        return step(`worker ${lost} lost`, shape, {}, [lost]);
    },
    function lostManager(shape, random) {
        if (shape.managers.length !== 3) return undefined;
        const lost = pick(shape.managers, random);
        return step(`manager ${lost} lost`, shape, {}, [lost]);
    },
];

/** The other one of two values, where the role has a node: otherwise nothing would change. */
function other(
    shape: Shape,
    key: "workerImage" | "managerImage" | "workerSize" | "managerSize",
    values: readonly string[],
): Step | undefined {
    if (key.startsWith("worker") && shape.workers.length === 0) return undefined;
    const value = values.find((candidate) => candidate !== shape[key]) as string;
    return step(`${key} ${value}`, shape, { [key]: value });
}

/** One of the kinds that can hit the step, at any of its first steps; a run that has fewer is not interrupted. */
function interruption(from: Shape, { to, lose }: Step, random: () => number): Interruption {
    const before = dropletsOf(from).filter(({ name }) => !lose.includes(name));
    const requests = [
        ...(more(dropletsOf(to), before) ? MAKING : []),
        ...(more(before, dropletsOf(to)) ? DELETING : []),
    ];
    const others = sameMembers(from, to) && requests.length === 0;
    const possible = (kind: Kind) => {
        if (isOfTheApi(kind)) return requests.length > 0;
        if (kind === "SSH cut") return !others;
        // It makes the host key of a new node, and nothing else.
        return kind !== "kill tls" || namesOf(to).some((name) => !namesOf(from).includes(name));
    };
    const kind = pick(KINDS.filter(possible), random);
    if (kind === "SSH cut") {
        // The one script that every change of members runs, on the first of the managers.
        return { kind, at: /ating( replacement)? Command roster/, node: to.managers[0] as string };
    }
    if (isOfTheApi(kind)) return { kind, request: pick(requests, random) };
    return { kind, at: 1 + Math.floor(random() * (others ? STEPS_OF_A_SERVICE : FIRST_STEPS)) };
}

/** What makes one droplet another: a node that keeps all of it keeps its droplet. */
function dropletsOf(shape: Shape): readonly { readonly name: string; readonly what: string }[] {
    return [
        ...shape.managers.map((name) => ({
            name,
            what: `${name} ${shape.managerImage} ${shape.managerSize}`,
        })),
        ...shape.workers.map((name) => ({ name, what: `${name} ${shape.workerImage} ${shape.workerSize}` })),
    ];
}

type Droplets = ReturnType<typeof dropletsOf>;

/** Whether the one list has a droplet that the other has not. */
const more = (one: Droplets, other: Droplets) =>
    one.some(({ what }) => !other.some((had) => had.what === what));

const namesOf = ({ managers, workers }: Shape) => [...managers, ...workers];

const sameMembers = (one: Shape, other: Shape) =>
    one.managers.join() === other.managers.join() && one.workers.join() === other.workers.join();

/** No droplet is made each time and never answered: the plugin's five attempts a node would fill the account. */
const MAKING = [{ method: "POST", path: "/v2/droplets" }] as const;

const DELETING = [
    { method: "DELETE", pattern: "^/v2/droplets/" },
    { method: "DELETE", pattern: "^/v2/droplets/", times: null },
] as const;
