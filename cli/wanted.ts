/** What the last `up` wanted of the swarm, from the inputs of the stack's commands. No I/O. */
import type { WantedMember, WantedSwarm } from "../look/differences.ts";
import { OBJECT_KINDS } from "../model/contents.ts";
import { isServiceCommand, readInput, type ScriptInput, valuesOf } from "../model/scriptInput.ts";
import type { ExportedState } from "../remnants/remnants.ts";
import type { Droplet } from "./droplets.ts";
import { byName, COMMAND, nameOf, plaintext, resourcesIn, type StackState } from "./stackState.ts";

export interface Wanted {
    readonly swarm: WantedSwarm;
    /** Services whose options are encrypted in the state that was read. */
    readonly encrypted: readonly string[];
    /** Services that an older version of the program has made, which wrote no specs. */
    readonly older: readonly string[];
    /** Services that the last roster was told of and whose own commands have never succeeded. */
    readonly unfinished: readonly string[];
}

/** @param droplets Undefined where the cloud could not be asked. */
export function wantedIn(state: StackState, droplets: readonly Droplet[] | undefined): Wanted {
    const commands = resourcesIn(state.exported)
        .filter(({ type }) => type === COMMAND)
        .map(({ urn, inputs }) => ({
            name: nameOf({ urn }),
            urn,
            input: readInput(plaintext(inputs?.stdin)),
            // Whether it can be read or not.
            secret: typeof inputs?.stdin === "object",
        }));
    const inputs = (component: string, name: string) =>
        commands.find(({ urn }) => urn.endsWith(`::swarm:index:${component}$${COMMAND}::${name}`))?.input;
    const roster = inputs("Swarm", "roster");
    const unused = inputs("Objects", "unused");
    const services = commands
        .filter(({ urn }) => isServiceCommand(urn))
        .sort((a, b) => byName(a.name, b.name));
    // Their scripts' inputs are secret as a whole, and their options are not.
    const shown = shownServices(state.exported);
    const unfinished = valuesOf(roster, "service").filter(
        (name) => !services.some((service) => service.name === name),
    );
    const [autolock] = valuesOf(inputs("Swarm", "swarm"), "autolock");
    const without = (encrypted: boolean) =>
        services
            .filter(({ input }) => !input?.spec && (input === undefined) === encrypted)
            .map(({ name }) => name);
    return {
        swarm: {
            stack: state.names.stack,
            by: "stack",
            ...(autolock !== undefined && { autolock: autolock === "true" }),
            members: membersIn(state, roster, droplets),
            ...(roster && { networks: marksIn(roster) }),
            objects: {
                wanted: OBJECT_KINDS.flatMap((kind) =>
                    valuesOf(unused, kind).map((line) => {
                        const [name = "", configName = ""] = line.split(" ");
                        return { kind, name, configName };
                    }),
                ),
                keep: Number(valuesOf(unused, "keep")[0] ?? 0),
            },
            services: [
                ...services.map(({ name, input, secret }) => ({
                    name,
                    spec: input?.spec,
                    secret: secret && !shown.has(name),
                })),
                ...unfinished.map((name) => ({ name, secret: false })),
            ],
        },
        encrypted: without(true),
        older: without(false),
        unfinished,
    };
}

function labelsIn(roster: ScriptInput, id: string | undefined): Record<string, string> {
    const own = valuesOf(roster, "label").filter((line) => line.startsWith(`${id} `));
    return Object.fromEntries(
        own.map((line) => {
            const [, label = "", value = ""] = /^\S+ ([^=]+)=(.*)$/.exec(line) ?? [];
            return [label, value];
        }),
    );
}

/** A roster of an earlier version was told names alone. */
function marksIn(roster: ScriptInput): Record<string, string> {
    const lines = valuesOf(roster, "network").map((line) => line.split(" "));
    return Object.fromEntries(lines.filter(([, mark]) => mark !== undefined));
}

/** Names of the services that the component of all of them shows. */
function shownServices(exported: ExportedState): ReadonlySet<string> {
    const component = resourcesIn(exported).find(({ type }) => type === "swarm:index:Services");
    const shown = (component?.inputs?.shown ?? {}) as Readonly<Record<string, { readonly spec?: unknown }>>;
    return new Set(Object.keys(shown).filter((name) => shown[name]?.spec !== undefined));
}

/** A node that no roster was told of yet is to take tasks as its like do. */
function membersIn(
    { nodes }: StackState,
    roster: ScriptInput | undefined,
    droplets: readonly Droplet[] | undefined,
): WantedMember[] {
    const told = valuesOf(roster, "member").map((line) => line.split(" "));
    const ofManagers = told.find(([, , role]) => role === "manager")?.[3];
    return nodes.map(({ name, role, privateIp, dropletId }) => {
        const availability = role === "worker" ? "active" : ofManagers;
        const status = droplets?.find(({ id }) => `${id}` === dropletId)?.status ?? "absent";
        return {
            name,
            role,
            ...((availability === "active" || availability === "drain") && { availability }),
            ...(roster && { labels: labelsIn(roster, told.find(([, called]) => called === name)?.[0]) }),
            addresses: privateIp === "" ? [] : [privateIp],
            ...(droplets && { droplet: { id: dropletId, status } }),
        };
    });
}
