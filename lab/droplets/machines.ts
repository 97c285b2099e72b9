import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { MachineAddresses, MachineSpec, Machines, PacketFilter } from "../machines.ts";
import { kernelHasIpvs } from "../mesh/ipvs.ts";
import { ensureRegistry, registryMirror } from "../registry/registry.ts";
import { nextFree, rangeOf } from "./addresses.ts";
import { archive } from "./archive.ts";
import { grantableCapabilities } from "./capabilities.ts";
import {
    type ContainerSettings,
    containerConfig,
    containerName,
    privateEndpoint,
} from "./containerConfig.ts";
import { run } from "./exec.ts";
import {
    type Context,
    DROPLET_LABEL,
    gone,
    type LabSettings,
    labFilter,
    PRIVATE_IP_LABEL,
    PUBLIC_IP_LABEL,
    VPC_LABEL,
} from "./lab.ts";
import { metadataFile } from "./metadata.ts";
import {
    createVpcNetwork,
    deleteVpcNetwork,
    ensurePublicNetwork,
    publicNetworkName,
    vpcNetworkName,
    vpcRange,
} from "./networks.ts";
import { filterText } from "./packetFilter.ts";
import { seedFiles } from "./seed.ts";
import { listImages, removeImage, takeSnapshot } from "./snapshots.ts";

/** Where a droplet's first process looks for the cloud's firewall, which is in force before sshd starts. */
const FILTER = "var/lib/droplet/filter.nft";
/** The gateway and the registry come first on the public network; on a VPC's only the gateway does. */
const FIRST_PUBLIC = 3;
const FIRST_PRIVATE = 2;
/** A reboot lets the droplet stop its services first; then it is cut off. */
const REBOOT_SECONDS = 10;

interface Reservation {
    readonly vpcId: string;
    readonly addresses: MachineAddresses;
}

/**
 * Droplets as containers of one Docker engine: see `containerConfig` for what such a container is. What
 * outlives this process (a container's addresses, a snapshot's name) is in labels, so a lab that was
 * killed goes on with the machines it had.
 *
 * The images must be there (`ensureImages`); the public network and the registry are started here.
 */
export async function createContainerMachines(options: {
    readonly docker: Docker;
    readonly lab: LabSettings;
    readonly log: (line: string) => void;
}): Promise<Machines> {
    await ensurePublicNetwork(options);
    await ensureRegistry(options);
    const machines = new ContainerMachines(options, await engineFacts(options.docker));
    await machines.readReservations();
    return machines;
}

type EngineFacts = Pick<ContainerSettings, "capabilities" | "appArmor" | "mesh">;

async function engineFacts(docker: Docker): Promise<EngineFacts> {
    const info = (await docker.info()) as { SecurityOptions?: string[] };
    const mesh = !(await kernelHasIpvs());
    return {
        capabilities: grantableCapabilities(await readFile("/proc/self/status", "utf8")),
        appArmor: (info.SecurityOptions ?? []).some((option) => option.includes("name=apparmor")),
        mesh,
    };
}

const FILTER_ATTEMPTS = 5;
const FILTER_PAUSE_MS = 500;

class ContainerMachines implements Machines {
    readonly #context: Context;
    readonly #facts: EngineFacts;
    readonly #reserved = new Map<number, Reservation>();
    /** Droplets that are off because somebody wanted it. */
    readonly #off = new Set<number>();
    /** The address given out last, by network range. */
    readonly #last = new Map<string, string>();

    constructor(context: Context, facts: EngineFacts) {
        this.#context = context;
        this.#facts = facts;
    }

    /** Takes over the addresses of the droplets that an earlier process of this lab made. */
    async readReservations(): Promise<void> {
        const { docker, lab } = this.#context;
        for (const { Labels: labels, State } of await docker.listContainers({
            all: true,
            filters: labFilter(lab),
        })) {
            const id = labels[DROPLET_LABEL];
            const vpcId = labels[VPC_LABEL];
            const publicIp = labels[PUBLIC_IP_LABEL];
            const privateIp = labels[PRIVATE_IP_LABEL];
            if (id === undefined || vpcId === undefined || !publicIp || !privateIp) continue;
            const addresses = this.#addresses(publicIp, privateIp, await vpcRange(this.#context, vpcId));
            this.#reserved.set(Number(id), { vpcId, addresses });
            if (State !== "running") this.#off.add(Number(id));
        }
    }

