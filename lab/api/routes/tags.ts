import { z } from "zod";
import { originOf, pageOf, type Routes } from "../http.ts";
import { dropTag, ensureTag, tagsOf, tagView } from "../tagging.ts";
import { found, parseBody } from "../validation.ts";

const createSchema = z.object({ name: z.string() });
const resourcesSchema = z.object({
    resources: z.array(
        z.object({
            resource_id: z.union([z.string(), z.int()]).transform(String),
            resource_type: z.enum(["droplet", "image", "volume", "volume_snapshot", "database"]),
        }),
    ),
});

type ByName = { Params: { name: string } };

/** `/v2/tags`. */
export const tagRoutes: Routes = (app, context) => {
    const { tags } = context.store;
    const known = (name: string) => found(tags.has(name) ? name : undefined);

    app.get("/v2/tags", (request) =>
        pageOf(request, "tags", tags, (name) => tagView(context, name, originOf(request))),
    );

    // A name that exists is no error.
    app.post("/v2/tags", (request, reply) => {
        const name = ensureTag(context, parseBody(createSchema, request.body).name);
        return reply.code(201).send({ tag: tagView(context, name, originOf(request)) });
    });

    app.get<ByName>("/v2/tags/:name", (request) => ({
        tag: tagView(context, known(request.params.name), originOf(request)),
    }));

    app.delete<ByName>("/v2/tags/:name", ({ params }, reply) => {
        dropTag(context, known(params.name));
        return reply.code(204).send();
    });

    app.post<ByName>("/v2/tags/:name/resources", async ({ params, body }, reply) => {
        const name = known(params.name);
        for (const list of await tagLists(body)) {
            if (!list.includes(name)) {
                list.push(name);
            }
        }
        context.filters.refresh();
        return reply.code(204).send();
    });

    app.delete<ByName>("/v2/tags/:name/resources", async ({ params, body }, reply) => {
        const name = known(params.name);
        for (const list of await tagLists(body)) {
            if (list.includes(name)) {
                list.splice(list.indexOf(name), 1);
            }
        }
        context.filters.refresh();
        return reply.code(204).send();
    });

    /** The tag lists of all resources named; 404 before any is changed when one does not exist. */
    async function tagLists(body: unknown): Promise<string[][]> {
        const { resources } = parseBody(resourcesSchema, body);
        return Promise.all(
            resources.map(async ({ resource_type, resource_id }) =>
                found(await tagsOf(context, resource_type, resource_id)),
            ),
        );
    }
};
