import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Context } from "./context.ts";
import { conflict, unprocessable } from "./errors.ts";
import { coveringFirewalls, type Rule } from "./packetFilter.ts";
import type { Firewall } from "./store.ts";
import { list, optional } from "./validation.ts";

/** Limits of one firewall, as the product's "limits" page gives them. */
const LIMITS = { droplets: 10, tags: 5, rules: 50, addresses: 1000 };

const address = z.string().refine((text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text), {
    error: (issue) => `${JSON.stringify(issue.input)} is neither an IP address nor a CIDR`,
});

const target = z.object({
    addresses: list(address),
    tags: list(z.string()),
    droplet_ids: list(z.int()),
    load_balancer_uids: list(z.string()),
    // Accepted and without effect: the lab has no Kubernetes clusters.
    kubernetes_ids: list(z.string()),
});
type Target = z.infer<typeof target>;

const ruleBase = { protocol: z.enum(["tcp", "udp", "icmp"]), ports: optional(z.string()) };
const inboundRule = z.object({ ...ruleBase, sources: target });
const outboundRule = z.object({ ...ruleBase, destinations: target });

export const rulesSchema = z.object({ inbound_rules: list(inboundRule), outbound_rules: list(outboundRule) });
export const tagsSchema = z.object({ tags: z.array(z.string()) });
export const dropletIdsSchema = z.object({ droplet_ids: z.array(z.int()) });
export const firewallSchema = rulesSchema.extend({
    name: z.string(),
    tags: list(z.string()),
    droplet_ids: list(z.int()),
});

/** Everything about a firewall that a request can set. */
type Parts = Pick<Firewall, "name" | "tags" | "dropletIds" | "inbound" | "outbound">;

export function partsOf(body: z.infer<typeof firewallSchema>): Parts {
    return { name: body.name, tags: body.tags, dropletIds: body.droplet_ids, ...rulesOf(body) };
}

export function rulesOf(body: z.infer<typeof rulesSchema>): Pick<Firewall, "inbound" | "outbound"> {
    return {
        inbound: body.inbound_rules.map((rule) => ruleOf(rule, rule.sources)),
        outbound: body.outbound_rules.map((rule) => ruleOf(rule, rule.destinations)),
    };
}

function ruleOf(rule: { protocol: Rule["protocol"]; ports?: string | undefined }, to: Target): Rule {
    return {
        protocol: rule.protocol,
        ports: portsOf(rule.protocol, rule.ports),
        target: {
            addresses: to.addresses,
            tags: to.tags,
            dropletIds: to.droplet_ids,
            loadBalancerIds: to.load_balancer_uids,
        },
    };
}

/** Ports as the service gives them back: "0" for "all" and for icmp, anything else as it was sent. */
function portsOf(protocol: Rule["protocol"], ports: string | undefined): string {
    if (protocol === "icmp" || ports === "all" || ports === "0") {
        return "0";
    }
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports ?? "");
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from < 1 || to > 65535 || from > to) {
        throw unprocessable(
            `invalid ports ${JSON.stringify(ports ?? "")}: a port (1 to 65535), a range such as "8000-9000", or "all" is allowed`,
        );
    }
    return ports ?? "";
}

/**
 * Checks what a firewall would be.
 * @param self its ID, when it exists already
 * @throws ApiError 409 for a name in use; 422 for a bad name, no rule at all, an unknown tag or droplet,
 * or more than the product's limits
 */
export function checkFirewall(context: Context, parts: Parts, self?: string): void {
    const { store } = context;
    const rules = [...parts.inbound, ...parts.outbound];
    if (!/^[a-zA-Z0-9][a-zA-Z0-9.-]*$/.test(parts.name)) {
        throw unprocessable(
            `invalid firewall name ${JSON.stringify(parts.name)}: it begins with a letter or digit, then letters, digits, dots and dashes are allowed`,
        );
    }
    if ([...store.firewalls.values()].some((other) => other.name === parts.name && other.id !== self)) {
        // Service text.
        throw conflict("duplicate name");
    }
    if (rules.length === 0) {
        throw unprocessable("at least one inbound or outbound rule is required");
    }
    checkLimit("rules", rules.length, LIMITS.rules);
    checkLimit("tags", parts.tags.length, LIMITS.tags);
    checkLimit("droplets", parts.dropletIds.length, LIMITS.droplets);
    for (const { target } of rules) {
        checkLimit("addresses in a rule", target.addresses?.length ?? 0, LIMITS.addresses);
    }
    const unknownTag = [...parts.tags, ...rules.flatMap((rule) => rule.target.tags ?? [])].find(
        (tag) => !store.tags.has(tag),
    );
    if (unknownTag !== undefined) {
        throw unprocessable(`tag ${JSON.stringify(unknownTag)} does not exist`);
    }
    const unknownDroplet = [
        ...parts.dropletIds,
        ...rules.flatMap((rule) => rule.target.dropletIds ?? []),
    ].find((id) => !store.droplets.has(id));
    if (unknownDroplet !== undefined) {
        throw unprocessable(`droplet ${unknownDroplet} does not exist`);
    }
}

function checkLimit(what: string, count: number, limit: number): void {
    if (count > limit) {
        throw unprocessable(`a firewall takes at most ${limit} ${what}, not ${count}`);
    }
}

export function firewallView(firewall: Firewall) {
    const pending = [...firewall.pending].map(([id, { removing, failed }]) => ({
        droplet_id: id,
        removing,
        status: failed ? "failed" : "waiting",
    }));
    return {
        id: firewall.id,
        name: firewall.name,
        status: pending.some((change) => change.status === "failed")
            ? "failed"
            : pending.length > 0
              ? "waiting"
              : "succeeded",
        created_at: firewall.createdAt,
        inbound_rules: firewall.inbound.map((rule) => ({ ...ruleView(rule), sources: targetView(rule) })),
        outbound_rules: firewall.outbound.map((rule) => ({
            ...ruleView(rule),
            destinations: targetView(rule),
        })),
        droplet_ids: firewall.dropletIds,
        tags: firewall.tags,
        pending_changes: pending,
    };
}

const ruleView = ({ protocol, ports }: Rule) => ({ protocol, ports });

/** Only the kinds of target that a rule uses; the object itself is always there. */
function targetView({ target }: Rule) {
    const kinds = {
        addresses: target.addresses ?? [],
        tags: target.tags ?? [],
        droplet_ids: target.dropletIds ?? [],
        load_balancer_uids: target.loadBalancerIds ?? [],
    };
    return Object.fromEntries(Object.entries(kinds).filter(([, values]) => values.length > 0));
}

export function firewallsOf(context: Context, droplet: { id: number; tags: readonly string[] }): Firewall[] {
    return coveringFirewalls(droplet, [...context.store.firewalls.values()]);
}
