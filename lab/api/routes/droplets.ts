import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { actionView } from "../actions.ts";
import { findSize, REGIONS } from "../catalog.ts";
import type { Context } from "../context.ts";
import { actionSchema, BAD_NAME, HOST_NAME, runAction } from "../dropletActions.ts";
import { createDroplets, type DropletOrder, deleteDroplet } from "../droplets.ts";
import { dropletView } from "../dropletView.ts";
import { unprocessable } from "../errors.ts";
import { firewallsOf, firewallView } from "../firewalls.ts";
import { type ById, originOf, pageOf, type Routes, urlOf } from "../http.ts";
import { findImage, listImages, snapshotView } from "../images.ts";
import type { Droplet, Vpc } from "../store.ts";
import { checkTag } from "../tagging.ts";
import { found, list, optional, parseBody, pathId } from "../validation.ts";
import { defaultVpc, ensureNetwork } from "../vpcs.ts";
import { findKey } from "./account.ts";

const MAX_USER_DATA = 64 * 1024;
/** Of one request, by the documentation. */
const MAX_NAMES = 10;

const createSchema = z.object({
    name: optional(z.string()),
    names: optional(z.array(z.string()).min(1)),
    region: optional(z.string()),
    size: z.string(),
    image: z.union([z.int(), z.string()]),
    ssh_keys: list(z.union([z.int(), z.string()])),
    backups: optional(z.boolean()),
    ipv6: optional(z.boolean()),
    monitoring: optional(z.boolean()),
    with_droplet_agent: optional(z.boolean()),
    user_data: optional(z.string()),
    tags: list(z.string()),
    vpc_uuid: optional(z.string()),
});

/** `/v2/droplets` and what hangs on it. */
export const dropletRoutes: Routes = (app, context) => {
    const { store } = context;
    const view = (droplet: Droplet) => dropletView(droplet, context);
    const droplet = (id: string) => found(store.droplets.get(pathId(id)));

    app.get("/v2/droplets", (request) => {
        const query = urlOf(request).searchParams;
        const name = query.get("name");
        const tag = query.get("tag_name");
        const known = context.clock() - context.settings.tagDelay;
        const droplets = byTag(tag).filter(
            (one) =>
                (name === null || one.name.toLowerCase() === name.toLowerCase()) &&
                (tag === null || one.madeAt <= known),
        );
        return pageOf(request, "droplets", droplets, view);
    });

    app.post("/v2/droplets", async (request, reply) => {
        const body = parseBody(createSchema, request.body);
        const order = await orderOf(context, body);
        const created = await createDroplets(context, order);
        const actions = created.map(({ action }) => ({
            id: action.id,
            rel: "create",
            href: `${originOf(request)}/v2/actions/${action.id}`,
        }));
        const views = created.map((one) => view(one.droplet));
        return reply.code(202).send({
            ...(body.names === undefined ? { droplet: views[0] } : { droplets: views }),
            links: { actions },
        });
    });

    app.delete("/v2/droplets", (request, reply) => {
        const tag = urlOf(request).searchParams.get("tag_name");
        if (!tag) {
            throw unprocessable(
                "tag_name is required: droplets are deleted by tag here, by ID under their own path",
            );
        }
        for (const one of byTag(tag)) {
            deleteDroplet(context, one);
        }
        return reply.code(204).send();
    });

    app.get<ById>("/v2/droplets/:id", ({ params }) => ({ droplet: view(droplet(params.id)) }));

    app.delete<ById>("/v2/droplets/:id", ({ params }, reply) => {
        deleteDroplet(context, droplet(params.id));
        return reply.code(204).send();
    });

    app.get<ById>("/v2/droplets/:id/actions", (request) =>
        pageOf(request, "actions", actionsOf(request), actionView),
    );

    app.get<{ Params: { id: string; action: string } }>("/v2/droplets/:id/actions/:action", (request) => {
        const id = pathId(request.params.action);
        return { action: actionView(found(actionsOf(request).find((action) => action.id === id))) };
    });

    app.post<ById>("/v2/droplets/:id/actions", ({ params, body }, reply) => {
        const action = runAction(context, droplet(params.id), parseBody(actionSchema, body));
        return reply.code(201).send({ action: actionView(action) });
    });

    app.post("/v2/droplets/actions", (request, reply) => {
        const tag = urlOf(request).searchParams.get("tag_name");
        const wanted = parseBody(actionSchema, request.body);
        const actions = byTag(tag ?? "").map((one) => actionView(runAction(context, one, wanted)));
        return reply.code(201).send({ actions });
    });

    app.get<ById>("/v2/droplets/:id/snapshots", async (request) => {
        const { snapshotIds } = droplet(request.params.id);
        const images = (await listImages(context)).filter((image) => snapshotIds.includes(image.id));
        // Here the ID is a number, unlike under `/v2/snapshots`.
        return pageOf(request, "snapshots", images, (image) => {
            const { resource_id, resource_type, tags, ...rest } = snapshotView(image);
            return { ...rest, id: image.id, type: image.type };
        });
    });

    app.get<ById>("/v2/droplets/:id/backups", (request) => {
        droplet(request.params.id);
        // No clock of the lab runs for as long as a backup's period.
        return pageOf(request, "backups", [], (backup) => backup);
    });

    app.get<ById>("/v2/droplets/:id/firewalls", (request) =>
        pageOf(request, "firewalls", firewallsOf(context, droplet(request.params.id)), firewallView),
    );

    function byTag(tag: string | null): Droplet[] {
        return [...store.droplets.values()].filter((one) => tag === null || one.tags.includes(tag));
    }

    /** Also of a droplet that is gone: its actions stay. */
    function actionsOf(request: FastifyRequest<ById>) {
        const id = pathId(request.params.id);
        const actions = [...store.actions.values()].filter(
            (action) => action.resourceType === "droplet" && action.resourceId === id,
        );
        return found(actions.length > 0 ? actions : undefined);
    }
};

