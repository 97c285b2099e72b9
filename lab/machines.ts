/**
 * The seam between the emulated API (`lab/api`), which knows what DigitalOcean answers, and whatever
 * runs the emulated droplets (`lab/droplets`: containers). The API's own tests use an in-memory one.
 */

/** What the API gives when it makes a droplet: just what the cloud would hand to a new machine. */
export interface MachineSpec {
    /** Droplet ID, unique for the life of the lab. */
    readonly id: number;
    readonly name: string;
    /** Reference of the machine image, as `MachineImage.ref` has it. */
    readonly image: string;
    /** User data as the API got it; cloud-init sees this and nothing else. */
    readonly userData: string;
    /** Public keys in authorized_keys form, of the account keys named in the request. */
    readonly publicKeys: readonly string[];
    readonly vpcId: string;
    /** Slug, as the droplet's metadata service names it. */
    readonly region: string;
    /** Bytes of memory of the size's slug; a backend may apply it as a limit or ignore it. */
    readonly memory: number;
}

/** Addresses that the backend chose; both IPv4 in dotted form. */
export interface MachineAddresses {
    readonly publicIp: string;
    readonly privateIp: string;
    /** First address and netmask of each network, for the API's `networks` block. */
    readonly publicGateway: string;
    readonly publicNetmask: string;
    readonly privateNetmask: string;
}

export interface MachineImage {
    /** Reference that `MachineSpec.image` takes. */
    readonly ref: string;
    /** Slug in the emulated API, or null for a snapshot that has only an ID. */
    readonly slug: string | null;
    /** Fixed numeric ID in the emulated API. */
    readonly id: number;
    /** `base` for the vendor's images, `snapshot` for the account's own. */
    readonly kind: "base" | "snapshot";
    /** True for a vendor's image with something installed, which the API lists apart from the bare distributions. */
    readonly application?: boolean;
    readonly name: string;
    readonly distribution: string;
    readonly sizeGigabytes: number;
    /** True for the images that are broken on purpose, so that tests can boot them. */
    readonly faulty?: boolean;
}

/** One opening, already resolved by the API from addresses, tags and droplet IDs to CIDRs. */
export interface PacketRule {
    readonly protocol: "tcp" | "udp" | "icmp";
    /** Inclusive port range; absent for icmp. "All ports" is 1 to 65535. */
    readonly ports?: { readonly from: number; readonly to: number };
    /** IPv4 and IPv6 CIDRs (a single host is /32 or /128). */
    readonly cidrs: readonly string[];
}

/** null: no firewall covers this droplet, everything passes. Else only what a rule opens passes. */
export type PacketFilter = {
    readonly inbound: readonly PacketRule[];
    readonly outbound: readonly PacketRule[];
} | null;

export interface Machines {
    /** Images that exist now: base ones and snapshots taken. */
    images(): Promise<readonly MachineImage[]>;
    createVpc(vpc: { readonly id: string; readonly name: string; readonly ipRange: string }): Promise<void>;
    deleteVpc(id: string): Promise<void>;
    /** Reserves both addresses at once, so that the API can answer before the machine runs. */
    reserve(spec: MachineSpec): Promise<MachineAddresses>;
    /** Powers the machine on; returns when it runs (not when it has booted). The filter is in force first. */
    create(spec: MachineSpec, filter: PacketFilter): Promise<void>;
    delete(id: number): Promise<void>;
    powerOff(id: number): Promise<void>;
    powerOn(id: number): Promise<void>;
    reboot(id: number): Promise<void>;
    setFilter(id: number, filter: PacketFilter): Promise<void>;
    /** Takes a snapshot of a machine and returns its image, whose ID the API gave. */
    snapshot(id: number, image: { readonly imageId: number; readonly name: string }): Promise<MachineImage>;
    deleteImage(ref: string): Promise<void>;
}
