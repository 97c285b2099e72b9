import { z } from "zod";
import { forbidden } from "../errors.ts";
import { type ById, pageOf, type Routes, urlOf } from "../http.ts";
import { deleteImage, findImage, imageView, listImages, notesOf } from "../images.ts";
import { found, optional, parseBody } from "../validation.ts";

const updateSchema = z.object({
    name: optional(z.string().min(1)),
    distribution: optional(z.string()),
    description: optional(z.string()),
});

/** `/v2/images`. */
export const imageRoutes: Routes = (app, context) => {
    app.get("/v2/images", async (request) => {
        const query = urlOf(request).searchParams;
        const images = (await listImages(context)).filter(
            (image) =>
                (query.get("private") !== "true" || image.type === "snapshot") &&
                (query.get("type") !== "distribution" || (image.type === "base" && !image.application)) &&
                (query.get("type") !== "application" || image.application) &&
                (!query.has("tag_name") || image.tags.includes(query.get("tag_name") ?? "")),
        );
        return pageOf(request, "images", images, imageView);
    });

    app.get<ById>("/v2/images/:id", async ({ params }) => ({
        image: imageView(found(findImage(await listImages(context), params.id))),
    }));

    app.put<ById>("/v2/images/:id", async ({ params, body }) => {
        const image = await own(params.id);
        const { name, distribution, description } = parseBody(updateSchema, body);
        const notes = notesOf(context, image.id);
        notes.name = name ?? notes.name;
        notes.distribution = distribution ?? notes.distribution;
        notes.description = description ?? notes.description;
        return { image: imageView(found(findImage(await listImages(context), image.id))) };
    });

    app.delete<ById>("/v2/images/:id", async ({ params }, reply) => {
        await deleteImage(context, await own(params.id));
        return reply.code(204).send();
    });

    /** An image of the account's own; the vendor's can only be read. */
    async function own(id: string) {
        const image = found(findImage(await listImages(context), id));
        if (image.type !== "snapshot") {
            throw forbidden("You do not have access for the attempted action.");
        }
        return image;
    }
};
