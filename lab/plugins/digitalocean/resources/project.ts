import type { Props } from "../../protocol/values.ts";
import { type Api, ApiError } from "../api.ts";
import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";
import { waitFor } from "../wait.ts";

interface ApiProject {
    id: string;
    owner_uuid: string;
    owner_id: number;
    name: string;
    description: string;
    purpose: string;
    environment: string;
    is_default: boolean;
    created_at: string;
    updated_at: string;
}

/** Seconds for a project to lose its resources, while the API answers 412. */
const DELETE_SECONDS = 180;

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Projects */
export const project: Description = {
    token: "digitalocean:index/project:Project",
    noun: "project",
    autoName: true,
    properties: {
        name: { required: true },
        description: {},
        purpose: { default: "Web Application" },
        environment: { stored: titleCase },
        isDefault: { default: false },
        resources: { computed: true, set: true },
        ownerUuid: { outputOnly: true },
        ownerId: { outputOnly: true },
        createdAt: { outputOnly: true },
        updatedAt: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const { id } = await api.post<ApiProject>("/v2/projects", projectRequest(inputs), "project");
        exists(id);
        if (inputs.isDefault) {
            await api.request("PATCH", `/v2/projects/${id}`, { ...projectRequest(inputs), is_default: true });
        }
        await moveTo(api, id, inputs.resources as string[] | undefined);
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiProject>(`/v2/projects/${id}`, "project");
        if (found === undefined) {
            return undefined;
        }
        const resources = await api.list<{ urn: string }>(`/v2/projects/${id}/resources`, "resources");
        return {
            name: found.name,
            description: found.description,
            purpose: found.purpose.replace(/^Other: /, ""),
            environment: found.environment,
            isDefault: found.is_default,
            ownerUuid: found.owner_uuid,
            ownerId: found.owner_id,
            createdAt: found.created_at,
            updatedAt: found.updated_at,
            resources: resources.map(({ urn }) => urn),
        };
    },
    async update({ id, inputs, olds, changed }, api) {
        await api.request("PATCH", `/v2/projects/${id}`, {
            ...projectRequest(inputs),
            is_default: inputs.isDefault ?? false,
        });
        if (changed("resources")) {
            const before = (olds.resources ?? []) as string[];
            const after = (inputs.resources ?? []) as string[];
            await moveToDefault(
                api,
                before.filter((urn) => !after.includes(urn)),
            );
            await moveTo(
                api,
                id,
                after.filter((urn) => !before.includes(urn)),
            );
        }
    },
    async delete({ id, state }, api) {
        await moveToDefault(api, (state.resources ?? []) as string[]);
        await waitFor<true>(api, `project ${id} to lose its resources`, DELETE_SECONDS, async () => {
            try {
                await deleteAt(api, `/v2/projects/${id}`);
                return { done: true };
            } catch (error) {
                if (error instanceof ApiError && error.status === 412) {
                    return { state: error.message };
                }
                throw error;
            }
        });
    },
};

function projectRequest(inputs: Props) {
    return {
        name: inputs.name,
        description: inputs.description ?? "",
        purpose: inputs.purpose,
        environment: inputs.environment ?? "",
    };
}

async function moveTo(api: Api, id: string, resources: string[] | undefined): Promise<void> {
    if (resources !== undefined && resources.length > 0) {
        await api.post(`/v2/projects/${id}/resources`, { resources });
    }
}

/** What leaves a project has to go somewhere: nothing is without one. */
async function moveToDefault(api: Api, resources: string[]): Promise<void> {
    if (resources.length > 0) {
        const { id } = await api.get<ApiProject>("/v2/projects/default", "project");
        await moveTo(api, id, resources);
    }
}

function titleCase(value: unknown): string {
    const text = String(value);
    return text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
}
