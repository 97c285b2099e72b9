import { regionView } from "./catalog.ts";
import { type Context, reason } from "./context.ts";
import type { Action } from "./store.ts";

/** Records an action as begun. */
export function startAction(
    context: Context,
    of: Pick<Action, "type" | "resourceId" | "resourceType" | "region">,
): Action {
    const action: Action = {
        id: context.ids.next(),
        status: "in-progress",
        startedAt: context.now(),
        completedAt: null,
        ...of,
    };
    context.store.actions.set(action.id, action);
    return action;
}

/** Ends an action; both outcomes have a `completed_at`, which clients read without looking. */
export function endAction(context: Context, action: Action, error?: unknown): void {
    action.status = error === undefined ? "completed" : "errored";
    action.completedAt = context.now();
    if (error !== undefined) {
        context.log(
            "error",
            `${action.type} of ${action.resourceType} ${action.resourceId}: ${reason(error)}`,
        );
    }
}

/** An action that is over as soon as it was asked for. */
export function instantAction(
    context: Context,
    of: Pick<Action, "type" | "resourceId" | "resourceType" | "region">,
): Action {
    const action = startAction(context, of);
    endAction(context, action);
    return action;
}

export function actionView(action: Action) {
    return {
        id: action.id,
        status: action.status,
        type: action.type,
        started_at: action.startedAt,
        completed_at: action.completedAt,
        resource_id: action.resourceId,
        resource_type: action.resourceType,
        region: regionView(action.region),
        region_slug: action.region,
    };
}
