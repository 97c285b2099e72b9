/** Resources as a rule sees them, with what a test does not care about filled in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    type Properties,
    type Rule,
    type Seen,
    type SeenInStack,
    type Settings,
    types,
    type Violation,
} from "../../policy/rule.ts";

type Kind = keyof typeof types;

interface More {
    readonly deleteBeforeReplace?: boolean;
    readonly secretOutputs?: readonly string[];
    readonly madeFrom?: Readonly<Record<string, readonly SeenInStack[]>>;
}

export function resource(
    kind: Kind,
    name: string,
    properties: Properties = {},
    more: More = {},
): SeenInStack {
    return {
        type: types[kind],
        name,
        urn: urn(kind, name),
        properties,
        deleteBeforeReplace: more.deleteBeforeReplace,
        secretOutputs: more.secretOutputs ?? [],
        madeFrom: more.madeFrom ?? {},
    };
}

export const urn = (kind: Kind, name: string) => `urn:pulumi:dev::swarm::${types[kind]}::${name}`;

/** What a rule says of one resource. */
export const of = (rule: Rule, one: Seen, settings: Settings = {}): readonly string[] => {
    const { resource: about } = rule;
    assert.ok(about, `${rule.name} is not about single resources`);
    assert.ok(about.types.includes(one.type), `${rule.name} is not about ${one.type}`);
    return about.check(one, settings);
};

/** What a rule says of a stack. */
export const ofStack = async (
    rule: Rule,
    resources: readonly SeenInStack[],
    settings: Settings = {},
): Promise<readonly Violation[]> => {
    assert.ok(rule.stack, `${rule.name} is not about stacks`);
    return await rule.stack(resources, settings);
};

/** One test a row: a title, the resource, and exactly what is said of it. */
export function table(
    rule: Rule,
    rows: readonly (readonly [title: string, one: Seen, said: readonly string[], settings?: Settings])[],
): void {
    for (const [title, one, said, settings] of rows) {
        test(title, () => assert.deepEqual(of(rule, one, settings), said));
    }
}

/** The same for a stack. */
export function stackTable(
    rule: Rule,
    rows: readonly (readonly [
        title: string,
        resources: readonly SeenInStack[],
        said: readonly Violation[],
        settings?: Settings,
    ])[],
): void {
    for (const [title, resources, said, settings] of rows) {
        test(title, async () => assert.deepEqual(await ofStack(rule, resources, settings), said));
    }
}
