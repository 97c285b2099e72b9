/** Three lists made one picture: the state's nodes, the swarm's members, the cloud's droplets. No I/O. */

import type { ApiNode, ApiService, ApiTask, SwarmFacts } from "../look/facts.ts";
import { dropletsOnRecord, lostDroplets } from "../remnants/remnants.ts";
import type { Droplet } from "./droplets.ts";
import { byName, type StackState } from "./stackState.ts";
import { oneLine } from "./words.ts";

export interface ClusterView {
    readonly stack: string;
    readonly at: string;
    readonly clusterId: string;
    readonly leader?: string;
    readonly nodes: readonly NodeView[];
    readonly services: readonly ServiceView[];
    readonly tasks: readonly TaskView[];
    readonly problems: readonly string[];
}

export interface NodeView {
    readonly name: string;
    readonly nodeId?: string;
    readonly dropletId?: string;
    readonly role?: "manager" | "worker";
    /** Role in the stack's outputs. */
    readonly wantedRole?: "manager" | "worker";
    readonly leader: boolean;
    /** Of a manager, as the leader sees it: reachable, unreachable, unknown. */
    readonly reachability?: string;
    /** The swarm's: ready, down, unknown, disconnected; "absent" when the swarm does not have it. */
    readonly state: string;
    readonly availability?: "active" | "pause" | "drain";
    readonly publicIp?: string;
    readonly privateIp?: string;
    readonly size?: string;
    readonly tags: readonly string[];
    /** The cloud's: new, active, off, archive; "absent" when the cloud has no such droplet. */
    readonly dropletStatus?: string;
    readonly engineVersion?: string;
    /**
     * `stack`: the state has it. `foreign`: a member that the stack did not make. `lost`: a droplet with the
     * stack's tag that state and swarm do not know.
     */
    readonly origin: "stack" | "foreign" | "lost";
}

export interface ServiceView {
    readonly id: string;
    readonly name: string;
    /** As configured, without the digest. */
    readonly image: string;
    readonly mode: "replicated" | "global";
    readonly wanted: number;
    readonly running: number;
    /** `80:80/tcp`: published, target, protocol. */
    readonly ports: readonly string[];
    /** State of the last update, as Docker calls it: updating, completed, paused, rollback_completed, ... */
    readonly updateState?: string;
}

export interface TaskView {
    readonly id: string;
    readonly service: string;
    /** Number of the replica; tasks of a global service have none. */
    readonly slot?: number;
    /** Name of its node; undefined while it has none. */
    readonly node?: string;
    readonly state: string;
    readonly desired: string;
    readonly error?: string;
    readonly since: string;
}

export interface Sources {
    readonly state: StackState;
    /** Undefined when no manager could be asked. */
    readonly swarm?: SwarmFacts;
    /** Droplets with the stack's tag; undefined when the API could not be asked. */
    readonly droplets?: readonly Droplet[];
    readonly problems: readonly string[];
    readonly at: string;
}

export function clusterView(sources: Sources): ClusterView {
    const { state, swarm, problems, at } = sources;
    const nodes = nodeViews(sources);
    const names = new Map(nodes.flatMap((node) => (node.nodeId ? [[node.nodeId, node.name] as const] : [])));
    const up = new Set(swarm?.nodes.filter((node) => node.Status.State === "ready").map(({ ID }) => ID));
    const services = (swarm?.services ?? []).map((service) => serviceView(service, swarm?.tasks ?? [], up));
    return {
        stack: state.name,
        at,
        clusterId: swarm?.info.Swarm.Cluster?.ID ?? state.clusterId,
        leader: nodes.find(({ leader }) => leader)?.name,
        nodes,
        services: services.sort((a, b) => byName(a.name, b.name)),
        tasks: taskViews(swarm, names),
        problems,
    };
}

function nodeViews({ state, swarm, droplets }: Sources): NodeView[] {
    const members = [...(swarm?.nodes ?? [])];
    const take = (fits: (member: ApiNode) => boolean) => {
        const index = members.findIndex(fits);
        return index < 0 ? undefined : members.splice(index, 1)[0];
    };
    const ours = state.nodes.map((node): NodeView => {
        // A droplet that no finished `up` has put out has no ID yet, but an address that is its own.
        const member = node.nodeId
            ? take(({ ID }) => ID === node.nodeId)
            : take(({ Status }) => Status.Addr === node.privateIp);
        const droplet = droplets?.find(({ id }) => `${id}` === node.dropletId);
        return {
            ...memberPart(member, swarm !== undefined),
            ...(node.nodeId && { nodeId: node.nodeId }),
            ...dropletPart(droplet, droplets !== undefined),
            name: node.name,
            dropletId: node.dropletId,
            wantedRole: node.role,
            publicIp: node.publicIp,
            privateIp: node.privateIp,
            size: node.size,
            origin: "stack",
        };
    });
    const lost = lostDroplets(droplets ?? [], dropletsOnRecord(state.exported));
    const others = members
        .map((member): NodeView => {
            const { Addr } = member.Status;
            const droplet = lost.find(({ privateIp }) => privateIp !== undefined && privateIp === Addr);
            if (droplet) lost.splice(lost.indexOf(droplet), 1);
            return {
                ...dropletPart(droplet, false),
                ...memberPart(member, true),
                name: oneLine(member.Spec.Labels?.["swarm.node"] ?? member.Description.Hostname),
                privateIp: Addr,
                origin: madeByStack(member, state) ? "stack" : "foreign",
            };
        })
        .sort((a, b) => byName(a.name, b.name));
    const strays = lost.map((droplet): NodeView => {
        const member = memberPart(undefined, swarm !== undefined);
        return { ...member, ...dropletPart(droplet, true), name: droplet.name, origin: "lost" };
    });
    return [...ours, ...others, ...strays];
}