    images() {
        return listImages(this.#context);
    }

    createVpc(vpc: { readonly id: string; readonly name: string; readonly ipRange: string }) {
        return createVpcNetwork(this.#context, vpc.id, vpc.ipRange);
    }

    deleteVpc(id: string) {
        return deleteVpcNetwork(this.#context, id);
    }

    async reserve(spec: MachineSpec): Promise<MachineAddresses> {
        const range = await vpcRange(this.#context, spec.vpcId);
        // From here on without a pause, so that two droplets made at once never get one address.
        const all = [...this.#reserved.values()];
        const siblings = all.filter(({ vpcId }) => vpcId === spec.vpcId);
        const publicIp = this.#next(
            this.#context.lab.publicCidr,
            FIRST_PUBLIC,
            all.map(({ addresses }) => addresses.publicIp),
        );
        const privateIp = this.#next(
            range,
            FIRST_PRIVATE,
            siblings.map(({ addresses }) => addresses.privateIp),
        );
        const addresses = this.#addresses(publicIp, privateIp, range);
        this.#reserved.set(spec.id, { vpcId: spec.vpcId, addresses });
        return addresses;
    }

    #next(cidr: string, first: number, taken: readonly string[]): string {
        const address = nextFree(cidr, first, new Set(taken), this.#last.get(cidr));
        this.#last.set(cidr, address);
        return address;
    }

    #addresses(publicIp: string, privateIp: string, vpc: string): MachineAddresses {
        const { gateway, netmask } = rangeOf(this.#context.lab.publicCidr);
        return {
            publicIp,
            privateIp,
            publicGateway: gateway,
            publicNetmask: netmask,
            privateNetmask: rangeOf(vpc).netmask,
        };
    }

    async create(spec: MachineSpec, filter: PacketFilter): Promise<void> {
        const { docker, lab, log } = this.#context;
        const started = performance.now();
        const { addresses } = this.#reserved.get(spec.id) ?? { addresses: await this.reserve(spec) };
        const privateNetwork = vpcNetworkName(lab, spec.vpcId);
        const config = containerConfig(spec, addresses, {
            ...this.#facts,
            lab,
            publicNetwork: publicNetworkName(lab),
            registryMirror: registryMirror(lab.publicCidr),
            egress: lab.egress === true,
        });
        const container = await docker.createContainer(config);
        await docker.getNetwork(privateNetwork).connect(privateEndpoint(container.id, addresses));
        const files = [
            ...seedFiles(spec),
            metadataFile(spec, addresses),
            { path: FILTER, content: filterText(filter) },
        ];
        await container.putArchive(archive(files), { path: "/" });
        await container.start();
        log(`droplet ${spec.id} (${spec.name}) runs after ${Math.round(performance.now() - started)} ms`);
    }

    async delete(id: number): Promise<void> {
        this.#off.add(id);
        await gone(this.#container(id).remove({ force: true, v: true }));
        this.#reserved.delete(id);
        this.#off.delete(id);
    }

    /** At once, like the cloud's: what the machine had not written to disk is lost. */
    async powerOff(id: number): Promise<void> {
        this.#off.add(id);
        await this.#container(id).stop({ t: 0 });
    }

    async powerOn(id: number): Promise<void> {
        await this.#container(id).start();
        this.#off.delete(id);
    }

    async reboot(id: number): Promise<void> {
        await this.#container(id).restart({ t: REBOOT_SECONDS });
    }

    async setFilter(id: number, filter: PacketFilter): Promise<void> {
        const container = this.#container(id);
        const file = archive([{ path: FILTER, content: filterText(filter) }]);
        // The file is for the next boot, and for a machine that is off.
        await container.putArchive(file, { path: "/" });
        for (let attempt = 1; await this.#runs(id, container); attempt++) {
            try {
                return await run(container, ["nft", "-f", `/${FILTER}`]);
            } catch (error) {
                // On a busy machine a command in a container that is just starting has been killed (status 137). A
                // droplet without its filter cannot be reached, for which nobody would look here.
                if (attempt === FILTER_ATTEMPTS) throw error;
                this.#context.log(`filter of droplet ${id}, attempt ${attempt}: ${(error as Error).message}`);
                await sleep(FILTER_PAUSE_MS);
            }
        }
    }

    /**
     * Whether the droplet's container runs. One that has failed by itself is started again: on a machine with too much
     * to do a first process has ended in its first moments, and the cloud has no such droplets. One that was switched
     * off, from outside or from within, stays so.
     */
    async #runs(id: number, container: Docker.Container): Promise<boolean> {
        const { Running, ExitCode } = (await container.inspect()).State;
        if (Running || ExitCode === 0 || this.#off.has(id)) return Running;
        const output = await container.logs({ stdout: true, stderr: true, tail: 20 });
        this.#context.log(
            `droplet ${id} has ended by itself, with status ${ExitCode}, and is started again; its last words:\n${output}`,
        );
        await container.start();
        return true;
    }

    snapshot(id: number, image: { readonly imageId: number; readonly name: string }) {
        return takeSnapshot(this.#context, containerName(this.#context.lab, id), image);
    }

    deleteImage(ref: string) {
        return removeImage(this.#context, ref);
    }

    #container(id: number): Docker.Container {
        return this.#context.docker.getContainer(containerName(this.#context.lab, id));
    }
}
