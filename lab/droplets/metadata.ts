import type { MachineAddresses, MachineSpec } from "../machines.ts";
import type { ArchiveFile } from "./archive.ts";

/** Where a droplet's first process finds what its metadata service is to answer. */
const CONTENT = "var/lib/droplet/metadata.json";

/**
 * What http://169.254.169.254/metadata/v1.json answers on a droplet, less the cards' hardware addresses, which the
 * machine adds (docs.digitalocean.com/reference/api/metadata). The private network has no way out, which the cloud
 * shows as the gateway 0.0.0.0. Tags, which come and go during a droplet's life, are left out.
 */
export function metadataFile(spec: MachineSpec, addresses: MachineAddresses): ArchiveFile {
    const content = {
        droplet_id: spec.id,
        hostname: spec.name,
        user_data: spec.userData,
        vendor_data: "",
        public_keys: spec.publicKeys,
        region: spec.region,
        interfaces: {
            private: [
                {
                    ipv4: {
                        ip_address: addresses.privateIp,
                        netmask: addresses.privateNetmask,
                        gateway: "0.0.0.0",
                    },
                    type: "private",
                },
            ],
            public: [
                {
                    ipv4: {
                        ip_address: addresses.publicIp,
                        netmask: addresses.publicNetmask,
                        gateway: addresses.publicGateway,
                    },
                    type: "public",
                },
            ],
        },
        floating_ip: { ipv4: { active: false } },
        reserved_ip: { ipv4: { active: false } },
        dns: { nameservers: ["67.207.67.2", "67.207.67.3"] },
        features: { dhcp_enabled: true },
    };
    return { path: CONTENT, content: `${JSON.stringify(content)}\n` };
}
