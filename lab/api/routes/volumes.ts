import { z } from "zod";
import { actionView, instantAction } from "../actions.ts";
import { REGIONS, regionView } from "../catalog.ts";
import { conflict, unprocessable } from "../errors.ts";
import { type ById, pageOf, type Routes, urlOf } from "../http.ts";
import type { Droplet, Volume } from "../store.ts";
import { ensureTag } from "../tagging.ts";
import { found, list, optional, parseBody, pathId } from "../validation.ts";

const gigabytes = z.int().min(1).max(16_384);
const createSchema = z.object({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
        error: (issue) =>
            `${JSON.stringify(issue.input)} must begin with a lower-case letter, followed by at most 63 lower-case letters, digits and dashes`,
    }),
    region: z.string(),
    size_gigabytes: gigabytes,
    description: optional(z.string()),
    filesystem_type: optional(z.string()),
    filesystem_label: optional(z.string()),
    tags: list(z.string()),
});
const actionSchema = z.discriminatedUnion("type", [
    z.object({ type: z.literal("attach"), droplet_id: z.int() }),
    z.object({ type: z.literal("detach"), droplet_id: z.int() }),
    z.object({ type: z.literal("resize"), size_gigabytes: gigabytes }),
]);

/** `/v2/volumes`. The books are kept; no disk appears in a droplet. */
export const volumeRoutes: Routes = (app, context) => {
    const { store } = context;
    const one = (id: string) => found(store.volumes.get(id));

    app.get("/v2/volumes", (request) => {
        const query = urlOf(request).searchParams;
        const volumes = [...store.volumes.values()].filter(
            (volume) =>
                (query.get("name") ?? volume.name) === volume.name &&
                (query.get("region") ?? volume.region) === volume.region,
        );
        return pageOf(request, "volumes", volumes, volumeView);
    });

    app.post("/v2/volumes", (request, reply) => {
        const body = parseBody(createSchema, request.body);
        if (!REGIONS.includes(body.region)) {
            throw unprocessable(`region ${JSON.stringify(body.region)} does not exist`);
        }
        const twin = [...store.volumes.values()].some(
            (volume) => volume.name === body.name && volume.region === body.region,
        );
        if (twin) {
            throw conflict("volume name already exists");
        }
        const volume: Volume = {
            id: context.ids.uuid(),
            name: body.name,
            region: body.region,
            description: body.description ?? "",
            sizeGigabytes: body.size_gigabytes,
            filesystemType: body.filesystem_type ?? "",
            filesystemLabel: body.filesystem_label ?? "",
            dropletId: null,
            tags: body.tags.map((tag) => ensureTag(context, tag)),
            createdAt: context.now(),
        };
        store.volumes.set(volume.id, volume);
        return reply.code(201).send({ volume: volumeView(volume) });
    });

    app.get<ById>("/v2/volumes/:id", ({ params }) => ({ volume: volumeView(one(params.id)) }));

    app.delete<ById>("/v2/volumes/:id", ({ params }, reply) => {
        const volume = one(params.id);
        if (volume.dropletId !== null) {
            throw conflict("volume is attached to a Droplet");
        }
        store.volumes.delete(volume.id);
        return reply.code(204).send();
    });

    app.post<ById>("/v2/volumes/:id/actions", ({ params, body }, reply) => {
        const volume = one(params.id);
        const wanted = parseBody(actionSchema, body);
        if (wanted.type === "resize") {
            if (wanted.size_gigabytes < volume.sizeGigabytes) {
                throw unprocessable(`volume can only grow: it has ${volume.sizeGigabytes} GiB`);
            }
            volume.sizeGigabytes = wanted.size_gigabytes;
            const { region } = volume;
            const of = { type: "resize_volume", resourceId: null, resourceType: "volume", region };
            return reply.code(202).send({ action: actionView(instantAction(context, of)) });
        }
        const droplet = store.droplets.get(wanted.droplet_id);
        if (droplet === undefined || droplet.deleting) {
            throw unprocessable(`droplet ${wanted.droplet_id} does not exist`);
        }
        if (wanted.type === "attach") {
            attach(volume, droplet);
        } else {
            detach(volume, droplet);
        }
        const action = instantAction(context, {
            type: `${wanted.type}_volume`,
            resourceId: droplet.id,
            resourceType: "droplet",
            region: volume.region,
        });
        return reply.code(202).send({ action: actionView(action) });
    });

    app.get<{ Params: { id: string; action: string } }>("/v2/volumes/:id/actions/:action", ({ params }) => {
        one(params.id);
        return { action: actionView(found(store.actions.get(pathId(params.action)))) };
    });
};

function attach(volume: Volume, droplet: Droplet): void {
    if (volume.dropletId !== null) {
        throw unprocessable(`volume is attached to droplet ${volume.dropletId} already`);
    }
    if (volume.region !== droplet.region) {
        throw unprocessable(`volume is in ${volume.region}, droplet in ${droplet.region}`);
    }
    volume.dropletId = droplet.id;
    droplet.volumeIds.push(volume.id);
}

function detach(volume: Volume, droplet: Droplet): void {
    if (volume.dropletId !== droplet.id) {
        throw unprocessable(`volume is not attached to droplet ${droplet.id}`);
    }
    volume.dropletId = null;
    droplet.volumeIds.splice(droplet.volumeIds.indexOf(volume.id), 1);
}

function volumeView(volume: Volume) {
    return {
        id: volume.id,
        name: volume.name,
        region: regionView(volume.region),
        droplet_ids: volume.dropletId === null ? [] : [volume.dropletId],
        description: volume.description,
        size_gigabytes: volume.sizeGigabytes,
        created_at: volume.createdAt,
        filesystem_type: volume.filesystemType,
        filesystem_label: volume.filesystemLabel,
        tags: volume.tags,
    };
}
