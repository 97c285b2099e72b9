import type { MachineSpec } from "../machines.ts";
import type { ArchiveFile } from "./archive.ts";

/** cloud-init's NoCloud seed directory (cloudinit.readthedocs.io, "NoCloud"). */
const SEED = "var/lib/cloud/seed/nocloud";

/**
 * What the droplet's cloud-init reads: the user data as it came, and the metadata that the cloud would
 * give. The instance ID is new for each droplet, so one made from a snapshot runs its first boot again.
 */
export function seedFiles(spec: MachineSpec): ArchiveFile[] {
    const metaData = {
        "instance-id": `droplet-${spec.id}`,
        "local-hostname": spec.name,
        "public-keys": spec.publicKeys,
    };
    return [
        { path: `${SEED}/user-data`, content: spec.userData },
        // JSON is YAML, and quotes whatever a name or a key's comment may hold.
        { path: `${SEED}/meta-data`, content: `${JSON.stringify(metaData, null, 4)}\n` },
    ];
}
