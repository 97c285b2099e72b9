import type { MachineImage, MachineSpec, Machines, PacketFilter } from "../../lab/machines.ts";

interface FakeMachine {
    readonly spec: MachineSpec;
    readonly host: number;
    state: "reserved" | "running" | "off";
    filter: PacketFilter;
}

/** Machines in memory, which record what they were told and can be made to wait or to fail. */
export class FakeMachines implements Machines {
    readonly machines = new Map<number, FakeMachine>();
    readonly vpcs = new Map<string, { name: string; ipRange: string }>();
    /** Ranges that something else on the machine has. */
    readonly rangesTaken = new Set<string>();
    /** Every call, as `name argument`. */
    readonly calls: string[] = [];
    /** Filters in the order in which they were set, by droplet. */
    readonly filters: { id: number; filter: PacketFilter }[] = [];
    readonly #images: MachineImage[];
    readonly #held = new Map<string, Promise<void>>();
    readonly #broken = new Map<string, Error>();
    #hosts = 9;

    constructor(images: readonly MachineImage[] = FAKE_IMAGES) {
        this.#images = [...images];
    }

    /** Makes every later call of a method wait until the function that this returns is called. */
    hold(method: keyof Machines): () => void {
        let release = () => {};
        this.#held.set(
            method,
            new Promise((resolve) => {
                release = resolve;
            }),
        );
        return () => {
            this.#held.delete(method);
            release();
        };
    }

    /** Makes every later call of a method fail, until it is mended. */
    break(method: keyof Machines, message: string): void {
        this.#broken.set(method, new Error(message));
    }

    mend(method: keyof Machines): void {
        this.#broken.delete(method);
    }

    async images(): Promise<readonly MachineImage[]> {
        return [...this.#images];
    }

    async createVpc(vpc: { id: string; name: string; ipRange: string }): Promise<void> {
        await this.#enter("createVpc", vpc.id);
        if (this.rangesTaken.has(vpc.ipRange)) throw new Error(`${vpc.ipRange} is in use by another lab`);
        this.vpcs.set(vpc.id, { name: vpc.name, ipRange: vpc.ipRange });
    }

    async deleteVpc(id: string): Promise<void> {
        await this.#enter("deleteVpc", id);
        this.vpcs.delete(id);
    }

    async reserve(spec: MachineSpec) {
        await this.#enter("reserve", spec.id);
        const network = this.vpcs.get(spec.vpcId)?.ipRange.split(".").slice(0, 3).join(".");
        if (network === undefined) {
            throw new Error(`no VPC ${spec.vpcId}`);
        }
        const host = ++this.#hosts;
        this.machines.set(spec.id, { spec, host, state: "reserved", filter: null });
        return {
            publicIp: `172.31.200.${host}`,
            privateIp: `${network}.${host}`,
            publicGateway: "172.31.200.1",
            publicNetmask: "255.255.255.0",
            privateNetmask: "255.255.240.0",
        };
    }

    async create(spec: MachineSpec, filter: PacketFilter): Promise<void> {
        await this.#enter("create", spec.id);
        const machine = this.#machine(spec.id);
        machine.state = "running";
        machine.filter = filter;
    }

    async delete(id: number): Promise<void> {
        await this.#enter("delete", id);
        this.machines.delete(id);
    }

    async powerOff(id: number): Promise<void> {
        await this.#enter("powerOff", id);
        this.#machine(id).state = "off";
    }

    async powerOn(id: number): Promise<void> {
        await this.#enter("powerOn", id);
        this.#machine(id).state = "running";
    }

    async reboot(id: number): Promise<void> {
        await this.#enter("reboot", id);
        this.#machine(id).state = "running";
    }

    async setFilter(id: number, filter: PacketFilter): Promise<void> {
        await this.#enter("setFilter", id);
        this.#machine(id).filter = filter;
        this.filters.push({ id, filter });
    }

    async snapshot(id: number, image: { imageId: number; name: string }): Promise<MachineImage> {
        await this.#enter("snapshot", id);
        const { distribution, sizeGigabytes } =
            this.#images.find(({ ref }) => ref === this.#machine(id).spec.image) ?? FAKE_IMAGES[0];
        const taken: MachineImage = {
            ref: `snapshot-${image.imageId}`,
            slug: null,
            id: image.imageId,
            kind: "snapshot",
            name: image.name,
            distribution,
            sizeGigabytes,
        };
        this.#images.push(taken);
        return taken;
    }

    async deleteImage(ref: string): Promise<void> {
        await this.#enter("deleteImage", ref);
        this.#images.splice(
            this.#images.findIndex((image) => image.ref === ref),
            1,
        );
    }

    #machine(id: number): FakeMachine {
        const machine = this.machines.get(id);
        if (machine === undefined) {
            throw new Error(`no machine ${id}`);
        }
        return machine;
    }

    async #enter(method: keyof Machines, argument: string | number): Promise<void> {
        this.calls.push(`${method} ${argument}`);
        await this.#held.get(method);
        const error = this.#broken.get(method);
        if (error !== undefined) {
            throw error;
        }
    }
}

export const FAKE_IMAGES: readonly [MachineImage, ...MachineImage[]] = [
    {
        ref: "debian:13",
        slug: "debian-13-x64",
        id: 2,
        kind: "base",
        name: "13 x64",
        distribution: "Debian",
        sizeGigabytes: 1,
    },
    {
        ref: "docker:26",
        slug: null,
        id: 18153887,
        kind: "snapshot",
        name: "docker",
        distribution: "Debian",
        sizeGigabytes: 1,
    },
];
