import type { DiffResult } from "./diff.ts";
import type { Props } from "./values.ts";

export type Severity = "debug" | "info" | "warning" | "error";

/** What one operation knows of its surroundings. */
export interface Context {
    urn: string;
    /** Last part of the URN. */
    name: string;
    /** Ends the operation: cancelled by the user, or past the resource's custom timeout. */
    signal: AbortSignal;
    /** Seconds of the resource's `customTimeouts` for this operation; 0 when none is set. */
    timeoutSeconds: number;
    /** Only say what would come out. */
    preview: boolean;
    /** A message shown with the resource. */
    log(severity: Severity, message: string): void;
    /** A message shown while the operation runs, and not kept. */
    status(message: string): void;
}

export interface CheckFailure {
    property: string;
    reason: string;
}

export interface CheckResult {
    inputs: Props;
    failures: CheckFailure[];
}

export interface CheckRequest {
    olds: Props;
    news: Props;
    /** Same for each run of one deployment; makes automatic names repeatable between preview and update. */
    randomSeed: Uint8Array;
}

export interface DiffRequest {
    id: string;
    /** Outputs of the last operation. */
    olds: Props;
    oldInputs: Props;
    news: Props;
    /** Property paths the program asked to ignore; the engine has put the old inputs in `news` for them. */
    ignoreChanges: string[];
}

export interface UpdateRequest {
    id: string;
    olds: Props;
    oldInputs: Props;
    news: Props;
}

export interface StateRequest {
    id: string;
    /** Outputs of the last operation; empty in an import. */
    properties: Props;
    /** Inputs of the last operation; empty in an import. */
    inputs: Props;
}

export interface Created {
    id: string;
    properties: Props;
}

export interface ReadResult {
    id: string;
    properties: Props;
    inputs: Props;
}

/** One resource type. Values arrive with their secret wrappers on. */
export interface ResourceType {
    check(request: CheckRequest, context: Context): CheckResult | Promise<CheckResult>;
    diff(request: DiffRequest, context: Context): DiffResult | Promise<DiffResult>;
    create(inputs: Props, context: Context): Promise<Created>;
    /** `undefined` when the resource is gone. */
    read(request: StateRequest, context: Context): Promise<ReadResult | undefined>;
    update(request: UpdateRequest, context: Context): Promise<Props>;
    delete(request: StateRequest, context: Context): Promise<void>;
}

export type ProviderFunction = (args: Props, context: Context) => Promise<Props>;

export interface Provider {
    name: string;
    version: string;
    /** Called once, before any resource is checked. `args` is the provider's configuration. */
    configure?(args: Props): void | Promise<void>;
    /** By type token, such as `command:remote:Command`. */
    resources: Record<string, ResourceType>;
    /** By function token, such as `digitalocean:index/getImage:getImage`. */
    functions: Record<string, ProviderFunction>;
}

/**
 * The resource exists, and what should follow its creation (or an update) failed. The engine then keeps
 * it in the state with these properties, so that it can be deleted, instead of losing sight of it.
 */
export class ResourceInitError extends Error {
    readonly id: string;
    readonly properties: Props;
    readonly inputs: Props;

    constructor(message: string, resource: { id: string; properties: Props; inputs: Props }) {
        super(message);
        this.name = "ResourceInitError";
        this.id = resource.id;
        this.properties = resource.properties;
        this.inputs = resource.inputs;
    }
}
