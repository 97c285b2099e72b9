import { actionView } from "../actions.ts";
import { type ById, pageOf, type Routes } from "../http.ts";
import { found, pathId } from "../validation.ts";

/** `/v2/actions`, the newest first. */
export const actionRoutes: Routes = (app, { store }) => {
    app.get("/v2/actions", (request) =>
        pageOf(request, "actions", [...store.actions.values()].reverse(), actionView),
    );
    app.get<ById>("/v2/actions/:id", ({ params }) => ({
        action: actionView(found(store.actions.get(pathId(params.id)))),
    }));
};
