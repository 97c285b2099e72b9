import { createHash } from "node:crypto";
import type { Props } from "../../protocol/values.ts";
import { type Api, isNotFound } from "../api.ts";
import type { Description, UpdateArgs } from "../schema.ts";
import { ACTIONS, runAction, waitFor } from "../wait.ts";
import { type ApiDroplet, dropletState } from "./dropletState.ts";
import { changeTags } from "./tagging.ts";

/** Seconds for a droplet to be created, and to change its power state or name. */
const READY_SECONDS = 600;

/** Seconds for each wait of a deletion: the official provider's own bound. */
const DELETE_SECONDS = 60;

const lowerCase = (value: unknown) => String(value).toLowerCase();

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets */
export const droplet: Description = {
    token: "digitalocean:index/droplet:Droplet",
    noun: "droplet",
    autoName: true,
    properties: {
        // Never read back: a slug may come to mean another image, and that is to replace no droplet.
        image: { required: true, replaces: true },
        name: { required: true },
        region: { computed: true, replaces: true, stored: lowerCase },
        size: { required: true, stored: lowerCase },
        resizeDisk: { checkDefault: true, default: true },
        backups: { default: false },
        backupPolicy: { members: { plan: {}, weekday: {}, hour: {} } },
        gracefulShutdown: { default: false },
        // There is no way to turn it off again.
        ipv6: {
            default: false,
            replaces: (old, next) => old === true && next !== true,
            ripples: ["ipv6Address"],
        },
        ipv6Address: { computed: true },
        privateNetworking: { computed: true },
        publicNetworking: { computed: true, replaces: true },
        // Never read back either: the API does not tell with which keys a droplet was made.
        sshKeys: { set: true, replaces: true },
        userData: {
            replaces: true,
            stored: (value) => createHash("sha1").update(String(value)).digest("hex"),
            oneWay: true,
        },
        volumeIds: { computed: true, set: true },
        monitoring: { default: false, replaces: true },
        dropletAgent: { replaces: true },
        tags: { set: true },
        vpcUuid: { computed: true, replaces: true },
        createdAt: { outputOnly: true },
        disk: { outputOnly: true },
        dropletUrn: { outputOnly: true },
        ipv4Address: { outputOnly: true },
        ipv4AddressPrivate: { outputOnly: true },
        locked: { outputOnly: true },
        memory: { outputOnly: true },
        priceHourly: { outputOnly: true },
        priceMonthly: { outputOnly: true },
        status: { outputOnly: true },
        vcpus: { outputOnly: true },
    },
    validate({ backups, backupPolicy }) {
        return backupPolicy && backups === false
            ? [["backupPolicy", "backup_policy can only be set when backups are enabled"]]
            : [];
    },
    async create({ inputs, exists, timeoutSeconds }, api) {
        const created = await api.post<ApiDroplet>("/v2/droplets", createRequest(inputs), "droplet");
        const id = String(created.id);
        exists(id);
        return dropletState(await waitForDroplet(api, id, "active", timeoutSeconds || READY_SECONDS));
    },
    async read(id, _state, api) {
        const found = await api.find<ApiDroplet>(path(id), "droplet");
        return found && dropletState(found);
    },
    async update(args, api) {
        await updateDroplet(args, api);
    },
    async delete({ id, state }, api) {
        await waitFor(api, `droplet ${id} to be unlocked`, DELETE_SECONDS, async () => {
            const found = await api.find<ApiDroplet>(path(id), "droplet");
            // Only a refresh takes what is gone out of the state: the official one's wait for an unlocked droplet takes a
            // 404 for a state that it does not know, and says so (terraform-provider-digitalocean 2.96 to 2.99).
            if (!found) {
                throw new Error(
                    `Error waiting for droplet to be unlocked for destroy (${id}): unexpected state 'Not Found', ` +
                        "wanted target 'false'. last error: %!s(<nil>)",
                );
            }
            return found.locked ? { state: "locked" } : { done: true };
        });
        if (state.gracefulShutdown === true) {
            await api.request("POST", `${path(id)}/actions`, { type: "shutdown" });
            await waitForDroplet(api, id, "off", DELETE_SECONDS);
        }
        for (const volumeId of (state.volumeIds ?? []) as string[]) {
            await detachVolume(api, volumeId, id);
        }
        try {
            await api.request("DELETE", path(id));
        } catch (error) {
            if (isNotFound(error)) {
                return;
            }
            throw error;
        }
        await waitFor(api, `droplet ${id} to be gone`, DELETE_SECONDS, async () => {
            const found = await api.find<ApiDroplet>(path(id), "droplet");
            return found === undefined ? { done: true } : { state: found.status };
        });
    },
};

const path = (id: string) => `/v2/droplets/${id}`;

