/**
 * The fields of the Engine API's `ServiceSpec`, for a service's own `spec`: the daemon takes no notice of a field that it does
 * not know, so a slip of a key would be lost without a word.
 *
 * https://docs.docker.com/reference/api/engine/version/v1.51/ (operation `ServiceCreate`)
 */

import { closest, distance } from "fastest-levenshtein";
import { isObject, type Json, type JsonObject } from "./engineSpec.ts";
import type { Problem } from "./problems.ts";
import { isInexact, QUOTES } from "./schema.ts";
import { OPTION_FIELDS } from "./specChanges.ts";

/** A text, a number, a flag; a list or a map of such; a list of objects; or an object with fields of its own. */
type Field = "text" | "number" | "flag" | "texts" | "map" | readonly [Fields] | Fields;
interface Fields {
    readonly [name: string]: Field;
}

const FILE = { Name: "text", UID: "text", GID: "text", Mode: "number" } as const satisfies Fields;
const DRIVER = { Name: "text", Options: "map" } as const satisfies Fields;

const CONTAINER: Fields = {
    Image: "text",
    Labels: "map",
    Command: "texts",
    Args: "texts",
    Hostname: "text",
    Env: "texts",
    Dir: "text",
    User: "text",
    Groups: "texts",
    Privileges: {
        CredentialSpec: { Config: "text", File: "text", Registry: "text" },
        SELinuxContext: { Disable: "flag", User: "text", Role: "text", Type: "text", Level: "text" },
        Seccomp: { Mode: "text", Profile: "text" },
        AppArmor: { Mode: "text" },
        NoNewPrivileges: "flag",
    },
    TTY: "flag",
    OpenStdin: "flag",
    ReadOnly: "flag",
    Mounts: [{ Type: "text", Source: "text", Target: "text", ReadOnly: "flag" }],
    StopSignal: "text",
    StopGracePeriod: "number",
    Healthcheck: {
        Test: "texts",
        Interval: "number",
        Timeout: "number",
        Retries: "number",
        StartPeriod: "number",
        StartInterval: "number",
    },
    Hosts: "texts",
    DNSConfig: { Nameservers: "texts", Search: "texts", Options: "texts" },
    Secrets: [{ SecretName: "text", SecretID: "text", File: FILE }],
    OomScoreAdj: "number",
    Configs: [{ ConfigName: "text", ConfigID: "text", File: FILE, Runtime: {} }],
    Isolation: "text",
    Init: "flag",
    Sysctls: "map",
    CapabilityAdd: "texts",
    CapabilityDrop: "texts",
    Ulimits: [{ Name: "text", Soft: "number", Hard: "number" }],
};

const ROLLOUT: Fields = {
    Parallelism: "number",
    Delay: "number",
    FailureAction: "text",
    Monitor: "number",
    MaxFailureRatio: "number",
    Order: "text",
};

const SPEC: Fields = {
    Name: "text",
    Labels: "map",
    TaskTemplate: {
        ContainerSpec: CONTAINER,
        Resources: {
            Limits: { NanoCPUs: "number", MemoryBytes: "number", Pids: "number" },
            Reservations: {
                NanoCPUs: "number",
                MemoryBytes: "number",
                GenericResources: [
                    {
                        NamedResourceSpec: { Kind: "text", Value: "text" },
                        DiscreteResourceSpec: { Kind: "text", Value: "number" },
                    },
                ],
            },
            SwapBytes: "number",
            MemorySwappiness: "number",
        },
        RestartPolicy: { Condition: "text", Delay: "number", MaxAttempts: "number", Window: "number" },
        Placement: {
            Constraints: "texts",
            Preferences: [{ Spread: { SpreadDescriptor: "text" } }],
            MaxReplicas: "number",
            Platforms: [{ Architecture: "text", OS: "text" }],
        },
        ForceUpdate: "number",
        Runtime: "text",
        Networks: [{ Target: "text", Aliases: "texts", DriverOpts: "map" }],
        LogDriver: DRIVER,
    },
    Mode: {
        Replicated: { Replicas: "number" },
        Global: {},
        ReplicatedJob: { MaxConcurrent: "number", TotalCompletions: "number" },
        GlobalJob: {},
    },
    UpdateConfig: ROLLOUT,
    RollbackConfig: ROLLOUT,
    EndpointSpec: {
        Mode: "text",
        Ports: [{ Protocol: "text", TargetPort: "number", PublishedPort: "number", PublishMode: "text" }],
    },
};

