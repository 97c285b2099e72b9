import { ApiError } from "../api.ts";
import { goTime } from "../goTime.ts";
import type { Description } from "../schema.ts";
import { waitFor } from "../wait.ts";

interface ApiVpc {
    id: string;
    urn: string;
    name: string;
    description: string;
    region: string;
    ip_range: string;
    default: boolean;
    created_at: string;
}

/** Seconds for the members of a VPC to leave it, as the official provider allows. */
const DELETE_SECONDS = 120;

/** One creation at a time in each region: the API answers 409 to two at once. */
const creations = new Map<string, Promise<unknown>>();

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/VPCs */
export const vpc: Description = {
    token: "digitalocean:index/vpc:Vpc",
    noun: "VPC",
    autoName: true,
    properties: {
        name: { required: true },
        region: { required: true, replaces: true },
        description: {},
        ipRange: { computed: true, replaces: true },
        vpcUrn: { outputOnly: true },
        default: { outputOnly: true },
        createdAt: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const region = String(inputs.region);
        const create = async () => {
            const body = {
                name: inputs.name,
                region,
                ...(inputs.description && { description: inputs.description }),
                ...(inputs.ipRange && { ip_range: inputs.ipRange }),
            };
            const { id } = await api.post<ApiVpc>("/v2/vpcs", body, "vpc");
            exists(id);
            return undefined;
        };
        const turn = (creations.get(region) ?? Promise.resolve()).then(create, create);
        creations.set(region, turn);
        return turn;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiVpc>(`/v2/vpcs/${id}`, "vpc");
        return (
            found && {
                name: found.name,
                region: found.region,
                description: found.description,
                ipRange: found.ip_range,
                vpcUrn: found.urn,
                default: found.default,
                createdAt: goTime(found.created_at),
            }
        );
    },
    async update({ id, inputs, olds }, api) {
        await api.request("PUT", `/v2/vpcs/${id}`, {
            name: inputs.name,
            description: inputs.description ?? "",
            default: olds.default ?? false,
        });
    },
    async delete({ id, timeoutSeconds }, api) {
        const seconds = timeoutSeconds > 0 ? timeoutSeconds : DELETE_SECONDS;
        await waitFor(api, `VPC ${id} to lose its last member`, seconds, async () => {
            try {
                await api.request("DELETE", `/v2/vpcs/${id}`);
                return { done: true };
            } catch (error) {
                if (error instanceof ApiError && (error.status === 403 || error.status === 409)) {
                    return { state: error.message };
                }
                throw error;
            }
        });
    },
};
