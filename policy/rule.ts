/** What a rule is, and what it sees. Nothing in here knows of the policy SDK. */

/** In the place of a value that only the `up` brings about. */
export const UNKNOWN = Symbol("not known before the up");

export type Properties = Readonly<Record<string, unknown>>;

/** A resource as plain data: secrets in clear, unknown values as `UNKNOWN`. */
export interface Seen {
    /** Such as `digitalocean:index/droplet:Droplet`. */
    readonly type: string;
    readonly name: string;
    readonly urn: string;
    /** Inputs where a single resource is checked, outputs where the stack is. */
    readonly properties: Properties;
    /** Undefined where it is left to the plugin. */
    readonly deleteBeforeReplace: boolean | undefined;
    /** Outputs that the program declares secret. */
    readonly secretOutputs: readonly string[];
}

/** A resource among those of its stack. */
export interface SeenInStack extends Seen {
    /** By property: the resources that its value is made from. */
    readonly madeFrom: Readonly<Record<string, readonly SeenInStack[]>>;
}

export interface Violation {
    /** Undefined for the stack as a whole. */
    readonly urn?: string;
    /** What, why, and what is allowed. Never holds a secret. */
    readonly text: string;
}

/** A key of a rule's own in the policy config. */
export interface Setting {
    readonly type: "boolean" | "integer";
    readonly description: string;
    readonly default?: boolean | number;
    readonly minimum?: number;
}

/** Values by key, as the policy config and the defaults have them. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Rule {
    /** In kebab case; the key of the rule in the policy config. */
    readonly name: string;
    /** The rule in one sentence: heads each violation. */
    readonly description: string;
    /** Unless the policy config says otherwise. */
    readonly level: "mandatory" | "advisory";
    readonly settings?: Readonly<Record<string, Setting>>;
    /** Asked about each resource of these types with its inputs, before anything is done about it. */
    readonly resource?: {
        readonly types: readonly string[];
        /** Properties without which nothing can be said: while they are unknown, Pulumi says so instead. */
        readonly needs?: readonly string[];
        readonly check: (resource: Seen, settings: Settings) => readonly string[];
    };
    /** Asked about all resources at the end of a preview or an `up`. */
    readonly stack?: (
        resources: readonly SeenInStack[],
        settings: Settings,
    ) => readonly Violation[] | Promise<readonly Violation[]>;
}

export const types = {
    droplet: "digitalocean:index/droplet:Droplet",
    firewall: "digitalocean:index/firewall:Firewall",
    sshKey: "digitalocean:index/sshKey:SshKey",
    tag: "digitalocean:index/tag:Tag",
    vpc: "digitalocean:index/vpc:Vpc",
    privateKey: "tls:index/privateKey:PrivateKey",
    remote: "command:remote:Command",
    local: "command:local:Command",
    network: "swarm:index:Network",
} as const;

export const ofType = (resources: readonly SeenInStack[], type: string): readonly SeenInStack[] =>
    resources.filter((resource) => resource.type === type);

/** A list of texts; unknown and absent ones are empty, unknown entries are left out. */
export function texts(value: unknown): readonly string[] {
    return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** As a person writes a value; one that is not there is named so. */
export const shown = (value: unknown): string =>
    value === undefined || value === null ? "nothing" : value === UNKNOWN ? "unknown" : JSON.stringify(value);

/** Words in a row, or what stands for none of them. */
export const listed = (words: readonly string[], none = "none"): string => words.join(", ") || none;
