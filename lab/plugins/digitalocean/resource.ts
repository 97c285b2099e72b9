import { type Context, ResourceInitError, type ResourceType } from "../protocol/provider.ts";
import {
    hasUnknown,
    isSecret,
    type Props,
    secret,
    secretsLikeInputs,
    unwrapProps,
    unwrapSecrets,
    type Value,
} from "../protocol/values.ts";
import { type Api, ApiError, isNotFound } from "./api.ts";
import { checkInputs, effectiveInputs, withoutNotes } from "./inputs.ts";
import { diffState, plannedState, sameValue, storedForm } from "./plan.ts";
import type { Description, Properties } from "./schema.ts";
import { waitFor } from "./wait.ts";

/** Seconds that a new resource may be unknown to the API's readers. */
const VISIBLE_SECONDS = 120;

/** A resource type from its description. */
export function resourceFrom(description: Description, connect: (context: Context) => Api): ResourceType {
    const { noun, properties } = description;

    /** State from the API over what is known already. */
    async function readState(id: string, known: Props, api: Api): Promise<Props | undefined> {
        const found = await description.read(id, known, api);
        return found === undefined ? undefined : { ...known, ...found, id };
    }

    return {
        check: (request, context) => checkInputs(description, request, context.name),

        diff: (request) => diffState(description, request),

        async create(given, context) {
            const plain = unwrapProps(given);
            const inputs = effectiveInputs(properties, plain);
            const planned = plannedState(properties, withoutNotes(plain) as Props, {});
            const mark = (state: Props) => markSecrets(properties, state, given);
            if (context.preview) {
                return { id: "", properties: mark(planned) };
            }
            const api = connect(context);
            let id: string | undefined;
            const exists = (created: string) => {
                id = created;
            };
            const known = withoutUnknowns(planned);
            try {
                const { timeoutSeconds } = context;
                const state = await description.create({ inputs, timeoutSeconds, exists }, api);
                const newId = String(id);
                const whenVisible = () =>
                    waitFor<Props>(api, `${noun} ${newId} to be found`, VISIBLE_SECONDS, async () => {
                        const found = await readState(newId, known, api);
                        return found === undefined ? { state: "404 (not found)" } : { done: found };
                    });
                const read = state === undefined ? await whenVisible() : { ...known, ...state, id: newId };
                return { id: newId, properties: mark(asCreated(properties, read, plain)) };
            } catch (error) {
                const failed = describe(error, `Error creating ${noun}`);
                if (id === undefined) {
                    throw failed;
                }
                throw new ResourceInitError(failed.message, {
                    id,
                    properties: mark({ ...known, id }),
                    inputs: given,
                });
            }
        },

        async read({ id, properties: state, inputs }, context) {
            const api = connect(context);
            const known = withoutUnknowns({ ...plannedState(properties, {}, {}), ...unwrapProps(state) });
            const found = await rethrowing(`Error retrieving ${noun} ${id}`, () => readState(id, known, api));
            if (found === undefined) {
                return undefined;
            }
            return {
                id,
                properties: markSecrets(properties, found, inputs),
                inputs: readInputs(properties, found, inputs),
            };
        },

        async update({ id, olds, news }, context) {
            const state = unwrapProps(olds);
            const plain = withoutNotes(unwrapProps(news)) as Props;
            const planned = { ...state, ...plannedState(properties, plain, state) };
            if (context.preview) {
                return markSecrets(properties, planned, news);
            }
            const api = connect(context);
            const changed = (...names: string[]) =>
                names.some((name) => !sameValue(properties[name] ?? {}, state[name], plain[name]));
            return rethrowing(`Error updating ${noun} ${id}`, async () => {
                await description.update?.(
                    { id, inputs: effectiveInputs(properties, plain), olds: state, changed },
                    api,
                );
                const found = await readState(id, withoutUnknowns(planned), api);
                if (found === undefined) {
                    throw new Error("the API does not know it any more (404)");
                }
                return markSecrets(properties, found, news);
            });
        },

        async delete({ id, properties: state }, context) {
            const api = connect(context);
            await rethrowing(`Error deleting ${noun} ${id}`, () =>
                description.delete(
                    { id, state: unwrapProps(state), timeoutSeconds: context.timeoutSeconds },
                    api,
                ),
            );
        },
    };
}

