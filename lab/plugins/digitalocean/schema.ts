import type { Props, Value } from "../protocol/values.ts";
import type { Api } from "./api.ts";

/** One property of a resource: how it is given, what it means when it is not, and what its change does. */
export interface Property {
    /** Has a value that the API makes up when the program gives none. */
    computed?: boolean;
    /** Cannot be given at all. */
    outputOnly?: boolean;
    required?: boolean;
    /** A change replaces the resource. */
    replaces?: boolean | ((old: Value, next: Value) => boolean);
    /** Properties that the API makes up anew when this one changes. */
    ripples?: string[];
    /** A list whose order means nothing. */
    set?: boolean;
    /** Holds a secret whoever gave it. */
    secret?: boolean;
    /** Check writes this into the inputs when nothing is given. */
    checkDefault?: Value;
    /** In effect when nothing is given, but not written into the inputs. */
    default?: Value;
    /** Members of the object, or of each object of the list. */
    members?: Properties;
    /** The form in which the state holds a given value: trimmed, in lower case, hashed. */
    stored?: (value: Value) => Value;
    /** The state's form is one-way, so a refresh leaves the input as it is. */
    oneWay?: boolean;
}

export type Properties = Record<string, Property>;

export interface UpdateArgs {
    id: string;
    /** Given inputs, with defaults in effect. */
    inputs: Props;
    /** The state before. */
    olds: Props;
    changed(...names: string[]): boolean;
}

export interface DeleteArgs {
    id: string;
    state: Props;
    /** Seconds of the resource's custom timeout; 0: none. */
    timeoutSeconds: number;
}

export interface CreateArgs {
    /** Given inputs, with defaults in effect. */
    inputs: Props;
    timeoutSeconds: number;
    /** To be called as soon as the resource exists at the API: a later failure must not lose sight of it. */
    exists(id: string): void;
}

/** A resource type of the provider: its properties, and how it lives at the API. */
export interface Description {
    /** The type's token, such as `digitalocean:index/tag:Tag`. */
    token: string;
    /** For messages: "droplet". */
    noun: string;
    properties: Properties;
    /**
     * Has a name that the provider makes up when none is given. A name that is given must be unique, as far as the
     * bridge knows, so a replacement then has to delete first.
     */
    autoName?: boolean;
    /** More problems of the inputs: property to reason. */
    validate?(inputs: Props): [property: string, reason: string][];
    /** @returns the state when it is known already; else it is read */
    create(args: CreateArgs, api: Api): Promise<Props | undefined>;
    /** State as the API tells it, `undefined` when gone. Properties left out keep their last value. */
    read(id: string, state: Props, api: Api): Promise<Props | undefined>;
    update?(args: UpdateArgs, api: Api): Promise<void>;
    delete(args: DeleteArgs, api: Api): Promise<void>;
}