function createRequest(inputs: Props) {
    const { image, sshKeys, volumeIds, backupPolicy } = inputs;
    return {
        name: inputs.name,
        region: inputs.region ?? "",
        size: inputs.size,
        image: numberOrText(image),
        ssh_keys: Array.isArray(sshKeys) ? sshKeys.map(numberOrText) : null,
        backups: inputs.backups,
        ipv6: inputs.ipv6,
        private_networking: inputs.privateNetworking ?? false,
        monitoring: inputs.monitoring,
        ...(inputs.userData && { user_data: inputs.userData }),
        ...(Array.isArray(volumeIds) && volumeIds.length > 0 && { volumes: volumeIds.map((id) => ({ id })) }),
        ...(Array.isArray(inputs.tags) && inputs.tags.length > 0 && { tags: inputs.tags }),
        ...(inputs.vpcUuid && { vpc_uuid: inputs.vpcUuid }),
        ...(typeof inputs.dropletAgent === "boolean" && { with_droplet_agent: inputs.dropletAgent }),
        ...(backupPolicy && { backup_policy: backupPolicy }),
        ...(typeof inputs.publicNetworking === "boolean" && { public_networking: inputs.publicNetworking }),
    };
}

/** Digits are an ID, anything else a slug (of an image) or a fingerprint (of a key). */
function numberOrText(value: unknown): number | string {
    const text = String(value);
    return /^\d+$/.test(text) ? Number(text) : text;
}

async function updateDroplet({ id, inputs, olds, changed }: UpdateArgs, api: Api): Promise<void> {
    const act = (type: string, more: Props = {}) =>
        runAction(api, `${path(id)}/actions`, { ...more, type }, ACTIONS);
    const power = async (type: "power_on" | "power_off", status: "active" | "off") => {
        await api.request("POST", `${path(id)}/actions`, { type });
        await waitForDroplet(api, id, status, READY_SECONDS);
    };
    // A creation whose wait failed left the droplet in the state; nothing but this update looks after it.
    if (olds.status !== "active" && olds.status !== "off") {
        await waitForDroplet(api, id, "active", READY_SECONDS);
    }
    if (changed("size")) {
        await power("power_off", "off");
        try {
            await act("resize", { disk: inputs.resizeDisk ?? true, size: inputs.size ?? null });
        } finally {
            await power("power_on", "active");
        }
    }
    if (changed("name")) {
        await api.request("POST", `${path(id)}/actions`, { type: "rename", name: inputs.name });
        await waitFor(api, `droplet ${id} to be named ${inputs.name}`, READY_SECONDS, async () => {
            const found = await api.get<ApiDroplet>(path(id), "droplet");
            return found.name === inputs.name ? { done: true } : { state: `named ${found.name}` };
        });
    }
    if (changed("backups")) {
        const policy: Props = inputs.backupPolicy ? { backup_policy: inputs.backupPolicy } : {};
        await act(inputs.backups ? "enable_backups" : "disable_backups", inputs.backups ? policy : {});
    } else if (changed("backupPolicy") && inputs.backupPolicy) {
        await act("change_backup_policy", { backup_policy: inputs.backupPolicy });
    }
    if (changed("ipv6") && inputs.ipv6) {
        await act("enable_ipv6");
    }
    if (changed("tags")) {
        await changeTags(api, "droplet", id, olds.tags, inputs.tags);
    }
    if (changed("volumeIds")) {
        await changeVolumes(
            api,
            id,
            (olds.volumeIds ?? []) as string[],
            (inputs.volumeIds ?? []) as string[],
        );
    }
}

async function changeVolumes(api: Api, id: string, olds: string[], news: string[]): Promise<void> {
    for (const volumeId of news.filter((volume) => !olds.includes(volume))) {
        const body = { droplet_id: Number(id), type: "attach" };
        await runAction(api, `/v2/volumes/${volumeId}/actions`, body, ACTIONS);
    }
    for (const volumeId of olds.filter((volume) => !news.includes(volume))) {
        await detachVolume(api, volumeId, id);
    }
}

function detachVolume(api: Api, volumeId: string, id: string): Promise<void> {
    return runAction(
        api,
        `/v2/volumes/${volumeId}/actions`,
        { droplet_id: Number(id), type: "detach" },
        ACTIONS,
    );
}

/** A locked droplet has an action running, and its status does not count yet. */
function waitForDroplet(
    api: Api,
    id: string,
    status: "active" | "off",
    seconds: number,
): Promise<ApiDroplet> {
    return waitFor<ApiDroplet>(api, `droplet ${id} to be ${status}`, seconds, async () => {
        const found = await api.find<ApiDroplet>(path(id), "droplet");
        if (found === undefined) {
            return { state: "404 (not found)" };
        }
        return found.status === status && !found.locked
            ? { done: found }
            : { state: found.locked ? `${found.status}, locked` : found.status };
    });
}