/** Deletes, and takes 404 for done. */
export async function deleteAt(api: Api, path: string): Promise<void> {
    try {
        await api.request("DELETE", path);
    } catch (error) {
        if (!isNotFound(error)) {
            throw error;
        }
    }
}

async function rethrowing<T>(what: string, operation: () => Promise<T>): Promise<T> {
    try {
        return await operation();
    } catch (error) {
        throw describe(error, what);
    }
}

function describe(error: unknown, what: string): Error {
    const { message } = error as Error;
    // The one failure that many meet first, and whose remedy is not in the API's answer.
    const hint =
        error instanceof ApiError && error.status === 401
            ? " (is digitalocean:token, or DIGITALOCEAN_TOKEN, the right one?)"
            : "";
    return new Error(`${what}: ${message}${hint}`);
}

/** A list that was not given and came back empty is recorded as none, until a refresh reads it. */
function asCreated(properties: Properties, state: Props, inputs: Props): Props {
    const entries = Object.entries(state).map(([name, value]): [string, Value] => {
        const property = properties[name];
        const settable = property !== undefined && !property.outputOnly && !property.computed;
        const notGiven = inputs[name] === undefined || inputs[name] === null;
        return [name, settable && notGiven && Array.isArray(value) && value.length === 0 ? null : value];
    });
    return Object.fromEntries(entries);
}

function withoutUnknowns(state: Props): Props {
    return Object.fromEntries(
        Object.entries(state).map(([name, value]) => [name, hasUnknown(value) ? null : value]),
    );
}

/** Inputs after a refresh: as they were, but for what the API has otherwise. */
function readInputs(properties: Properties, state: Props, inputs: Props): Props {
    const known = Object.keys(inputs).length > 0 ? inputs : importedInputs(properties, state);
    const result: Props = {};
    for (const [name, value] of Object.entries(known)) {
        const property = properties[name];
        const plain = withoutNotes(unwrapSecrets(value));
        if (name === "__defaults") {
            if (Array.isArray(value) && value.length > 0) {
                result[name] = value;
            }
        } else if (property === undefined || property.oneWay) {
            result[name] = value;
        } else if (sameValue(property, state[name], plain)) {
            result[name] =
                property.stored === undefined
                    ? withoutEmptyNotes(value)
                    : keepSecret(value, storedForm(property, plain));
        } else if (state[name] !== null && state[name] !== undefined) {
            result[name] = keepSecret(value, state[name]);
        }
    }
    return result;
}

function keepSecret(old: Value, value: Value): Value {
    return isSecret(old) ? secret(value) : value;
}

/** Of an import nothing is known but what the API says. */
function importedInputs(properties: Properties, state: Props): Props {
    const entries = Object.entries(properties)
        .filter(([name, { outputOnly }]) => !outputOnly && state[name] !== null && state[name] !== undefined)
        .map(([name]): [string, Value] => [name, state[name] ?? null]);
    return Object.fromEntries(entries);
}

/** Nested `__defaults` that note nothing are left out of what a refresh answers. */
function withoutEmptyNotes(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(withoutEmptyNotes);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const entries = Object.entries(value).filter(
        ([name, member]) => !(name === "__defaults" && Array.isArray(member) && member.length === 0),
    );
    return Object.fromEntries(entries.map(([name, member]) => [name, withoutEmptyNotes(member)]));
}

/** Secret where the schema says so, and where the input of the same name is. */
function markSecrets(properties: Properties, state: Props, inputs: Props): Props {
    const marked = Object.entries(state).map(([name, value]): [string, Value] => [
        name,
        properties[name]?.secret ? secret(value) : value,
    ]);
    return secretsLikeInputs(Object.fromEntries(marked), inputs);
}
