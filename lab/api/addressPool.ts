import type { Context } from "./context.ts";
import { unprocessable } from "./errors.ts";

/**
 * A free address for what the lab only keeps books of (reserved IPs, load balancers), from 203.0.113.0/24,
 * which RFC 5737 sets apart for documentation: nothing answers there.
 */
export function addressPool({ store }: Context): string {
    const taken = new Set([
        ...store.reservedIps.keys(),
        ...[...store.loadBalancers.values()].map((balancer) => balancer.ip),
    ]);
    for (let host = 1; host < 255; host++) {
        const ip = `203.0.113.${host}`;
        if (!taken.has(ip)) {
            return ip;
        }
    }
    throw unprocessable("No address is left: this lab has 254 for reserved IPs and load balancers together.");
}
