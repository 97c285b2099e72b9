/** What the tests of services in the config share: a stack for them, and what is allowed in words. */
import { parseSettings } from "../../config.ts";

/** One manager and three workers, any of which may run tasks. */
export const stack = { sshFrom: ["203.0.113.7/32"] };

/** What is wrong with them, a line each. */
export function problems(services: unknown, rest: Record<string, unknown> = {}): readonly string[] {
    const result = parseSettings({ ...stack, ...rest, services });
    return "problems" in result ? result.problems : [];
}

export const TEXT = "any text without NUL";
export const VARIABLE = `${TEXT}, or { secret: NAME }`;
export const PORT =
    '"published:target", "published:target/udp", ranges of one length such as "8000-8004:9000-9004", or ' +
    "{ published, target, protocol: tcp or udp, mode: ingress or host }, with ports from 1 to 65535";
