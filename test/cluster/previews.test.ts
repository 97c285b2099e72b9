/**
 * The previews that `test/cli` makes without an engine are those of a real one: the same steps, for the same reasons, with
 * the same properties known, unknown and secret, and scripts that read lines of the same keys.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readInput } from "../../model/scriptInput.ts";
import type { ChangeOfProgram, RawPreview, RawStep } from "../cli/engine.ts";
import { CHANGES, one } from "../cli/previews.ts";
import { api, droplets } from "./support/cloud.ts";
import { LabStack } from "./support/stack.ts";

/** Of the cluster `one`: each kind of step, and each option of a preview. */
const NAMES = [
    "scale-out",
    "scale-in",
    "promote",
    "places",
    "manager-exchanged",
    "roll-manager",
    "size",
    "worker-anew",
    "start-over",
    "portion",
    "portion-alone",
    "target-alone",
    "recover",
    "service-new",
    "service-removed",
    "service-global",
    "port-moved",
];

/**
 * Properties that the plugins and the SDK add, and that no plan reads; and that of a look at the swarm, which differs from the
 * config until the change is made. The made ones have no swarm to look at.
 */
const ADDED = new Set(["__defaults", "resizeDisk", "environment"]);

/** What is compared of a value: whether it is there to be read, and the keys of what a script reads. */
function kindOf(value: unknown): unknown {
    if (value === "[secret]") return "secret";
    if (JSON.stringify(value)?.includes("04da6b54-80e4-46f7-96ec-b56ff0331ba9")) return "unknown";
    const input = typeof value === "string" ? readInput(value) : undefined;
    if (input === undefined) return "known";
    return [...input.lines.map(([key]) => key), ...(input.spec ? ["spec"] : [])].join(" ");
}

function stateOf(state: RawStep["oldState"], isComponent: boolean) {
    const inputs = Object.entries((state?.inputs ?? {}) as Record<string, unknown>)
        .filter(([key]) => !ADDED.has(key) && !isComponent)
        .map(([key, value]) => `${key}: ${kindOf(value)}`)
        .sort();
    return (
        state && { type: state.type, inputs, delete: state.delete === true, protect: state.protect === true }
    );
}

/** Steps in the order of their names: the engine's own differs from run to run. */
function shapeOf({ steps, config }: RawPreview, stack: string) {
    return {
        config: Object.keys(config).sort(),
        steps: steps
            .map(({ op, urn, oldState, newState, diffReasons, replaceReasons }) => {
                const isComponent = /::(swarm:index|pulumi:pulumi):\w+::/.test(urn);
                return {
                    step: `${op} ${urn.replaceAll(stack, "dev")}`,
                    old: stateOf(oldState, isComponent),
                    new: stateOf(newState, isComponent),
                    diffReasons: (diffReasons ?? []).filter((reason) => !ADDED.has(reason)).sort(),
                    replaceReasons: [...(replaceReasons ?? [])].sort(),
                };
            })
            .sort((a, b) => (a.step < b.step ? -1 : 1)),
    };
}

/** Previews made under mocks, which are not to leave their stand-ins in this process. */
async function madeShapes(names: readonly string[]): Promise<Map<string, unknown>> {
    const had = { ...process.env };
    const { previewOf } = await import("../cli/engine.ts");
    const shapes = new Map<string, unknown>();
    for (const name of names) shapes.set(name, shapeOf(await previewOf(changeOf(name)), "dev"));
    for (const name of Object.keys(process.env)) if (!(name in had)) delete process.env[name];
    Object.assign(process.env, had);
    return shapes;
}

function changeOf(name: string): ChangeOfProgram {
    const change = CHANGES[name];
    assert.ok(change, name);
    return change;
}

/** The options that have a real preview do the same. */
function optionsOf({ replace, target, lost }: ChangeOfProgram): string[] {
    return [
        "--show-sames",
        ...(replace ? ["--replace", `**${replace}`] : []),
        ...(target ? ["--target", `**${target.urn}`] : []),
        ...(target?.dependents ? ["--target-dependents"] : []),
        ...(lost ? ["--refresh"] : []),
    ];
}

describe("previews made without an engine are like real ones", () => {
    let stack: LabStack;
    let made: Map<string, unknown>;
    before(async () => {
        made = await madeShapes(["first-up", "destroy", "lost-worker", ...NAMES]);
        stack = await LabStack.make("previews", real(one));
    });
    after(() => stack.remove());

    const real = (config: object) => ({ ...config, vpcIpRange: "10.136.0.0/24" });

    async function compare(name: string, args = ["preview", "--json", ...optionsOf(changeOf(name))]) {
        const { after } = changeOf(name);
        if (after) stack.configure(real(after));
        const { text } = await stack.pulumi(args);
        const preview = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as RawPreview;
        assert.deepEqual(shapeOf(preview, stack.name), made.get(name));
    }

    test("first-up", () => compare("first-up"));

    test("the first up", async () => {
        await stack.upOrThrow();
    });

    for (const name of NAMES) test(name, () => compare(name));

    test("destroy", () => compare("destroy", ["destroy", "--preview-only", "--json"]));

    test("lost-worker", async () => {
        const node = (await droplets((await stack.names()).tags.all)).find(({ name }) => name === "node4");
        await api("DELETE", `/v2/droplets/${node?.id}`);
        await compare("lost-worker");
    });
});
