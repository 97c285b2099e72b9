import type { Value } from "../../protocol/values.ts";
import { type Api, ApiError } from "../api.ts";
import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";
import { runAction, waitFor } from "../wait.ts";
import { uniqueId } from "./uniqueId.ts";

interface ApiReservedIp {
    ip: string;
    region: { slug: string };
    droplet: { id: number; region: { slug: string } } | null;
}

/** Seconds for a droplet's running actions to end before an address can be given to it. */
const IDLE_SECONDS = 300;

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Reserved-IPs */
export const reservedIp: Description = {
    token: "digitalocean:index/reservedIp:ReservedIp",
    noun: "reserved IP",
    properties: {
        region: { required: true, replaces: true, stored: (value) => String(value).toLowerCase() },
        dropletId: {},
        ipAddress: { computed: true },
        reservedIpUrn: { outputOnly: true },
    },
    async create({ inputs: { region, dropletId }, exists }, api) {
        const { ip } = await api.post<ApiReservedIp>("/v2/reserved_ips", { region }, "reserved_ip");
        exists(ip);
        if (dropletId) {
            await assign(api, ip, dropletId);
        }
        return undefined;
    },
    async read(id, state, api) {
        const found = await api.find<ApiReservedIp>(`/v2/reserved_ips/${id}`, "reserved_ip");
        if (found === undefined) {
            return undefined;
        }
        // An address that another resource assigned is not this one's to take back.
        const own = state.dropletId ? found.droplet : null;
        return {
            ipAddress: found.ip,
            region: (own ?? found).region.slug,
            dropletId: own?.id ?? null,
            reservedIpUrn: `do:reservedip:${found.ip}`,
        };
    },
    async update({ id, inputs: { dropletId }, changed }, api) {
        if (changed("dropletId")) {
            await (dropletId ? assign(api, id, dropletId) : unassign(api, id));
        }
    },
    async delete({ id, state }, api) {
        if (state.dropletId) {
            await unassign(api, id);
        }
        await deleteAt(api, `/v2/reserved_ips/${id}`);
    },
};

/** The assignment of an address to a droplet; the API has no object for it. */
export const reservedIpAssignment: Description = {
    token: "digitalocean:index/reservedIpAssignment:ReservedIpAssignment",
    noun: "reserved IP assignment",
    properties: {
        dropletId: { required: true, replaces: true },
        ipAddress: { required: true, replaces: true },
    },
    async create({ inputs: { dropletId, ipAddress }, exists }, api) {
        await assign(api, String(ipAddress), dropletId ?? null);
        exists(uniqueId(`${dropletId}-${ipAddress}`));
        return { dropletId: dropletId ?? null, ipAddress: ipAddress ?? null };
    },
    async read(_id, { dropletId, ipAddress }, api) {
        const found = await api.find<ApiReservedIp>(`/v2/reserved_ips/${ipAddress}`, "reserved_ip");
        return found?.droplet?.id === dropletId ? {} : undefined;
    },
    async delete({ state: { dropletId, ipAddress } }, api) {
        const found = await api.find<ApiReservedIp>(`/v2/reserved_ips/${ipAddress}`, "reserved_ip");
        if (found?.droplet?.id === dropletId) {
            await unassign(api, String(ipAddress));
        }
    },
};

async function assign(api: Api, ip: string, dropletId: Value): Promise<void> {
    // The API refuses an assignment while another action of the droplet is running.
    await waitFor<true>(api, `droplet ${dropletId} to have no action running`, IDLE_SECONDS, async () => {
        const path = `/v2/droplets/${dropletId}/actions?per_page=50`;
        const actions = await api.get<{ status: string; type: string }[]>(path, "actions");
        const running = actions.find(({ status }) => status === "in-progress");
        return running === undefined ? { done: true } : { state: `${running.type} in progress` };
    });
    const actions = `/v2/reserved_ips/${ip}/actions`;
    await runAction(api, actions, { droplet_id: dropletId, type: "assign" }, actions);
}

async function unassign(api: Api, ip: string): Promise<void> {
    const actions = `/v2/reserved_ips/${ip}/actions`;
    try {
        await runAction(api, actions, { type: "unassign" }, actions);
    } catch (error) {
        // 422: it is assigned to nothing, which is what was wanted.
        if (!(error instanceof ApiError && error.status === 422)) {
            throw error;
        }
    }
}
