import type { Cloud } from "./cloud.ts";
import { type ApiImage, type OfferedImage, offeredIn } from "./model/offeredImages.ts";

/** Costs two calls, so it is asked for only where the account does not have an image. @throws CloudError */
export async function offeredImages(cloud: Pick<Cloud, "list">, region: string): Promise<OfferedImage[]> {
    const [applications, own] = await Promise.all(
        ["type=application", "private=true"].map((query) =>
            cloud.list<ApiImage>(`/v2/images?${query}`, "images"),
        ),
    );
    return offeredIn(region, { applications: applications ?? [], own: own ?? [] });
}
