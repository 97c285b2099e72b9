/** Made-up previews of changes of the nodes, for orders that no recording has. */
import { type Preview, readPreview } from "../../cli/plan/preview.ts";
import { payload } from "../../components/remote.ts";
import { availability } from "../../model/nodes.ts";
import type { RawStep } from "./engine.ts";

export interface Roles {
    readonly managers: readonly string[];
    readonly workers: readonly string[];
}

export interface MadeChange {
    readonly before: Roles;
    readonly after: Roles;
    /** Names of both whose droplets are replaced. */
    readonly replaced?: readonly string[];
    /** Names of services that are removed. */
    readonly removed?: readonly string[];
}

const urn = (parent: string, type: string, name: string) =>
    `urn:pulumi:dev::swarm::swarm:index:${parent}$${type}::${name}`;

const all = ({ managers, workers }: Roles) => [...managers, ...workers];
const roleIn = ({ managers }: Roles, name: string) => (managers.includes(name) ? "manager" : "worker");

/** What the last roster was told. */
export function memberLines(roles: Roles): string[] {
    const open = availability("auto", roles);
    return all(roles).map((name) => {
        const role = roleIn(roles, name);
        return `${name}-id ${name} ${role} ${role === "manager" ? open : "active"}`;
    });
}

function dropletStep(name: string, { before, after, replaced = [] }: MadeChange): RawStep[] {
    const type = "digitalocean:index/droplet:Droplet";
    const state = (roles: Roles) => ({
        type,
        inputs: { size: "s", image: "i", tags: ["swarm-dev", `swarm-dev-${roleIn(roles, name)}`] },
    });
    const [was, is] = [all(before).includes(name), all(after).includes(name)];
    const step = { urn: urn("Nodes", type, name) };
    if (!is) return [{ ...step, op: "delete", oldState: state(before) }];
    if (!was) return [{ ...step, op: "create", newState: state(after) }];
    if (replaced.includes(name))
        return [{ ...step, op: "replace", oldState: state(before), newState: state(after) }];
    const op = roleIn(before, name) === roleIn(after, name) ? "same" : "update";
    return [{ ...step, op, oldState: state(before), newState: state(after) }];
}

export function madePreview(change: MadeChange): Preview {
    const { before, after, replaced = [], removed = [] } = change;
    const type = "command:remote:Command";
    const wasIn = (name: string) => all(before).includes(name);
    const isReplaced = (name: string) => replaced.includes(name);
    const command = (name: string, op: string, stdin?: string): RawStep => ({
        op,
        urn: urn("Swarm", type, name),
        ...(op === "create" ? {} : { oldState: { type, inputs: { stdin } } }),
        newState: { type, inputs: {} },
    });
    const roster = payload(
        "roster",
        memberLines(before).map((line) => ["member", line] as const),
    );
    const steps: RawStep[] = [
        ...[...new Set([...all(after), ...all(before)])].flatMap((name) => dropletStep(name, change)),
        command("swarm", "update"),
        ...all(after).map((name) =>
            command(`${name}-join`, !wasIn(name) ? "create" : isReplaced(name) ? "replace" : "same"),
        ),
        ...all(before)
            .filter((name) => !all(after).includes(name))
            .map((name) => command(`${name}-join`, "delete")),
        command("roster", "update", roster),
        ...removed.map((name) => ({ op: "delete", urn: urn("Services", type, name), oldState: { type } })),
    ];
    return previewFrom(steps, { managers: after.managers.join() });
}

/** The swarm's key, which stays: by it a preview is seen to have what stays on its list. */
const KEY: RawStep = {
    op: "same",
    urn: urn("DeployKey", "tls:index/privateKey:PrivateKey", "deploy"),
    oldState: { type: "tls:index/privateKey:PrivateKey" },
};

/** A preview of these steps, with what there is of a config. */
export function previewFrom(
    steps: readonly RawStep[],
    config: Readonly<Record<string, string>> = {},
): Preview {
    const keyed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`swarm:${key}`, value]));
    return readPreview(JSON.stringify({ config: keyed, steps: [KEY, ...steps] }), "made up");
}
