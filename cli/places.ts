/** Where a service's tasks run: for whoever wants to get at one of them. */
import type { ApiService, ApiTask } from "../look/facts.ts";
import type { Access } from "./access.ts";
import { askDocker, type DockerApi } from "./dockerApi.ts";
import { CliError, EXIT } from "./errors.ts";
import { activeManager } from "./managers.ts";
import type { StackNode } from "./stackState.ts";

/** How a task is named on the command line. */
export const WHICH_TASK = "nginx for its first task that runs, nginx.2 for that replica, nginx.node3 by node";

/** A service as the API has it, with what an update has replaced. */
export interface FullService extends ApiService {
    readonly PreviousSpec?: ApiService["Spec"];
}

interface Running extends ApiTask {
    readonly Status: ApiTask["Status"] & { readonly ContainerStatus?: { readonly ContainerID?: string } };
}

export interface Place {
    /** `nginx.2`; of a global service its name alone. */
    readonly label: string;
    readonly node: StackNode;
    readonly container: string;
}

/** Asks the API of the first manager that answers, and ends the connection. @throws CliError */
export async function onManager<T>(
    access: Access,
    signal: AbortSignal,
    ask: (api: DockerApi, manager: StackNode) => Promise<T>,
): Promise<T> {
    const manager = await activeManager(access, signal);
    return await askDocker(access, manager, signal, (api) => ask(api, manager));
}

export async function serviceOf(api: DockerApi, name: string): Promise<FullService> {
    const services = await api.get<FullService[]>("/services");
    const found = services.find(({ Spec }) => Spec.Name === name);
    if (found) return found;
    const there = services.map(({ Spec }) => Spec.Name).sort();
    throw new CliError(
        `there is no service "${name}" in the swarm; there are: ${there.join(", ") || "none"}`,
        EXIT.usage,
    );
}

/**
 * A running task of a service.
 *
 * @param word `nginx` for the first one, `nginx.2` for that replica, `nginx.node3` for the one on that node.
 * @throws CliError that says which there are.
 */
export async function placeOf(api: DockerApi, access: Access, word: string): Promise<Place> {
    const [, name = word, which] = /^(.*)\.([^.]+)$/.exec(word) ?? [];
    const service = await serviceOf(api, name);
    const filter = encodeURIComponent(
        JSON.stringify({ service: [service.ID], "desired-state": ["running"] }),
    );
    const tasks = await api.get<Running[]>(`/tasks?filters=${filter}`);
    const places = tasks
        .filter(({ Status, ServiceID }) => Status.State === "running" && ServiceID === service.ID)
        .toSorted((a, b) => (a.Slot ?? 0) - (b.Slot ?? 0))
        .flatMap((task): (Place & { slot?: number })[] => {
            const node = access.state.nodes.find(({ nodeId }) => nodeId === task.NodeID);
            const container = task.Status.ContainerStatus?.ContainerID ?? "";
            if (node === undefined || !/^[0-9a-f]{12,64}$/.test(container)) return [];
            const label = task.Slot === undefined ? name : `${name}.${task.Slot}`;
            return [{ label, slot: task.Slot, node, container }];
        });
    const found = places.find(
        ({ slot, node }) => which === undefined || `${slot}` === which || node.name === which,
    );
    if (found) return found;
    const there = places.map(({ label, node }) => `${label} on ${node.name}`).join(", ");
    throw new CliError(
        `no task ${word} runs; there are: ${there || "none"}; see: cli/bin/swarm status`,
        EXIT.no,
    );
}
