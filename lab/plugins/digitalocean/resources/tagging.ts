import type { Value } from "../../protocol/values.ts";
import type { Api } from "../api.ts";

/** Takes away and adds tags of a resource. A tag that does not exist yet is made, as the official provider does. */
export async function changeTags(
    api: Api,
    resourceType: "droplet" | "volume",
    id: string,
    olds: Value | undefined,
    news: Value | undefined,
): Promise<void> {
    const before = (olds ?? []) as string[];
    const after = (news ?? []) as string[];
    const body = { resources: [{ resource_id: id, resource_type: resourceType }] };
    const path = (name: string) => `/v2/tags/${encodeURIComponent(name)}/resources`;
    for (const name of before.filter((tag) => !after.includes(tag))) {
        await api.request("DELETE", path(name), body);
    }
    for (const name of after.filter((tag) => !before.includes(tag))) {
        await api.post("/v2/tags", { name });
        await api.post(path(name), body);
    }
}
