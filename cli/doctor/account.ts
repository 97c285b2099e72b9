/** The account and the configuration: what DigitalOcean would say to an `up`. No I/O. */
import { INSIDE_PORTS, type Opening, opens, outsiders, portsOf } from "../../model/openings.ts";
import { type AccountFacts, accountProblems, accountWarnings } from "../../model/preflight.ts";
import type { Settings } from "../../model/settings.ts";
import type { StackNames } from "../../model/stackNames.ts";
import { type Check, checksOf, fail, ok, warn } from "./checks.ts";

/** What a GET said of the right to read there. */
export interface ScopeFact {
    readonly scope: string;
    readonly status: number;
    readonly why: string;
}

/**
 * The scopes that a preview needs, each with a call that needs it, and the name of the list where all of it is to be
 * read. Of the others one entry does: an old account has more pages of actions than the API gives in an hour.
 */
export const READ_SCOPES: readonly (readonly [scope: string, path: string, list?: string])[] = [
    ["account:read", "/v2/account"],
    ["regions:read", "/v2/regions", "regions"],
    ["sizes:read", "/v2/sizes", "sizes"],
    ["image:read", "/v2/images?type=distribution&per_page=1"],
    ["droplet:read", "/v2/droplets", "droplets"],
    ["actions:read", "/v2/actions?per_page=1"],
    ["ssh_key:read", "/v2/account/keys", "ssh_keys"],
    ["vpc:read", "/v2/vpcs?per_page=1"],
    ["tag:read", "/v2/tags?per_page=1"],
    ["firewall:read", "/v2/firewalls", "firewalls"],
];

export function tokenChecks(facts: readonly ScopeFact[]): Check[] {
    const token = checksOf("token");
    const by = (...wanted: number[]) => facts.filter(({ status }) => wanted.includes(status));
    if (by(401).length > 0) {
        const remedy =
            "make a new one at https://cloud.digitalocean.com/account/api/tokens and set DIGITALOCEAN_TOKEN";
        return [token.fail("DigitalOcean refuses the token (401)", remedy)];
    }
    const missing = by(404).map(({ why }) => why);
    if (missing.length > 0) {
        const remedy =
            "is the API's address right? See digitalocean:apiEndpoint in the config, and DIGITALOCEAN_API_URL";
        return [token.fail(`what every account has is not there: ${missing.join("; ")}`, remedy)];
    }
    const lacking = by(403).map(({ scope }) => scope);
    const unknown = facts.filter((fact) => !by(200, 403).includes(fact));
    const untried = unknown.map(({ scope, why }) => `${scope}: ${why}`).join("; ");
    const checks: Check[] = [];
    const remedy = "add them to the token; the README lists all that are needed";
    if (lacking.length > 0) checks.push(token.fail(`lacks the scopes ${lacking.join(", ")}`, remedy));
    const again = "try again; see https://status.digitalocean.com";
    if (untried !== "") checks.push(token.warn(`not every scope could be tried: ${untried}`, again));
    if (checks.length > 0) return checks;
    return [token.ok("reads all that a preview reads; what it may write shows when something is written")];
}

/** What the settings want of the account, each by the key that a problem is about. */
const ASPECTS: readonly {
    readonly name: string;
    readonly key: string;
    readonly fine: (settings: Settings) => string;
    readonly remedy: string;
    readonly isUnknown: (facts: AccountFacts, settings: Settings) => boolean;
}[] = [
    {
        name: "region",
        key: "swarm:region",
        fine: ({ region }) => `${region} takes new droplets`,
        remedy: "pulumi config set swarm:region REGION",
        isUnknown: ({ regions }) => regions === undefined,
    },
    {
        name: "size",
        key: "swarm:size",
        fine: ({ nodes }) => `${values(nodes, "size")} in the region`,
        remedy: "pulumi config set swarm:size SIZE",
        isUnknown: ({ regions }) => regions === undefined,
    },
    {
        name: "image",
        key: "swarm:image",
        fine: ({ nodes }) => `${values(nodes, "image")} in the region`,
        remedy: "pulumi config set swarm:image IMAGE, or transfer the snapshot to the region",
        isUnknown: ({ images }, { nodes }) => nodes.some(({ image }) => images[image] === undefined),
    },
    {
        name: "account keys",
        key: "swarm:sshKeys",
        fine: ({ sshKeys }) => `${sshKeys.length} of swarm:sshKeys in the account`,
        remedy: "add the key to the account, or take it out of swarm:sshKeys",
        isUnknown: ({ keys }) => keys === undefined,
    },
    {
        name: "droplet limit",
        key: "swarm:workers",
        fine: ({ nodes }) => `room for the ${nodes.length} nodes that are wanted`,
        remedy: "ask DigitalOcean for a higher limit, or want fewer nodes",
        isUnknown: ({ dropletLimit, droplets }) => dropletLimit === undefined || droplets === undefined,
    },
];

