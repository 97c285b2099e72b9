import { hasUnknown, type Props, type Value } from "../../protocol/values.ts";
import { deleteAt } from "../resource.ts";
import type { Description, Properties } from "../schema.ts";

/** The two kinds of rules differ in names alone. */
interface Direction {
    /** Input property. */
    property: "inboundRules" | "outboundRules";
    /** Its members' prefix, and the API's key of peers. */
    prefix: "source" | "destination";
    peers: "sources" | "destinations";
    apiKey: "inbound_rules" | "outbound_rules";
}

const INBOUND: Direction = {
    property: "inboundRules",
    prefix: "source",
    peers: "sources",
    apiKey: "inbound_rules",
};
const OUTBOUND: Direction = {
    property: "outboundRules",
    prefix: "destination",
    peers: "destinations",
    apiKey: "outbound_rules",
};

/** Members of a rule, after the prefix, to the API's key. */
const PEERS: Record<string, string> = {
    Addresses: "addresses",
    DropletIds: "droplet_ids",
    LoadBalancerUids: "load_balancer_uids",
    KubernetesIds: "kubernetes_ids",
    Tags: "tags",
};

interface ApiRule {
    protocol: string;
    ports: string;
    sources?: Record<string, Value>;
    destinations?: Record<string, Value>;
}

interface ApiFirewall {
    id: string;
    name: string;
    status: string;
    created_at: string;
    droplet_ids: number[] | null;
    tags: string[] | null;
    inbound_rules: ApiRule[];
    outbound_rules: ApiRule[];
    pending_changes: { droplet_id: number; removing: boolean; status: string }[] | null;
}

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Firewalls */
export const firewall: Description = {
    token: "digitalocean:index/firewall:Firewall",
    noun: "firewall",
    autoName: true,
    properties: {
        name: { required: true },
        dropletIds: { set: true },
        tags: { set: true },
        inboundRules: { set: true, members: ruleMembers(INBOUND) },
        outboundRules: { set: true, members: ruleMembers(OUTBOUND) },
        status: { outputOnly: true },
        createdAt: { outputOnly: true },
        pendingChanges: { outputOnly: true },
    },
    validate: (inputs) => [...ruleProblems(inputs, INBOUND), ...ruleProblems(inputs, OUTBOUND)],
    async create({ inputs, exists }, api) {
        const { id } = await api.post<ApiFirewall>("/v2/firewalls", firewallRequest(inputs), "firewall");
        exists(id);
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiFirewall>(`/v2/firewalls/${id}`, "firewall");
        return (
            found && {
                name: found.name,
                status: found.status,
                createdAt: found.created_at,
                dropletIds: found.droplet_ids ?? [],
                tags: found.tags ?? [],
                inboundRules: (found.inbound_rules ?? []).map((rule) => ruleState(rule, INBOUND)),
                outboundRules: (found.outbound_rules ?? []).map((rule) => ruleState(rule, OUTBOUND)),
                pendingChanges: (found.pending_changes ?? []).map((change) => ({
                    dropletId: change.droplet_id,
                    removing: change.removing,
                    status: change.status,
                })),
            }
        );
    },
    async update({ id, inputs }, api) {
        await api.request("PUT", `/v2/firewalls/${id}`, firewallRequest(inputs));
    },
    async delete({ id }, api) {
        await deleteAt(api, `/v2/firewalls/${id}`);
    },
};

function ruleMembers({ prefix }: Direction): Properties {
    const peers = Object.keys(PEERS).map((name) => [`${prefix}${name}`, { set: true }]);
    return { protocol: { required: true }, portRange: {}, ...Object.fromEntries(peers) };
}

const PROTOCOLS = ["tcp", "udp", "icmp"];

function ruleProblems(inputs: Props, { property, apiKey }: Direction): [string, string][] {
    const rules = inputs[property];
    if (!Array.isArray(rules)) {
        return [];
    }
    return rules.flatMap((rule, index): [string, string][] => {
        const { protocol, portRange } = rule as Props;
        const path = `${property}[${index}]`;
        if (hasUnknown(protocol) || hasUnknown(portRange)) {
            return [];
        }
        if (!PROTOCOLS.includes(String(protocol))) {
            const allowed = PROTOCOLS.join(", ");
            return [[`${path}.protocol`, `got ${JSON.stringify(protocol ?? null)}, allowed are ${allowed}`]];
        }
        const missing = protocol !== "icmp" && !portRange;
        return missing
            ? [
                  [
                      `${path}.portRange`,
                      `\`port_range\` of ${apiKey} is required if protocol is \`tcp\` or \`udp\``,
                  ],
              ]
            : [];
    });
}

function firewallRequest(inputs: Props) {
    return {
        name: inputs.name,
        inbound_rules: rulesRequest(inputs, INBOUND),
        outbound_rules: rulesRequest(inputs, OUTBOUND),
        droplet_ids: inputs.dropletIds ?? null,
        tags: inputs.tags ?? null,
    };
}

function rulesRequest(inputs: Props, { property, prefix, peers }: Direction) {
    const rules = (inputs[property] ?? []) as Props[];
    return rules.map((rule) => {
        const members = Object.entries(PEERS)
            .map(([name, key]) => [key, rule[`${prefix}${name}`]] as const)
            .filter(([, value]) => Array.isArray(value) && value.length > 0);
        return {
            protocol: rule.protocol,
            ...(rule.portRange && { ports: rule.portRange }),
            [peers]: Object.fromEntries(members),
        };
    });
}

/** The API says port 0 for "all", and for icmp, which has no ports. */
function ruleState(rule: ApiRule, { prefix, peers }: Direction): Props {
    const portRange = rule.ports === "0" ? (rule.protocol === "icmp" ? null : "all") : rule.ports;
    const members = Object.entries(PEERS).map(([name, key]) => [
        `${prefix}${name}`,
        rule[peers]?.[key] ?? [],
    ]);
    return { protocol: rule.protocol, portRange: portRange ?? null, ...Object.fromEntries(members) };
}
