import type { Description } from "../schema.ts";
import { certificate } from "./certificate.ts";
import { dnsRecord, domain } from "./domain.ts";
import { droplet } from "./droplet.ts";
import { dropletSnapshot } from "./dropletSnapshot.ts";
import { firewall } from "./firewall.ts";
import { loadBalancer } from "./loadBalancer.ts";
import { project } from "./project.ts";
import { reservedIp, reservedIpAssignment } from "./reservedIp.ts";
import { sshKey } from "./sshKey.ts";
import { tag } from "./tag.ts";
import { volume, volumeAttachment } from "./volume.ts";
import { vpc } from "./vpc.ts";

/** Every resource type that the plugin has. */
export const DESCRIPTIONS: readonly Description[] = [
    certificate,
    dnsRecord,
    domain,
    droplet,
    dropletSnapshot,
    firewall,
    loadBalancer,
    project,
    reservedIp,
    reservedIpAssignment,
    sshKey,
    tag,
    volume,
    volumeAttachment,
    vpc,
];