/** Members are owned by a label: the roster's on the member, or the one on its engine where the roster never came. */
function madeByStack(member: ApiNode, { names }: StackState): boolean {
    const label = member.Spec.Labels?.["swarm.stack"] ?? member.Description.Engine.Labels?.["swarm.stack"];
    return label === names.stack;
}

function memberPart(
    member: ApiNode | undefined,
    asked: boolean,
): Pick<NodeView, "state" | "leader"> & Partial<NodeView> {
    if (!member) return { state: asked ? "absent" : "unknown", leader: false };
    return {
        nodeId: member.ID,
        role: member.Spec.Role,
        leader: member.ManagerStatus?.Leader ?? false,
        reachability: member.ManagerStatus?.Reachability,
        state: member.Status.State,
        availability: member.Spec.Availability,
        engineVersion: member.Description.Engine.EngineVersion,
    };
}

function dropletPart(
    droplet: Droplet | undefined,
    asked: boolean,
): Pick<NodeView, "tags"> & Partial<NodeView> {
    if (!droplet) return { tags: [], dropletStatus: asked ? "absent" : undefined };
    return {
        dropletId: `${droplet.id}`,
        tags: droplet.tags,
        dropletStatus: droplet.status,
        size: droplet.size,
        publicIp: droplet.publicIp,
        privateIp: droplet.privateIp,
    };
}

function serviceView(
    { ID, Spec, Endpoint, UpdateStatus }: ApiService,
    all: readonly ApiTask[],
    up: ReadonlySet<string>,
): ServiceView {
    const tasks = all.filter((task) => task.ServiceID === ID && task.DesiredState === "running");
    // A node that is down cannot say that its tasks have ended.
    const running = tasks.filter(
        ({ Status, NodeID = "" }) => Status.State === "running" && up.has(NodeID),
    ).length;
    const { Replicated, Global, GlobalJob } = Spec.Mode;
    return {
        id: ID,
        name: Spec.Name,
        image: (Spec.TaskTemplate.ContainerSpec?.Image ?? "").replace(/@sha256:.*$/, ""),
        mode: Global || GlobalJob ? "global" : "replicated",
        // A job has no number of tasks that should run at any time: what runs of it is what should.
        wanted: Replicated ? Replicated.Replicas - endedWell(ID, all) : Global ? slots(tasks) : running,
        running,
        ports: (Endpoint?.Ports ?? []).map(({ PublishedPort = "", TargetPort, Protocol, PublishMode }) => {
            return `${PublishedPort}:${TargetPort}/${Protocol}${PublishMode === "host" ? " (host)" : ""}`;
        }),
        ...(UpdateStatus?.State && { updateState: UpdateStatus.State }),
    };
}

/** Replicas whose last task has ended well: one that was not meant to end has another one after it. */
function endedWell(service: string, all: readonly ApiTask[]): number {
    const ofService = all.filter(({ ServiceID }) => ServiceID === service);
    return [...Map.groupBy(ofService, ({ Slot }) => Slot).values()].filter((tasks) => {
        const last = tasks.reduce((a, b) => (a.Status.Timestamp > b.Status.Timestamp ? a : b));
        return last.Status.State === "complete" && tasks.every((task) => task.DesiredState === "shutdown");
    }).length;
}

/** A global service wants one task on each of its nodes; during an update a node may have two for a moment. */
function slots(tasks: readonly ApiTask[]): number {
    return new Set(tasks.map((task) => task.NodeID)).size;
}

function taskViews(swarm: SwarmFacts | undefined, names: ReadonlyMap<string, string>): TaskView[] {
    const services = new Map(swarm?.services.map(({ ID, Spec }) => [ID, Spec.Name]));
    return (swarm?.tasks ?? [])
        .filter(({ ServiceID }) => services.has(ServiceID ?? ""))
        .map((task) => ({
            id: task.ID,
            service: services.get(task.ServiceID ?? "") ?? "",
            ...(task.Slot && { slot: task.Slot }),
            ...(task.NodeID && { node: names.get(task.NodeID) ?? task.NodeID }),
            state: task.Status.State,
            desired: task.DesiredState,
            ...(task.Status.Err && { error: oneLine(task.Status.Err) }),
            since: task.Status.Timestamp,
        }))
        .sort(
            (a, b) =>
                byName(a.service, b.service) ||
                (a.slot ?? 0) - (b.slot ?? 0) ||
                byName(a.node ?? "", b.node ?? "") ||
                // The newest first: it is the one that counts.
                b.since.localeCompare(a.since),
        );
}
