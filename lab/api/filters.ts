import { isDeepStrictEqual } from "node:util";
import type { Machines, PacketFilter } from "../machines.ts";
import { dropletKey, type Log, reason } from "./context.ts";
import { coveringFirewalls, packetFilter } from "./packetFilter.ts";
import type { Droplet, Store } from "./store.ts";
import type { Work } from "./work.ts";

/**
 * Keeps the machines' packet filters in step with firewalls, tags and droplets. Whoever changes one of
 * these calls {@link refresh} afterwards; the filters that then differ from what was last applied are
 * set, and the firewalls concerned are `waiting` until that is done.
 */
export class Filters {
    readonly #machines: Machines;
    readonly #store: Store;
    readonly #work: Work;
    readonly #log: Log;
    /** By droplet: the filter that its machine has, or will have once it exists. */
    readonly #applied = new Map<number, PacketFilter>();
    /** By droplet: IDs of the firewalls that covered it when its filter was last worked out. */
    readonly #covering = new Map<number, readonly string[]>();

    constructor(parts: { machines: Machines; store: Store; work: Work; log: Log }) {
        this.#machines = parts.machines;
        this.#store = parts.store;
        this.#work = parts.work;
        this.#log = parts.log;
    }

    /** The filter that a droplet should have now. */
    wanted(droplet: Droplet): PacketFilter {
        const { firewalls, droplets, loadBalancers } = this.#store;
        return packetFilter(droplet, {
            firewalls: [...firewalls.values()],
            droplets: [...droplets.values()]
                .filter((peer) => !peer.deleting)
                .map((peer) => ({ id: peer.id, tags: peer.tags, addresses: addressesOf(peer) })),
            loadBalancers: new Map([...loadBalancers.values()].map(({ id, ip }) => [id, ip])),
        });
    }

    /** Records the filter that a droplet's machine is made with. */
    adopt(droplet: Droplet, filter: PacketFilter): void {
        this.#applied.set(droplet.id, filter);
        this.#covering.set(droplet.id, this.#coveringIds(droplet));
    }

    forget(id: number): void {
        this.#applied.delete(id);
        this.#covering.delete(id);
        for (const firewall of this.#store.firewalls.values()) {
            firewall.pending.delete(id);
        }
    }

    /** Queues a change for every machine whose filter is out of date. Returns at once. */
    refresh(): void {
        for (const droplet of this.#store.droplets.values()) {
            if (droplet.deleting || !this.#applied.has(droplet.id) || !this.#outdated(droplet)) {
                continue;
            }
            this.#mark(droplet);
            // Errors are kept on the firewall, where a client sees them, and in the log.
            void this.#work.run(dropletKey(droplet.id), `filter of droplet ${droplet.id}`, () =>
                this.#apply(droplet),
            );
        }
    }

    #outdated(droplet: Droplet): boolean {
        return !isDeepStrictEqual(this.#applied.get(droplet.id), this.wanted(droplet));
    }

    #mark(droplet: Droplet): void {
        const before = this.#covering.get(droplet.id) ?? [];
        const after = this.#coveringIds(droplet);
        for (const id of new Set([...before, ...after])) {
            const pending = this.#store.firewalls.get(id)?.pending;
            pending?.set(droplet.id, { removing: !after.includes(id), failed: false });
        }
        this.#covering.set(droplet.id, after);
    }

    #coveringIds(droplet: Droplet): string[] {
        return coveringFirewalls(droplet, [...this.#store.firewalls.values()]).map(({ id }) => id);
    }

    /** Sets what is wanted by now, which later changes may have made different from what was queued. */
    async #apply(droplet: Droplet): Promise<void> {
        if (droplet.deleting || !this.#applied.has(droplet.id)) {
            return;
        }
        const filter = this.wanted(droplet);
        let failed = false;
        if (!isDeepStrictEqual(this.#applied.get(droplet.id), filter)) {
            try {
                await this.#machines.setFilter(droplet.id, filter);
                this.#applied.set(droplet.id, filter);
            } catch (error) {
                failed = true;
                this.#log("error", `filter of droplet ${droplet.id} (${droplet.name}): ${reason(error)}`);
            }
        }
        // Where the wanted filter moved on meanwhile, another task is queued and will settle this.
        const later = !failed && this.#outdated(droplet);
        for (const firewall of this.#store.firewalls.values()) {
            const entry = firewall.pending.get(droplet.id);
            if (entry === undefined || later) {
                continue;
            }
            if (failed) {
                entry.failed = true;
            } else {
                firewall.pending.delete(droplet.id);
            }
        }
    }
}

/** Both addresses; a rule that names a droplet lets it through on either network. */
function addressesOf(droplet: Droplet): string[] {
    return droplet.addresses === null ? [] : [droplet.addresses.publicIp, droplet.addresses.privateIp];
}
