import { createHash } from "node:crypto";
import type { NodeRole } from "./settings.ts";

/** What a stack's things are called at DigitalOcean, whose names are one per account (VPCs, tags, firewalls). */
export interface StackNames {
    /** VPC, firewall and SSH key; the label `swarm.stack` in the cluster; context, hosts and folder on people's machines. */
    readonly stack: string;
    readonly tags: { readonly all: string; readonly manager: string; readonly worker: string };
}

/**
 * What tells a stack from all others, whatever they are called: the beginning of the SHA-256 of its deploy key's public
 * half, as eight hexadecimal digits. Nothing but the stack's state has that key, so no other stack makes this mark.
 *
 * @param publicKey In authorized_keys form; what follows the key does not count.
 */
export function markOf(publicKey: string): string {
    const [, key = ""] = publicKey.trim().split(/\s+/);
    return createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 8);
}

/** Between a stack's tag and a role. No name of a stack can hold it, so what has it is the tag of no other stack. */
const BEFORE_ROLE = ":";

/**
 * The mark makes the name this stack's own: several names of stacks give one readable part, and to DigitalOcean tags are
 * the same whatever their case.
 */
export function stackNames(project: string, stack: string, mark: string): StackNames {
    const name = [unmarkedName(project, stack), mark].join("-");
    const tag = (role: NodeRole) => `${name}${BEFORE_ROLE}${role}`;
    return { stack: name, tags: { all: name, manager: tag("manager"), worker: tag("worker") } };
}

/**
 * The readable part; before there were marks, all of the name.
 *
 * Tags take letters, digits, colons, dashes and underscores, VPC and firewall names letters, digits, dots and
 * dashes; letters, digits and dashes pass everywhere. A Pulumi stack's name may hold more than that.
 */
export function unmarkedName(project: string, stack: string): string {
    return `${project}-${stack}`.replace(/[^A-Za-z0-9-]+/g, "-");
}

/** The parts of a name that carries some stack's mark, and may say a role; undefined for any other. */
export function markIn(name: string): { readonly name: string; readonly mark: string } | undefined {
    const found = /^(?<name>.+)-(?<mark>[0-9a-f]{8})(?::\w+)?$/.exec(name)?.groups;
    return found && { name: found.name as string, mark: found.mark as string };
}

/** Whether one of these, names or tags, carries the mark that a stack's names have: after whatever name the stack had. */
export function carriesMarkOf({ stack }: StackNames, names: readonly string[]): boolean {
    const own = markIn(stack)?.mark;
    // Tags come in the case in which somebody made them first.
    return own !== undefined && names.some((name) => markIn(name.toLowerCase())?.mark === own);
}

/**
 * Whether a label of the swarm's is the stack's, on what keeps its first one: networks, secrets and configs. As `is_own` of
 * components/own.sh has it.
 *
 * @param own The stack's label now.
 */
export function isOwnLabel(label: string | undefined, own: string): boolean {
    const [before, mark] = [own.replace(/-[^-]*$/, ""), own.replace(/^.*-/, "")];
    return label !== undefined && (label.endsWith(`-${mark}`) || label === before);
}

/** The role that a droplet's tags say, those of before there were marks included. */
export function roleByTags(tags: readonly string[]): NodeRole | undefined {
    return (["manager", "worker"] as const).find((role) =>
        tags.some((tag) => tags.includes(`${tag}${BEFORE_ROLE}${role}`) || tags.includes(`${tag}-${role}`)),
    );
}

/**
 * The stack as `pulumi --stack` finds it from anywhere: by its name alone, the CLI would look in the user's default
 * organization. A backend of files or buckets has one organization, "organization", and may not know projects.
 */
export function stackReference(organization: string, project: string, stack: string): string {
    return organization === "organization" ? stack : `${organization}/${project}/${stack}`;
}
