import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import Docker from "dockerode";
import { containerName } from "../../../lab/droplets/containerConfig.ts";
import { run } from "../../../lab/droplets/exec.ts";
import { ensureImages } from "../../../lab/droplets/images/ensure.ts";
import type { LabId } from "../../../lab/droplets/lab.ts";
import { createContainerMachines } from "../../../lab/droplets/machines.ts";
import { removeAll } from "../../../lab/droplets/removeAll.ts";
import { root } from "../../../lab/instance.ts";
import type { MachineAddresses, Machines, PacketFilter } from "../../../lab/machines.ts";
import { type LOGINS, startPrivateRegistry } from "../../../lab/registry/privateRegistry.ts";
import { type Connection, connect, deployKey, execute, hostKey } from "./ssh.ts";
import { until } from "./wait.ts";

/** User data of a droplet whose host key is known; whatever is added comes after its last line. */
export const userData = `#cloud-config
ssh_keys:
  ed25519_private: |
${hostKey.private.trim().replace(/^/gm, "    ")}
  ed25519_public: ${hostKey.public}
write_files:
  - path: /etc/ssh/sshd_config.d/10-test.conf
    content: "AcceptEnv LAB_TEST_*\\n"
  - path: /etc/docker/daemon.json
    content: '{"labels": ["swarm.test=yes"], "node-generic-resources": ["gpu=4"]}'
`;

/**
 * Droplets for real, in the Docker engine that LAB_DOCKER_HOST names (unix:///path/to/socket): a lab of one test
 * file's own, with names and addresses that no other file's lab has. Start it before the tests and remove it after
 * them.
 */
export class TestLab {
    readonly id: LabId;
    readonly vpc: { readonly id: string; readonly name: string; readonly ipRange: string };
    readonly #publicCidr: string;
    readonly #faulty: boolean;
    readonly #addresses = new Map<number, MachineAddresses>();
    readonly #connections = new Map<number, Connection>();
    #docker?: Docker;
    #machines?: Machines;

    /**
     * @param place Which quarter of 198.18.213.0/24 is the public range, from 4 on of 198.18.214.0/24; the VPC is
     *   10.213.<place>.0/24
     * @param options.faulty whether the images that are broken on purpose are needed; default false
     */
    constructor(theme: string, place: 0 | 1 | 2 | 3 | 4 | 5, options: { readonly faulty?: boolean } = {}) {
        this.id = { name: `droplets-${theme}`, checkout: root };
        this.vpc = { id: "test-vpc", name: "test", ipRange: `10.213.${place}.0/24` };
        this.#publicCidr = `198.18.${213 + Math.floor(place / 4)}.${(place % 4) * 64}/26`;
        this.#faulty = options.faulty ?? false;
    }

    async start(): Promise<void> {
        const docker = new Docker({ socketPath: socketPath() });
        this.#docker = docker;
        // Only for what an engine without the images has to download.
        const cacheDir = mkdtempSync(path.join(os.tmpdir(), `${this.id.name}-`));
        try {
            await removeAll(docker, this.id);
            await ensureImages({ docker, cacheDir, faulty: this.#faulty }, (progress) =>
                console.log(progress),
            );
            this.#machines = await createContainerMachines({
                docker,
                lab: { ...this.id, publicCidr: this.#publicCidr, cacheDir, bridgePrefix: "swt" },
                log: (line) => console.log(line),
            });
            await this.#machines.createVpc(this.vpc);
        } finally {
            rmSync(cacheDir, { recursive: true, force: true });
        }
    }

    async remove(): Promise<void> {
        for (const connection of this.#connections.values()) connection.destroy();
        this.#connections.clear();
        if (this.#docker) await removeAll(this.#docker, this.id);
    }

    get docker(): Docker {
        return this.#docker ?? assert.fail(`the lab ${this.id.name} has not been started`);
    }

    get machines(): Machines {
        return this.#machines ?? assert.fail(`the lab ${this.id.name} has not been started`);
    }

    async create(
        id: number,
        image: string,
        filter: PacketFilter,
        data = userData,
    ): Promise<MachineAddresses> {
        const spec = {
            id,
            name: `droplet${id}`,
            image,
            userData: data,
            publicKeys: [deployKey.public],
            vpcId: this.vpc.id,
            region: "sgp1",
            memory: 512 * 1024 * 1024,
        };
        const addresses = await this.machines.reserve(spec);
        this.#addresses.set(id, addresses);
        await this.machines.create(spec, filter);
        return addresses;
    }

    /** A registry with a login beside the lab's own. @returns Its host. */
    privateRegistry(login: keyof typeof LOGINS): Promise<string> {
        return startPrivateRegistry(this.docker, this.id, this.#publicCidr, login);
    }

    publicIp(id: number): string {
        return this.#addresses.get(id)?.publicIp ?? assert.fail(`no droplet ${id}`);
    }

    privateIp(id: number): string {
        return this.#addresses.get(id)?.privateIp ?? assert.fail(`no droplet ${id}`);
    }

    /** Runs a command over SSH, on the connection that the last one used when it is still there. */
    async shell(
        id: number,
        command: string,
        options: { readonly quiet?: boolean; readonly stdin?: string } = {},
    ): Promise<string> {
        const client = this.#connections.get(id) ?? (await this.#connect(id));
        return execute(client, command, options);
    }

    /** Runs a command over SSH on a connection of its own: what sshd says to whoever comes in now. */
    async visit(id: number, command: string): Promise<string> {
        const client = await connect(this.publicIp(id));
        try {
            return await execute(client, command);
        } finally {
            client.end();
        }
    }

    /** What a command says once it succeeds, on a new connection: the machine may have booted since the last. */
    async eventually(id: number, command: string): Promise<string> {
        let answer = "";
        this.#connections.get(id)?.destroy();
        this.#connections.delete(id);
        await until(`"${command}" succeeds on droplet ${id}`, async () => {
            answer = await this.shell(id, command);
            return true;
        });
        return answer;
    }

    /** Runs a command in the droplet's container, for droplets that nobody can log in to. */
    async inside(id: number, command: readonly string[]): Promise<void> {
        await run(this.docker.getContainer(containerName(this.id, id)), command);
    }

    async #connect(id: number): Promise<Connection> {
        const client = await connect(this.publicIp(id));
        this.#connections.set(id, client);
        client.once("close", () => {
            if (this.#connections.get(id) === client) this.#connections.delete(id);
        });
        return client;
    }
}

/** Of the engine that LAB_DOCKER_HOST names. */
export function socketPath(): string {
    const host = process.env.LAB_DOCKER_HOST;
    return (
        /^unix:\/\/(\/.+)$/.exec(host ?? "")?.[1] ??
        assert.fail(
            `LAB_DOCKER_HOST is ${host ? `"${host}"` : "not set"}; these tests need a Docker engine there, as unix:///path/to/docker.sock.`,
        )
    );
}
