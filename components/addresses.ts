import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../cloud.ts";

/** IPv4 addresses of a droplet. */
export interface Addresses {
    readonly public: string;
    readonly private: string;
}

interface ApiDroplet {
    readonly status: string;
    readonly networks?: { readonly v4?: readonly { readonly type: string; readonly ip_address: string }[] };
}

/** How long a droplet may be active before it shows its addresses. */
const PATIENCE = { pauseMs: 2_000, looks: 30 };

/**
 * The addresses of a droplet that has been made. It can become active before they can be read; the plugin then goes on
 * without, and the command plugin takes an empty host for the machine that it runs on: the swarm would be initialised
 * right there.
 *
 * @param read What the plugin has read.
 * @throws Error that names the node, what is missing, and how long it was waited for.
 */
export async function addressesOf(
    cloud: Pick<Cloud, "get">,
    droplet: { readonly node: string; readonly id: string },
    read: Partial<Addresses>,
    { pauseMs, looks } = PATIENCE,
): Promise<Addresses> {
    const start = performance.now();
    let { public: outside, private: inside } = read;
    let seen = "nothing";
    for (let look = 1; !outside || !inside; look += 1) {
        if (look > 1) await sleep(pauseMs);
        const found = await cloud
            .get<{ droplet: ApiDroplet }>(`/v2/droplets/${droplet.id}`)
            .catch((error: Error) => error);
        if (found instanceof Error) {
            seen = found.message;
        } else {
            const address = (type: string) =>
                found?.droplet.networks?.v4?.find((network) => network.type === type)?.ip_address;
            outside ||= address("public");
            inside ||= address("private");
            seen = found ? `it is ${found.droplet.status}` : "there is no such droplet";
        }
        if ((!outside || !inside) && (look === looks || found === undefined)) {
            throw new Error(
                `${droplet.node}: waited ${Math.round((performance.now() - start) / 1000)} s for the API to give its ` +
                    `droplet ${droplet.id} a ${outside ? "private" : "public"} IPv4 address; last seen: ${seen}. Look at ` +
                    "it, then run: pulumi up --refresh",
            );
        }
    }
    return { public: outside, private: inside };
}
