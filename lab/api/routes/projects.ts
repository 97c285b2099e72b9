import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { preconditionFailed, unprocessable } from "../errors.ts";
import { type ById, originOf, pageOf, type Routes } from "../http.ts";
import { assignToProject, defaultProject, newProject } from "../projects.ts";
import type { Project } from "../store.ts";
import { found, optional, parseBody } from "../validation.ts";

const environment = z.enum(["Development", "Staging", "Production"]);
const createSchema = z.object({
    name: z.string().min(1).max(175),
    purpose: z.string().min(1).max(255),
    description: optional(z.string().max(255)),
    environment: optional(environment),
});
const updateSchema = z.object({
    name: optional(z.string().min(1).max(175)),
    purpose: optional(z.string().min(1).max(255)),
    description: optional(z.string().max(255)),
    environment: optional(environment),
    is_default: optional(z.boolean()),
});
const resourcesSchema = z.object({ resources: z.array(z.string().regex(/^do:[a-z_]+:.+$/)) });

/** `/v2/projects`; the ID `default` means the account's default project. */
export const projectRoutes: Routes = (app, context) => {
    const { store } = context;
    const projectOf = (id: string) =>
        id === "default" ? defaultProject(context) : found(store.projects.get(id));
    const ownerUuid = context.ids.uuid();

    app.get("/v2/projects", (request) => {
        defaultProject(context);
        return pageOf(request, "projects", store.projects.values(), view);
    });

    app.post("/v2/projects", (request, reply) => {
        const body = parseBody(createSchema, request.body);
        if ([...store.projects.values()].some((project) => project.name === body.name)) {
            throw unprocessable("name is already in use");
        }
        const project = newProject(context, {
            name: body.name,
            purpose: body.purpose,
            description: body.description ?? "",
            environment: body.environment,
        });
        return reply.code(201).send({ project: view(project) });
    });

    app.get<ById>("/v2/projects/:id", ({ params }) => ({ project: view(projectOf(params.id)) }));

    // PUT asks for all fields and PATCH for some; both change what they are given.
    app.route<ById>({
        method: ["PUT", "PATCH"],
        url: "/v2/projects/:id",
        handler: ({ params, body }) => {
            const project = projectOf(params.id);
            const { is_default, ...fields } = parseBody(updateSchema, body);
            for (const [key, value] of Object.entries(fields)) {
                if (value !== undefined) {
                    Object.assign(project, { [key]: value });
                }
            }
            if (is_default === true) {
                for (const other of store.projects.values()) {
                    other.isDefault = other === project;
                }
            }
            project.updatedAt = context.now();
            return { project: view(project) };
        },
    });

    app.delete<ById>("/v2/projects/:id", ({ params }, reply) => {
        const project = projectOf(params.id);
        if (project.isDefault || project.resources.size > 0) {
            throw preconditionFailed("cannot delete a project with resources, or the default project");
        }
        store.projects.delete(project.id);
        return reply.code(204).send();
    });

    app.get<ById>("/v2/projects/:id/resources", (request) => {
        const { resources } = projectOf(request.params.id);
        return pageOf(request, "resources", resources, ([urn, at]) => resourceView(request, urn, at, "ok"));
    });

    app.post<ById>("/v2/projects/:id/resources", (request) => {
        const project = projectOf(request.params.id);
        const { resources } = parseBody(resourcesSchema, request.body);
        for (const urn of resources) {
            assignToProject(context, project.id, urn);
        }
        return { resources: resources.map((urn) => resourceView(request, urn, context.now(), "assigned")) };
    });

    function view(project: Project) {
        return {
            id: project.id,
            owner_uuid: ownerUuid,
            owner_id: 1,
            name: project.name,
            description: project.description,
            purpose: project.purpose,
            environment: project.environment,
            is_default: project.isDefault,
            created_at: project.createdAt,
            updated_at: project.updatedAt,
        };
    }
};

/** Where the resources of a kind are, when it is not the kind and an s. */
const PLACES: Readonly<Record<string, string>> = {
    floatingip: "floating_ips",
    loadbalancer: "load_balancers",
    reservedip: "reserved_ips",
};

function resourceView(request: FastifyRequest, urn: string, assignedAt: string, status: string) {
    const [, kind = "", ...id] = urn.split(":");
    const self = `${originOf(request)}/v2/${PLACES[kind] ?? `${kind}s`}/${id.join(":")}`;
    return { urn, assigned_at: assignedAt, status, links: { self } };
}