/** What the daemon's answer may hold that no spec here can, since it is newer than this list. */
export function isKnownField(path: readonly string[]): boolean {
    let field: Field | undefined = SPEC;
    for (const name of path) {
        if (isList(field)) field = field[0];
        if (typeof field === "string" || field === undefined) return field !== undefined;
        if (/^\d+$/.test(name)) continue;
        field = named(field as Fields, name);
    }
    return field !== undefined;
}

/** A name that every object has, such as `constructor`, is no field. */
function named<T>(fields: Readonly<Record<string, T>>, name: string): T | undefined {
    return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

const ALLOWED: Readonly<Record<string, string>> = {
    text: "a text",
    // What is more cannot be sent: JSON's numbers are read and written here as JavaScript has them.
    number: `a whole number from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}; times are nanoseconds`,
    flag: "true or false",
    texts: "a list of texts",
    map: "a map from texts to texts",
};

/** What is wrong with a service's own `spec`: fields that there are none of, or that an option of the service is for. */
export function specProblems(path: readonly PropertyKey[], spec: JsonObject): Problem[] {
    return problemsIn(path, [], spec, SPEC);
}

function problemsIn(
    top: readonly PropertyKey[],
    at: readonly PropertyKey[],
    value: Json | undefined,
    field: Field,
): Problem[] {
    const path = [...top, ...at];
    const option = named(OPTION_FIELDS, at.join("."));
    if (option !== undefined) {
        return [{ path, value, why: `is what ${option} makes`, allowed: "fields that no option is for" }];
    }
    const refused = (allowed: string): Problem[] => [{ path, value, why: "", allowed }];
    if (typeof field === "string") {
        const [inexact] = texts(value).filter(isInexact);
        if (field !== "number" && inexact !== undefined) return refused(`${ALLOWED[field]}; ${QUOTES}`);
        return fits(value, field) ? [] : refused(ALLOWED[field] ?? field);
    }
    if (isList(field)) {
        if (!Array.isArray(value)) return refused("a list of objects");
        return value.flatMap((entry, index) => problemsIn(top, [...at, index], entry, field[0]));
    }
    if (!isObject(value)) return refused(`an object with ${Object.keys(field).join(", ")}`);
    return Object.entries(value).flatMap(([name, inner]) => {
        const known = named(field, name);
        if (known !== undefined) return problemsIn(top, [...at, name], inner, known);
        const near = closest(name, Object.keys(field));
        // The daemon reads names without regard to case, and writes them as they stand here.
        const hint =
            near && distance(name.toLowerCase(), near.toLowerCase()) <= 2 ? `; did you mean ${near}?` : "";
        const why = `is no field of the Engine API's ServiceSpec${hint}`;
        const allowed = Object.keys(field).join(", ");
        return [{ path: [...path, name], value: inner, why, allowed }];
    });
}

/** The value, or all that a list or a map holds. */
function texts(value: Json | undefined): unknown[] {
    return typeof value === "object" && value !== null ? Object.values(value) : [value];
}

function fits(value: Json | undefined, field: string): boolean {
    switch (field) {
        case "text":
            return typeof value === "string";
        case "number":
            return Number.isSafeInteger(value);
        case "flag":
            return typeof value === "boolean";
        case "map":
            return isObject(value) && Object.values(value).every((entry) => typeof entry === "string");
        default:
            return Array.isArray(value) && value.every((entry) => typeof entry === "string");
    }
}

function isList(field: Field | undefined): field is readonly [Fields] {
    return Array.isArray(field);
}
