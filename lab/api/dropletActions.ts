import { z } from "zod";
import { endAction, startAction } from "./actions.ts";
import { findSize } from "./catalog.ts";
import { type Context, dropletKey } from "./context.ts";
import { onDroplet } from "./droplets.ts";
import { ipv6For } from "./dropletView.ts";
import { unprocessable } from "./errors.ts";
import { notesOf } from "./images.ts";
import type { Action, Droplet } from "./store.ts";
import { optional } from "./validation.ts";

export const HOST_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
/** Service text. */
export const BAD_NAME = "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";

export const actionSchema = z.object({
    type: z.string(),
    name: optional(z.string()),
    size: optional(z.string()),
    disk: optional(z.boolean()),
});

type Request = z.infer<typeof actionSchema>;

/** What an action does: checked at once, so that a bad request is refused; done later. */
type Kind = (context: Context, droplet: Droplet, request: Request) => () => Promise<void>;

const KINDS: Readonly<Record<string, Kind>> = {
    power_on: power("on"),
    power_off: power("off"),
    shutdown: power("off"),
    reboot: restart,
    power_cycle: restart,
    rename,
    resize,
    snapshot,
    enable_ipv6: feature((droplet) => {
        droplet.features.add("ipv6");
        droplet.ipv6 = ipv6For(droplet.id);
    }),
    enable_backups: feature((droplet) => droplet.features.add("backups")),
    disable_backups: feature((droplet) => droplet.features.delete("backups")),
    // The new password would be mailed; the lab has neither mail nor passwords.
    password_reset: feature(() => {}),
};

/**
 * Begins an action on a droplet. The droplet is locked until it has ended, and other actions are
 * refused meanwhile.
 * @returns the action, in progress
 * @throws ApiError 422 for an action that is unknown, impossible now, or not in this emulation
 */
export function runAction(context: Context, droplet: Droplet, request: Request): Action {
    const kind = KINDS[request.type];
    if (kind === undefined) {
        throw unprocessable(
            `${JSON.stringify(request.type)} is not an action of this emulation; it knows ${Object.keys(KINDS).join(", ")}`,
        );
    }
    if (droplet.locked) {
        // Service text.
        throw unprocessable("Droplet already has a pending event.");
    }
    const task = kind(context, droplet, request);
    const action = startAction(context, onDroplet(droplet, request.type));
    droplet.locked = true;
    void context.work.run(dropletKey(droplet.id), `${request.type} droplet ${droplet.id}`, async () => {
        try {
            await task();
            endAction(context, action);
        } catch (error) {
            endAction(context, action, error);
        }
        droplet.locked = droplet.deleting;
    });
    return action;
}

function power(to: "on" | "off"): Kind {
    const status = to === "on" ? "active" : "off";
    return (context, droplet) => {
        if (droplet.status === status) {
            throw unprocessable(`Droplet is already powered ${to}.`);
        }
        return async () => {
            const { machines } = context;
            await (to === "on" ? machines.powerOn(droplet.id) : machines.powerOff(droplet.id));
            droplet.status = status;
        };
    };
}

function restart(context: Context, droplet: Droplet): () => Promise<void> {
    if (droplet.status !== "active") {
        throw unprocessable("Droplet is powered off.");
    }
    return () => context.machines.reboot(droplet.id);
}

function rename(_context: Context, droplet: Droplet, { name = "" }: Request): () => Promise<void> {
    if (!HOST_NAME.test(name)) {
        throw unprocessable(BAD_NAME);
    }
    // Names the droplet in the account; the host name inside stays, in the service too.
    return async () => {
        droplet.name = name;
    };
}

/** The machine keeps its memory: a backend may have no way to change that, and need not limit it at all. */
function resize(_context: Context, droplet: Droplet, request: Request): () => Promise<void> {
    const size = request.size === undefined ? undefined : findSize(request.size);
    if (size === undefined) {
        throw unprocessable("You specified an invalid size for Droplet resize.");
    }
    if (droplet.status !== "off") {
        throw unprocessable("Droplet must be powered off to be resized.");
    }
    if (size.disk < droplet.disk) {
        // Service text.
        throw unprocessable("This size is not available because it has a smaller disk.");
    }
    return async () => {
        droplet.size = size.slug;
        if (request.disk === true) {
            droplet.disk = size.disk;
        }
    };
}

function snapshot(context: Context, droplet: Droplet, request: Request): () => Promise<void> {
    const name = request.name ?? `${droplet.name} ${context.now()}`;
    return async () => {
        const imageId = context.ids.next();
        const image = await context.machines.snapshot(droplet.id, { imageId, name });
        Object.assign(notesOf(context, image.id), {
            createdAt: context.now(),
            region: droplet.region,
            minDiskSize: droplet.disk,
            dropletId: droplet.id,
        });
        droplet.snapshotIds.push(image.id);
    };
}

function feature(change: (droplet: Droplet) => void): Kind {
    return (_context, droplet) => async () => change(droplet);
}
