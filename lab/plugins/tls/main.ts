import { startPlugin } from "../protocol/start.ts";

await startPlugin(() => import("./provider.ts"));
