import type { Context } from "../context.ts";
import { type ById, pageOf, type Routes, urlOf } from "../http.ts";
import { deleteImage, findImage, listImages, snapshotView } from "../images.ts";
import { found } from "../validation.ts";

/** `/v2/snapshots`: of droplets only, since volumes of the lab hold no data. */
export const snapshotRoutes: Routes = (app, context) => {
    app.get("/v2/snapshots", async (request) => {
        const type = urlOf(request).searchParams.get("resource_type") ?? "droplet";
        return pageOf(request, "snapshots", type === "droplet" ? await snapshots(context) : [], snapshotView);
    });

    app.get<ById>("/v2/snapshots/:id", async ({ params }) => ({
        snapshot: snapshotView(found(findImage(await snapshots(context), params.id))),
    }));

    app.delete<ById>("/v2/snapshots/:id", async ({ params }, reply) => {
        await deleteImage(context, found(findImage(await snapshots(context), params.id)));
        return reply.code(204).send();
    });
};

const snapshots = async (context: Context) =>
    (await listImages(context)).filter((image) => image.type === "snapshot");
