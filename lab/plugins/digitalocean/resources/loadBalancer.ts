import type { Props, Value } from "../../protocol/values.ts";
import type { Api } from "../api.ts";
import { deleteAt } from "../resource.ts";
import type { Description, Properties } from "../schema.ts";
import { waitFor } from "../wait.ts";
import { type ApiCertificate, findCertificate } from "./certificate.ts";

interface ApiLoadBalancer {
    id: string;
    name: string;
    algorithm: string;
    status: string;
    ip: string;
    ipv6?: string;
    size_unit: number;
    type: string;
    region: { slug: string } | null;
    forwarding_rules: Props[];
    health_check: Props | null;
    sticky_sessions: { type: string; cookie_name?: string; cookie_ttl_seconds?: number } | null;
    droplet_ids: number[] | null;
    tag?: string;
    redirect_http_to_https: boolean;
    enable_proxy_protocol: boolean;
    enable_backend_keepalive: boolean;
    disable_lets_encrypt_dns_records: boolean | null;
    http_idle_timeout_seconds: number;
    project_id: string;
    vpc_uuid: string;
    network_stack?: string;
    tls_cipher_policy?: string;
    firewall?: { allow?: string[]; deny?: string[] } | null;
}

/** Seconds for a load balancer to get its address. */
const ACTIVE_SECONDS = 600;

/** Members of a rule and of a health check to the API's keys. */
const RULE_KEYS = {
    entryProtocol: "entry_protocol",
    entryPort: "entry_port",
    targetProtocol: "target_protocol",
    targetPort: "target_port",
    tlsPassthrough: "tls_passthrough",
};
const HEALTH_KEYS = {
    protocol: "protocol",
    port: "port",
    path: "path",
    checkIntervalSeconds: "check_interval_seconds",
    responseTimeoutSeconds: "response_timeout_seconds",
    healthyThreshold: "healthy_threshold",
    unhealthyThreshold: "unhealthy_threshold",
};
const STICKY_KEYS = { type: "type", cookieName: "cookie_name", cookieTtlSeconds: "cookie_ttl_seconds" };

const ruleMembers: Properties = {
    entryProtocol: { required: true },
    entryPort: { required: true },
    targetProtocol: { required: true },
    targetPort: { required: true },
    tlsPassthrough: { default: false },
    certificateId: { computed: true },
    certificateName: { computed: true },
};

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Load-Balancers */
export const loadBalancer: Description = {
    token: "digitalocean:index/loadBalancer:LoadBalancer",
    noun: "load balancer",
    autoName: true,
    properties: {
        name: { required: true },
        region: { replaces: true, stored: (value) => String(value).toLowerCase() },
        algorithm: { default: "round_robin" },
        size: {},
        sizeUnit: { computed: true },
        type: { computed: true, replaces: true },
        network: { replaces: true },
        networkStack: { replaces: true },
        vpcUuid: { computed: true, replaces: true },
        dropletIds: { computed: true, set: true },
        dropletTag: {},
        forwardingRules: { set: true, members: ruleMembers },
        healthcheck: {
            computed: true,
            members: {
                protocol: { required: true },
                port: { required: true },
                path: {},
                checkIntervalSeconds: { checkDefault: 10 },
                responseTimeoutSeconds: { checkDefault: 5 },
                healthyThreshold: { checkDefault: 5 },
                unhealthyThreshold: { checkDefault: 3 },
            },
        },
        stickySessions: {
            computed: true,
            members: { type: { default: "none" }, cookieName: {}, cookieTtlSeconds: {} },
        },
        redirectHttpToHttps: { default: false },
        enableProxyProtocol: { default: false },
        enableBackendKeepalive: { default: false },
        disableLetsEncryptDnsRecords: { default: false },
        httpIdleTimeoutSeconds: { computed: true },
        projectId: { computed: true },
        tlsCipherPolicy: {},
        firewall: { computed: true, members: { allows: {}, denies: {} } },
        domains: { outputOnly: true },
        glbSettings: { outputOnly: true },
        targetLoadBalancerIds: { outputOnly: true },
        ip: { outputOnly: true },
        ipv6: { outputOnly: true },
        status: { outputOnly: true },
        loadBalancerUrn: { outputOnly: true },
    },
    validate: ({ region, forwardingRules, dropletIds, dropletTag }) => [
        ...(region
            ? []
            : ([["region", "missing 'region' value: the lab has no global load balancers"]] as [
                  string,
                  string,
              ][])),
        ...(forwardingRules
            ? []
            : ([["forwardingRules", "at least one rule is needed"]] as [string, string][])),
        ...(dropletIds && dropletTag
            ? ([["dropletIds", "conflicts with dropletTag: give one of them"]] as [string, string][])
            : []),
    ],
    async create({ inputs, exists, timeoutSeconds }, api) {
        const body = await balancerRequest(inputs, api);
        const { id } = await api.post<ApiLoadBalancer>("/v2/load_balancers", body, "load_balancer");
        exists(id);
        await waitFor<true>(
            api,
            `load balancer ${id} to be active`,
            timeoutSeconds || ACTIVE_SECONDS,
            async () => {
                const found = await api.find<ApiLoadBalancer>(`/v2/load_balancers/${id}`, "load_balancer");
                return found?.status === "active"
                    ? { done: true }
                    : { state: found?.status ?? "404 (not found)" };
            },
        );
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiLoadBalancer>(`/v2/load_balancers/${id}`, "load_balancer");
        return found && balancerState(found, api);
    },
    async update({ id, inputs, olds }, api) {
        // A full replacement of the object: what the API made up goes along, or it would be made up anew.
        const kept = [
            "sizeUnit",
            "type",
            "vpcUuid",
            "stickySessions",
            "healthcheck",
            "httpIdleTimeoutSeconds",
            "projectId",
        ];
        const merged = { ...Object.fromEntries(kept.map((name) => [name, olds[name] ?? null])), ...inputs };
        await api.request("PUT", `/v2/load_balancers/${id}`, await balancerRequest(merged, api));
    },
    async delete({ id }, api) {
        await deleteAt(api, `/v2/load_balancers/${id}`);
    },
};

