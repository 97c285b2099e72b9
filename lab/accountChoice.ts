import type { Settings } from "./api/settings.ts";
import { LabError } from "./errors.ts";

/**
 * What the emulated account is like when the lab starts. `LAB_DEFAULT_VPCS` says whether each region has a default VPC
 * already, as in an account that has been in use (`1`, the default), or none (`0`).
 * @throws LabError for any other value.
 */
export function accountFrom(env: NodeJS.ProcessEnv): Pick<Settings, "defaultVpcs"> {
    const value = env.LAB_DEFAULT_VPCS || "1";
    if (value !== "0" && value !== "1") {
        throw new LabError(`LAB_DEFAULT_VPCS is "${value}"; it must be "1" or "0".`);
    }
    return { defaultVpcs: value === "1" };
}