/**
 * Resolves every name in a request for droplets.
 * @throws ApiError 422 with the service's text for the first that is unknown
 */
async function orderOf(context: Context, body: z.infer<typeof createSchema>): Promise<DropletOrder> {
    const names = body.names ?? (body.name === undefined ? [] : [body.name]);
    if (names.length === 0 || !names.every((name) => name.length <= 255 && HOST_NAME.test(name))) {
        throw unprocessable(BAD_NAME);
    }
    if (names.length > MAX_NAMES) {
        throw unprocessable(`at most ${MAX_NAMES} droplets can be created at a time, not ${names.length}`);
    }
    const region = body.region ?? context.homeRegion;
    if (!REGIONS.includes(region)) {
        throw unprocessable("You specified an invalid region for Droplet creation.");
    }
    const size = findSize(body.size);
    if (size === undefined) {
        throw unprocessable("You specified an invalid size for Droplet creation.");
    }
    const image = findImage(await listImages(context), body.image);
    if (image === undefined) {
        throw unprocessable("You specified an invalid image for Droplet creation.");
    }
    if (!image.regions.includes(region)) {
        throw unprocessable(
            "The image you specified is not available in the selected region, you can transfer it to this region from the images pages.",
        );
    }
    const unknownKeys = body.ssh_keys.filter((key) => findKey(context, key) === undefined);
    if (unknownKeys.length > 0) {
        throw unprocessable(`${unknownKeys.join(", ")} are invalid key identifiers for Droplet creation.`);
    }
    if (Buffer.byteLength(body.user_data ?? "") > MAX_USER_DATA) {
        throw unprocessable("User data may not exceed 64 KiB in size.");
    }
    body.tags.forEach(checkTag);
    return {
        names,
        region,
        size,
        image,
        keys: body.ssh_keys.flatMap((key) => findKey(context, key) ?? []),
        vpc: await vpcFor(context, body.vpc_uuid, region),
        tags: body.tags,
        userData: body.user_data ?? "",
        ipv6: body.ipv6 ?? false,
        backups: body.backups ?? false,
        monitoring: body.monitoring ?? false,
        agent: body.with_droplet_agent ?? true,
    };
}

async function vpcFor(context: Context, id: string | undefined, region: string): Promise<Vpc> {
    if (id === undefined || id === "") {
        const vpc = await defaultVpc(context, region);
        await ensureNetwork(context, vpc);
        return vpc;
    }
    const vpc = context.store.vpcs.get(id);
    if (vpc === undefined || vpc.deleting) {
        throw unprocessable("You specified an invalid VPC for Droplet creation.");
    }
    if (vpc.region !== region) {
        throw unprocessable(`The VPC is in region ${vpc.region}, the Droplet would be in ${region}.`);
    }
    await ensureNetwork(context, vpc);
    return vpc;
}
