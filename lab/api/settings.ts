import { z } from "zod";
import type { Limits } from "./rateLimit.ts";

/** What a test may change while the lab runs (`POST /lab/settings`). */
export interface Settings extends Limits {
    /** Droplets that the account may have; default 25, as a new account's. */
    dropletLimit: number;
    /** Ms that a droplet stays `new` after its machine runs; default 0. */
    activationDelay: number;
    /** Ms that a droplet is `active` before it shows its addresses; default 0. */
    addressDelay: number;
    /** Ms after its creation until a droplet is listed by its tags; default 0. */
    tagDelay: number;
    /**
     * Whether each region has a default VPC, as in an account that has been in use; else the first VPC that is made in a
     * region becomes its default. Set, it gives one to each region that has none, or takes away those that are empty.
     */
    defaultVpcs: boolean;
    /** Show a droplet's addresses while it is `new`; the service may not. Default false. */
    networksWhileNew: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
    dropletLimit: 25,
    hourlyLimit: 5000,
    burstLimit: null,
    activationDelay: 0,
    addressDelay: 0,
    tagDelay: 0,
    defaultVpcs: true,
    networksWhileNew: false,
};

const delay = z.int().min(0).max(600_000).optional();

export const settingsSchema = z.strictObject({
    dropletLimit: z.int().min(0).max(10_000).optional(),
    hourlyLimit: z.int().min(1).nullable().optional(),
    burstLimit: z.int().min(1).nullable().optional(),
    activationDelay: delay,
    addressDelay: delay,
    tagDelay: delay,
    defaultVpcs: z.boolean().optional(),
    networksWhileNew: z.boolean().optional(),
});
