import { REGIONS, regionView, SIZES, sizeView } from "../catalog.ts";
import { pageOf, type Routes } from "../http.ts";

/** `/v2/regions` and `/v2/sizes`. */
export const catalogRoutes: Routes = (app) => {
    app.get("/v2/regions", (request) => pageOf(request, "regions", REGIONS, regionView));
    app.get("/v2/sizes", (request) => pageOf(request, "sizes", SIZES, sizeView));
};
