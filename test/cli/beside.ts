/** The prices and limits of a made-up account. */
import type { Beside } from "../../cli/plan/plan.ts";
import "./plain.ts";

export const beside: Beside = {
    prices: new Map([
        ["s-1vcpu-1gb", 6],
        ["s-2vcpu-2gb", 18],
    ]),
    account: { droplets: 5, limit: 25 },
    violations: [],
};
