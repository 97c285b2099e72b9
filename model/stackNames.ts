/** What a stack's things are called at DigitalOcean, whose names are one per account (VPCs, tags, firewalls). */
export interface StackNames {
    /** VPC, firewall and SSH key; also the value of the `swarm.stack` label in the cluster. */
    readonly stack: string;
    readonly tags: { readonly all: string; readonly manager: string; readonly worker: string };
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
    };
}

/**
 * The stack as `pulumi --stack` finds it from anywhere: by its name alone, the CLI would look in the user's default
 * organization. A backend of files or buckets has one organization, "organization", and may not know projects.
 */
export function stackReference(organization: string, project: string, stack: string): string {
    return organization === "organization" ? stack : `${organization}/${project}/${stack}`;
}
