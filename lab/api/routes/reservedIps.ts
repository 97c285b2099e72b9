import { z } from "zod";
import { actionView, instantAction } from "../actions.ts";
import { addressPool } from "../addressPool.ts";
import { REGIONS, regionView } from "../catalog.ts";
import { dropletView } from "../dropletView.ts";
import { unprocessable } from "../errors.ts";
import { pageOf, type Routes } from "../http.ts";
import { assignToProject, defaultProject } from "../projects.ts";
import type { ReservedIp } from "../store.ts";
import { found, optional, parseBody, pathId } from "../validation.ts";

const createSchema = z.object({
    region: optional(z.string()),
    droplet_id: optional(z.int()),
    project_id: optional(z.string()),
});
const actionSchema = z.discriminatedUnion("type", [
    z.object({ type: z.literal("assign"), droplet_id: z.int() }),
    z.object({ type: z.literal("unassign") }),
]);

type ByIp = { Params: { ip: string } };

/**
 * `/v2/reserved_ips`. The books are kept, but no packet goes anywhere: the addresses are from a range
 * for documentation.
 */
export const reservedIpRoutes: Routes = (app, context) => {
    const { store } = context;

    app.get("/v2/reserved_ips", (request) =>
        pageOf(request, "reserved_ips", store.reservedIps.values(), view),
    );

    app.post("/v2/reserved_ips", (request, reply) => {
        const body = parseBody(createSchema, request.body);
        const droplet = body.droplet_id === undefined ? undefined : dropletOf(body.droplet_id);
        const region = droplet?.region ?? body.region;
        if (region === undefined || !REGIONS.includes(region)) {
            throw unprocessable("a known region or a droplet_id is required");
        }
        const reserved: ReservedIp = {
            ip: addressPool(context),
            region,
            dropletId: null,
            projectId: body.project_id ?? defaultProject(context).id,
        };
        store.reservedIps.set(reserved.ip, reserved);
        assignToProject(context, reserved.projectId, `do:reservedip:${reserved.ip}`);
        if (droplet === undefined) {
            return reply.code(202).send({ reserved_ip: view(reserved), links: {} });
        }
        const { id } = act(reserved, "assign_ip");
        reserved.dropletId = droplet.id;
        return reply.code(202).send({
            reserved_ip: view(reserved),
            links: { droplets: [{ id: droplet.id, rel: "droplet" }], actions: [{ id, rel: "assign_ip" }] },
        });
    });

    app.get<ByIp>("/v2/reserved_ips/:ip", ({ params }) => ({
        reserved_ip: view(found(store.reservedIps.get(params.ip))),
    }));

    app.delete<ByIp>("/v2/reserved_ips/:ip", ({ params }, reply) => {
        const { ip } = found(store.reservedIps.get(params.ip));
        store.reservedIps.delete(ip);
        for (const project of store.projects.values()) {
            project.resources.delete(`do:reservedip:${ip}`);
        }
        return reply.code(204).send();
    });

    app.post<ByIp>("/v2/reserved_ips/:ip/actions", ({ params, body }, reply) => {
        const reserved = found(store.reservedIps.get(params.ip));
        const wanted = parseBody(actionSchema, body);
        if (wanted.type === "unassign" && reserved.dropletId === null) {
            throw unprocessable("The reserved IP is not assigned to a Droplet.");
        }
        reserved.dropletId = wanted.type === "assign" ? dropletOf(wanted.droplet_id).id : null;
        return reply.code(201).send({ action: actionView(act(reserved, `${wanted.type}_ip`)) });
    });

    app.get<ByIp>("/v2/reserved_ips/:ip/actions", (request) =>
        pageOf(request, "actions", actionsOf(request.params.ip), actionView),
    );

    app.get<{ Params: { ip: string; id: string } }>("/v2/reserved_ips/:ip/actions/:id", ({ params }) => {
        const id = pathId(params.id);
        return { action: actionView(found(actionsOf(params.ip).find((action) => action.id === id))) };
    });

    function view({ ip, region, dropletId, projectId }: ReservedIp) {
        const droplet = dropletId === null ? undefined : store.droplets.get(dropletId);
        return {
            ip,
            region: regionView(region),
            droplet: droplet === undefined ? null : dropletView(droplet, context),
            locked: false,
            project_id: projectId,
        };
    }

    function dropletOf(id: number) {
        const droplet = store.droplets.get(id);
        if (droplet === undefined || droplet.deleting) {
            throw unprocessable(`droplet ${id} does not exist`);
        }
        return droplet;
    }

    function act({ ip, region }: ReservedIp, type: string) {
        return instantAction(context, {
            type,
            resourceId: numberOf(ip),
            resourceType: "reserved_ip",
            region,
        });
    }

    function actionsOf(ip: string) {
        found(store.reservedIps.get(ip));
        return [...store.actions.values()].filter(
            (action) => action.resourceType === "reserved_ip" && action.resourceId === numberOf(ip),
        );
    }
};

/** An IPv4 address as a number, which serves as the resource ID of its actions. */
const numberOf = (ip: string) => ip.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);
