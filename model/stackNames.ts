/** What a stack's things are called at DigitalOcean, whose names are one per account (VPCs, tags, firewalls). */
export interface StackNames {
    /** VPC, firewall and SSH key; also the value of the `swarm.stack` label in the cluster. */
    readonly stack: string;
    readonly tags: { readonly all: string; readonly manager: string; readonly worker: string };
    readonly firewalls: { readonly all: string; readonly manager: string };
}

/**
 * Tags take letters, digits, colons, dashes and underscores, VPC and firewall names letters, digits, dots and
 * dashes; letters, digits and dashes pass everywhere. A Pulumi stack's name may hold more than that.
 */
export function stackNames(project: string, stack: string): StackNames {
    const name = `${project}-${stack}`.replace(/[^A-Za-z0-9-]+/g, "-");
    return {
        stack: name,
        tags: { all: name, manager: `${name}-manager`, worker: `${name}-worker` },
        firewalls: { all: name, manager: `${name}-manager` },
    };
}