async function balancerRequest(inputs: Props, api: Api) {
    const rules = await Promise.all(
        ((inputs.forwardingRules ?? []) as Props[]).map((rule) => ruleRequest(rule, api)),
    );
    const targets = inputs.dropletTag ? { tag: inputs.dropletTag } : { droplet_ids: inputs.dropletIds };
    const optional = {
        size: inputs.size,
        size_unit: inputs.sizeUnit,
        type: inputs.type,
        network: inputs.network,
        network_stack: inputs.networkStack,
        vpc_uuid: inputs.vpcUuid,
        health_check: renamed(inputs.healthcheck, HEALTH_KEYS),
        sticky_sessions: renamed(inputs.stickySessions, STICKY_KEYS),
        redirect_http_to_https: inputs.redirectHttpToHttps,
        enable_proxy_protocol: inputs.enableProxyProtocol,
        enable_backend_keepalive: inputs.enableBackendKeepalive,
        http_idle_timeout_seconds: inputs.httpIdleTimeoutSeconds,
        project_id: inputs.projectId,
        tls_cipher_policy: inputs.tlsCipherPolicy,
        firewall: renamed(inputs.firewall, { allows: "allow", denies: "deny" }),
        ...targets,
    };
    return {
        name: inputs.name,
        algorithm: inputs.algorithm,
        region: inputs.region,
        forwarding_rules: rules,
        disable_lets_encrypt_dns_records: inputs.disableLetsEncryptDnsRecords ?? false,
        ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
    };
}

async function ruleRequest(rule: Props, api: Api) {
    const name = rule.certificateName || rule.certificateId;
    const found = name ? await findCertificate(api, String(name)) : undefined;
    if (name && found === undefined) {
        throw new Error(`no certificate is named "${name}" (forwardingRules, certificateName)`);
    }
    return { ...renamed(rule, RULE_KEYS), ...(found && { certificate_id: found.id }) };
}

/** Members under the API's keys, without those that are empty. */
function renamed(object: Value | undefined, keys: Record<string, string>): Record<string, Value> | undefined {
    if (typeof object !== "object" || object === null) {
        return undefined;
    }
    const given = object as Props;
    const entries = Object.entries(keys).filter(([name]) => given[name]);
    return Object.fromEntries(entries.map(([name, key]) => [key, given[name] ?? null]));
}

async function balancerState(found: ApiLoadBalancer, api: Api): Promise<Props> {
    const { health_check: health, sticky_sessions: sticky, firewall } = found;
    return {
        name: found.name,
        loadBalancerUrn: `do:loadbalancer:${found.id}`,
        algorithm: found.algorithm,
        status: found.status,
        ip: found.ip,
        ipv6: found.ipv6 || null,
        sizeUnit: found.size_unit,
        type: found.type,
        region: found.region?.slug ?? null,
        vpcUuid: found.vpc_uuid,
        dropletTag: found.tag || null,
        dropletIds: found.droplet_ids ?? [],
        forwardingRules: await Promise.all(found.forwarding_rules.map((rule) => ruleState(rule, api))),
        healthcheck:
            health &&
            Object.fromEntries(Object.entries(HEALTH_KEYS).map(([name, key]) => [name, health[key] ?? null])),
        stickySessions: sticky && {
            type: sticky.type,
            cookieName: sticky.cookie_name ?? "",
            cookieTtlSeconds: sticky.cookie_ttl_seconds ?? 0,
        },
        redirectHttpToHttps: found.redirect_http_to_https,
        enableProxyProtocol: found.enable_proxy_protocol,
        enableBackendKeepalive: found.enable_backend_keepalive,
        disableLetsEncryptDnsRecords: found.disable_lets_encrypt_dns_records ?? false,
        httpIdleTimeoutSeconds: found.http_idle_timeout_seconds,
        projectId: found.project_id,
        firewall: firewall ? { allows: firewall.allow ?? [], denies: firewall.deny ?? [] } : null,
        // Those of global load balancers, which this plugin does not make.
        domains: [],
        glbSettings: null,
        targetLoadBalancerIds: [],
    };
}

async function ruleState(rule: Props, api: Api): Promise<Props> {
    const id = rule.certificate_id;
    const name = id ? (await api.get<ApiCertificate>(`/v2/certificates/${id}`, "certificate")).name : "";
    return {
        ...Object.fromEntries(Object.entries(RULE_KEYS).map(([member, key]) => [member, rule[key] ?? false])),
        certificateId: name,
        certificateName: name,
    };
}
