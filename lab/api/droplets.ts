import { setTimeout as delay } from "node:timers/promises";
import type { MachineSpec } from "../machines.ts";
import { endAction, startAction } from "./actions.ts";
import type { Size } from "./catalog.ts";
import { type Context, dropletKey, reason } from "./context.ts";
import { ipv6For } from "./dropletView.ts";
import { unprocessable } from "./errors.ts";
import type { Action, Droplet, ImageInfo, SshKey, Vpc } from "./store.ts";
import { ensureTag } from "./tagging.ts";

/** A request for droplets, every name in it resolved. */
export interface DropletOrder {
    readonly names: readonly string[];
    readonly region: string;
    readonly size: Size;
    readonly image: ImageInfo;
    readonly keys: readonly SshKey[];
    readonly vpc: Vpc;
    /** As asked for; those that do not exist are made. */
    readonly tags: readonly string[];
    readonly userData: string;
    readonly ipv6: boolean;
    readonly backups: boolean;
    readonly monitoring: boolean;
    readonly agent: boolean;
}

export interface Created {
    readonly droplet: Droplet;
    readonly action: Action;
}

/**
 * Takes an order: the droplets exist and have addresses when this returns; their machines are made in
 * the background.
 * @throws ApiError 422 over the account's limit, or where the backend has no addresses left
 */
export async function createDroplets(context: Context, order: DropletOrder): Promise<Created[]> {
    const { store, settings } = context;
    if (store.droplets.size + order.names.length > settings.dropletLimit) {
        // Service text.
        throw unprocessable("creating this/these droplet(s) will exceed your droplet limit");
    }
    // No pause between the check and this: requests side by side must not pass the limit together.
    const orders = order.names.map((name) => {
        const droplet = newDroplet(context, order, name);
        store.droplets.set(droplet.id, droplet);
        return { droplet, spec: machineSpec(droplet, order) };
    });
    try {
        for (const { droplet, spec } of orders) {
            // In the droplet's queue, so that a deletion by tag meanwhile comes after it.
            const key = dropletKey(droplet.id);
            droplet.addresses = await context.work.run(key, `addresses of ${droplet.name}`, () =>
                context.machines.reserve(spec),
            );
        }
    } catch (error) {
        await abandon(context, orders);
        context.log("error", `addresses for ${order.names.join(", ")}: ${reason(error)}`);
        throw unprocessable(`This lab has no place for ${order.names.join(", ")}: ${reason(error)}`);
    }
    // The others' filters first, so that a rule by tag lets the new droplet in from its first packet.
    context.filters.refresh();
    return orders.map(({ droplet, spec }) => {
        const action = startAction(context, onDroplet(droplet, "create"));
        void context.work.run(dropletKey(droplet.id), `create droplet ${droplet.id} (${droplet.name})`, () =>
            boot(context, droplet, spec, action),
        );
        return { droplet, action };
    });
}

function newDroplet(context: Context, order: DropletOrder, name: string): Droplet {
    const id = context.ids.next();
    const features = [
        order.agent && "droplet_agent",
        "private_networking",
        order.backups && "backups",
        order.ipv6 && "ipv6",
        order.monitoring && "monitoring",
    ].filter((feature) => feature !== false);
    return {
        id,
        name,
        region: order.region,
        size: order.size.slug,
        disk: order.size.disk,
        status: "new",
        locked: true,
        deleting: false,
        createdAt: context.now(),
        madeAt: context.clock(),
        activeAt: 0,
        features: new Set(features),
        tags: [...new Set(order.tags.map((tag) => ensureTag(context, tag)))],
        vpcId: order.vpc.id,
        image: order.image,
        addresses: null,
        ipv6: order.ipv6 ? ipv6For(id) : null,
        volumeIds: [],
        snapshotIds: [],
    };
}

const machineSpec = (droplet: Droplet, order: DropletOrder): MachineSpec => ({
    id: droplet.id,
    name: droplet.name,
    image: order.image.ref,
    userData: order.userData,
    publicKeys: order.keys.map((key) => key.publicKey),
    vpcId: order.vpc.id,
    region: order.region,
    memory: order.size.memory * 1024 * 1024,
});

async function abandon(context: Context, orders: readonly { readonly droplet: Droplet }[]): Promise<void> {
    for (const { droplet } of orders) {
        context.store.droplets.delete(droplet.id);
        if (droplet.addresses !== null) {
            await context.machines.delete(droplet.id).catch((error: unknown) => {
                context.log("error", `addresses of droplet ${droplet.id} stay reserved: ${reason(error)}`);
            });
        }
    }
}

/** A droplet whose machine cannot be made ends as `off` with an errored action: clients see both. */
async function boot(context: Context, droplet: Droplet, spec: MachineSpec, action: Action): Promise<void> {
    if (!context.store.droplets.has(droplet.id)) {
        endAction(context, action, "deleted before its machine was made");
        return;
    }
    const filter = context.filters.wanted(droplet);
    context.filters.adopt(droplet, filter);
    try {
        await context.machines.create(spec, filter);
    } catch (error) {
        context.filters.forget(droplet.id);
        droplet.status = "off";
        droplet.locked = droplet.deleting;
        endAction(context, action, error);
        return;
    }
    // A rule or tag may have changed while the machine was being made.
    context.filters.refresh();
    await pause(context.settings.activationDelay, context.closing);
    droplet.status = "active";
    droplet.activeAt = context.clock();
    droplet.locked = droplet.deleting;
    endAction(context, action);
    context.log("info", `droplet ${droplet.id} (${droplet.name}) is active`);
}

/** Waits, or returns early when the server closes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) {
        await delay(ms, undefined, { signal }).catch(() => {});
    }
}

/**
 * Removes a droplet in the background, after whatever is under way on it. Until the machine is gone the
 * droplet is locked, still shown, and still a member of its VPC. Asking twice is harmless.
 */
export function deleteDroplet(context: Context, droplet: Droplet): void {
    if (droplet.deleting) {
        return;
    }
    droplet.deleting = true;
    droplet.locked = true;
    const action = startAction(context, onDroplet(droplet, "destroy"));
    context.filters.refresh();
    const what = `delete droplet ${droplet.id} (${droplet.name})`;
    void context.work.run(dropletKey(droplet.id), what, async () => {
        try {
            await context.machines.delete(droplet.id);
        } catch (error) {
            droplet.deleting = false;
            droplet.locked = false;
            endAction(context, action, error);
            context.filters.refresh();
            return;
        }
        forgetDroplet(context, droplet.id);
        endAction(context, action);
        context.log("info", `droplet ${droplet.id} (${droplet.name}) is gone`);
    });
}

/** Takes a droplet out of everything that names it. */
function forgetDroplet(context: Context, id: number): void {
    const { store } = context;
    store.droplets.delete(id);
    context.filters.forget(id);
    for (const firewall of store.firewalls.values()) {
        firewall.dropletIds = firewall.dropletIds.filter((other) => other !== id);
    }
    for (const balancer of store.loadBalancers.values()) {
        balancer.dropletIds = balancer.dropletIds.filter((other) => other !== id);
    }
    for (const holder of [...store.volumes.values(), ...store.reservedIps.values()]) {
        if (holder.dropletId === id) {
            holder.dropletId = null;
        }
    }
    for (const project of store.projects.values()) {
        project.resources.delete(`do:droplet:${id}`);
    }
}

export const onDroplet = (droplet: Droplet, type: string) => ({
    type,
    resourceId: droplet.id,
    resourceType: "droplet",
    region: droplet.region,
});
