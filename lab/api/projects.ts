import type { Context } from "./context.ts";
import { unprocessable } from "./errors.ts";
import type { Project } from "./store.ts";

/** The account's default project, which is always there: made on first use. */
export function defaultProject(context: Context): Project {
    const known = [...context.store.projects.values()].find((project) => project.isDefault);
    return known ?? newProject(context, { name: "default", isDefault: true });
}

export function newProject(
    context: Context,
    wanted: Pick<Project, "name"> &
        Partial<Pick<Project, "description" | "purpose" | "environment" | "isDefault">>,
): Project {
    const project: Project = {
        id: context.ids.uuid(),
        description: "",
        purpose: "Just trying out DigitalOcean",
        environment: "Development",
        isDefault: false,
        createdAt: context.now(),
        updatedAt: context.now(),
        resources: new Map(),
        ...wanted,
    };
    context.store.projects.set(project.id, project);
    return project;
}

/** Puts a resource into one project and out of all others. */
export function assignToProject(context: Context, id: string, urn: string): void {
    const project = context.store.projects.get(id);
    if (project === undefined) {
        throw unprocessable(`project ${JSON.stringify(id)} does not exist`);
    }
    for (const other of context.store.projects.values()) {
        other.resources.delete(urn);
    }
    project.resources.set(urn, context.now());
}