/** What the settings want, against what the account has. */
export function accountChecks(settings: Settings, facts: AccountFacts, { tags: own }: StackNames): Check[] {
    const problems = accountProblems(settings, facts, (tags) => tags.includes(own.all));
    const lines = [...problems, ...accountWarnings(settings, facts)];
    return ASPECTS.map(({ name, key, fine, remedy, isUnknown }) => {
        const text = lines.filter((line) => line.startsWith(key)).join("; ");
        if (text !== "") return fail(name, text, remedy);
        return isUnknown(facts, settings)
            ? warn(name, "could not be looked up", "see the token's scopes above")
            : ok(name, fine(settings));
    });
}

function values(nodes: Settings["nodes"], property: "size" | "image"): string {
    const all = [...new Set(nodes.map((node) => node[property]))];
    return `${all.join(", ")} ${all.length === 1 ? "is" : "are"}`;
}

/** A firewall of `GET /v2/firewalls`, as far as it is read here. */
export interface ApiFirewall {
    readonly name: string;
    readonly tags?: readonly string[] | null;
    readonly droplet_ids?: readonly number[];
    readonly inbound_rules: readonly {
        readonly protocol: string;
        readonly ports: string;
        readonly sources: {
            readonly tags?: readonly string[] | null;
            readonly addresses?: readonly string[];
            readonly droplet_ids?: readonly number[];
            readonly load_balancer_uids?: readonly string[];
            readonly kubernetes_ids?: readonly string[];
        };
    }[];
}

const SWARM_PORTS = ["2377/tcp", "7946/tcp", "7946/udp", "4789/udp"] as const;

/**
 * Whether the cloud's firewalls let the nodes' own ports through, from the nodes and from nowhere else. What covers a
 * droplet adds up, whoever made it; a droplet that none covers is open.
 *
 * @param dropletIds Those of the stack's nodes.
 */
export function firewallChecks(
    firewalls: readonly ApiFirewall[],
    names: StackNames,
    dropletIds: readonly string[],
): Check[] {
    const tags = Object.values(names.tags);
    const isOwn = (id: number) => dropletIds.includes(`${id}`);
    const remedy = "pulumi up --refresh";
    if (!firewalls.some((firewall) => firewall.tags?.includes(names.tags.all))) {
        const text = `none is for the tag ${names.tags.all}, so it covers no node: every port is open to everybody`;
        return [fail("firewall", text, remedy)];
    }
    const all = firewalls
        .filter((one) => one.tags?.some((tag) => tags.includes(tag)) || one.droplet_ids?.some(isOwn))
        .flatMap(({ name, inbound_rules }) =>
            inbound_rules.map((rule) => ({ name, at: openingOf(rule, isOwn) })),
        );
    const shut = SWARM_PORTS.filter(
        (port) => !all.some(({ at }) => at.tags.includes(names.tags.all) && isAt(port, at)),
    );
    const open = INSIDE_PORTS.flatMap(({ port, protocol }) =>
        all
            .filter(({ at }) => isAt(`${port}/${protocol}`, at) && outsiders(at, tags).length > 0)
            .map(({ name }) => ({ port: `${port}/${protocol}`, name })),
    );
    const strangers = [...Map.groupBy(open, ({ name }) => name)].map(([name, found]) => {
        const ports = [...new Set(found.map(({ port }) => port))].join(", ");
        const away = name === names.stack ? `: ${remedy}` : ", or the firewall from the nodes";
        const text = `${ports} open to others than the nodes, by the firewall ${name}`;
        return fail("firewall", text, `take the rule away${away}`);
    });
    const closed = `${shut.join(", ")} not open between the nodes`;
    const checks = [...(shut.length > 0 ? [fail("firewall", closed, remedy)] : []), ...strangers];
    if (checks.length > 0) return checks;
    return [ok("firewall", "2377, 7946 and 4789 are open between the nodes, and to nobody else")];
}

function isAt(wanted: string, at: Opening): boolean {
    const [port, protocol] = wanted.split("/");
    return at.protocol === protocol && opens(at, Number(port));
}

function openingOf(
    { protocol, ports, sources }: ApiFirewall["inbound_rules"][number],
    isOwn: (dropletId: number) => boolean,
): Opening {
    return {
        protocol,
        range: ports,
        ports: protocol === "icmp" ? undefined : portsOf(ports),
        addresses: sources.addresses ?? [],
        tags: sources.tags ?? [],
        dropletIds: (sources.droplet_ids ?? []).filter((id) => !isOwn(id)).map(String),
        others: [...(sources.load_balancer_uids ?? []), ...(sources.kubernetes_ids ?? [])],
    };
}
