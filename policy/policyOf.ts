import type {
    Policies,
    PolicyConfigSchema,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationPolicy,
    StackValidationPolicy,
} from "@pulumi/policy";
import type { Rule, Seen, SeenInStack, Settings } from "./rule.ts";
import { UNKNOWN } from "./rule.ts";

/** A rule as the SDK takes it. One with a check of each kind is both kinds of policy at once, under one name. */
export function policyOf(rule: Rule): Policies[number] {
    const policy: Partial<ResourceValidationPolicy & StackValidationPolicy> = {
        name: rule.name,
        description: rule.description,
        enforcementLevel: rule.level,
    };
    if (rule.settings) {
        policy.configSchema = { properties: { ...rule.settings } as PolicyConfigSchema["properties"] };
    }
    const { resource, stack } = rule;
    if (resource) {
        policy.validateResource = (args, report) => {
            if (!resource.types.includes(args.type)) return;
            for (const name of resource.needs ?? []) readThrough(args.props[name]);
            const settings = args.getConfig<Settings>();
            const found = [...unknownKeys(rule, settings), ...resource.check(seen(args), settings)];
            for (const text of found) report(text);
        };
    }
    if (stack) {
        policy.validateStack = async (args, report) => {
            const settings = args.getConfig<Settings>();
            for (const text of resource ? [] : unknownKeys(rule, settings)) report(text);
            for (const { text, urn } of await stack(seenInStack(args.resources), settings)) report(text, urn);
        };
    }
    return policy as Policies[number];
}

/** The engine checks the values of known keys, and lets others pass. */
function unknownKeys(rule: Pick<Rule, "name" | "settings">, settings: Settings): string[] {
    const known = Object.keys(rule.settings ?? {});
    return Object.keys(settings)
        .filter((key) => !known.includes(key))
        .map(
            (key) =>
                `the policy config of "${rule.name}" has the unknown key "${key}"; allowed: ` +
                ["enforcementLevel", ...known].join(", "),
        );
}

function seen(resource: {
    readonly type: string;
    readonly name: string;
    readonly urn: string;
    readonly props: Record<string, unknown>;
    readonly opts: PolicyResourceOptions;
}): Seen {
    return {
        type: resource.type,
        name: resource.name,
        urn: resource.urn,
        properties: plain(resource.props) as Record<string, unknown>,
        deleteBeforeReplace: resource.opts.deleteBeforeReplace,
        secretOutputs: resource.opts.additionalSecretOutputs,
    };
}

function seenInStack(resources: readonly PolicyResource[]): SeenInStack[] {
    const all = new Map<string, SeenInStack & { madeFrom: Record<string, readonly SeenInStack[]> }>(
        resources.map((resource) => [resource.urn, { ...seen(resource), madeFrom: {} }]),
    );
    for (const { urn, propertyDependencies } of resources) {
        const one = all.get(urn);
        for (const [property, sources] of Object.entries(propertyDependencies)) {
            if (one) one.madeFrom[property] = sources.flatMap((source) => all.get(source.urn) ?? []);
        }
    }
    return [...all.values()];
}

/** The SDK has every reading of an unknown value throw; its error is of a class that it does not export. */
function plain(value: unknown): unknown {
    if (Array.isArray(value)) return Array.from(value.keys(), (index) => read(value, index));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));
}

function read(from: object, key: string | number): unknown {
    let value: unknown;
    try {
        value = (from as Record<string | number, unknown>)[key];
    } catch (error) {
        if (error instanceof Error && error.constructor.name === "UnknownValueError") return UNKNOWN;
        throw error;
    }
    return plain(value);
}

/**
 * Has the SDK say that the policy cannot be run yet, when anything of the value is unknown; but for tags, whose names a first
 * preview cannot know: a source by a tag is no address, whatever the tag is called.
 */
function readThrough(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
        if (key !== "sourceTags") readThrough((value as Record<string, unknown>)[key]);
    }
}
