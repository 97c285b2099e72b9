/** The cluster that the tests of the `swarm` command share: three managers and a worker. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../../lab/instance.ts";
import { api, removeFaults } from "./cloud.ts";
import { LabStack, type NodeOutput, type Outputs } from "./stack.ts";
import { SwarmCommand } from "./swarmCommand.ts";

/** Where nginx is published. */
export const PORT = 8084;

const config = {
    managers: "node[1:3]",
    workers: "node4",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.132.0.0/24",
    services: { nginx: { image: "nginx", replicas: 2, ports: [`${PORT}:80`] } },
};

/** What `swarm status --json` says, as far as it is looked at here. */
export interface Status {
    readonly status: number;
    readonly verdict: string;
    readonly reasons: readonly string[];
    readonly quorum?: { readonly members: number; readonly reachable: number; readonly bears: number };
    readonly certificates?: {
        readonly root?: string;
        readonly nodes: readonly { readonly until?: string }[];
    };
    readonly view: {
        readonly leader?: string;
        readonly nodes: readonly { readonly name: string; readonly state: string }[];
    };
}

/** Made by `up`; nothing but `down` may be asked of it before. */
export class CliCluster {
    /** For files of the tests. */
    readonly folder = mkdtempSync(path.join(tmpdir(), "swarm-cli-"));
    #made:
        | {
              readonly stack: LabStack;
              readonly outputs: Outputs;
              readonly swarm: SwarmCommand;
              readonly tag: string;
          }
        | undefined;
    #stack: LabStack | undefined;

    async up(): Promise<void> {
        const stack = await LabStack.make("cli", config);
        this.#stack = stack;
        await stack.upOrThrow();
        const { tags } = await stack.names();
        this.#made = {
            stack,
            outputs: await stack.outputs(),
            swarm: new SwarmCommand(stack.name),
            tag: tags.all,
        };
    }

    /** However far `up` came. */
    async down(): Promise<void> {
        await removeFaults();
        await this.#stack?.remove();
        if (this.#made) rmSync(this.generated(), { recursive: true, force: true });
        rmSync(this.folder, { recursive: true, force: true });
    }

    get #all() {
        assert.ok(this.#made, "the cluster is not up");
        return this.#made;
    }
    get stack(): LabStack {
        return this.#all.stack;
    }
    get outputs(): Outputs {
        return this.#all.outputs;
    }
    get swarm(): SwarmCommand {
        return this.#all.swarm;
    }
    /** Of all its droplets, and what the stack is called everywhere else. */
    get tag(): string {
        return this.#all.tag;
    }

    /** Folder of the files that the command generates. */
    generated(): string {
        return path.join(root, ".swarm", this.tag);
    }

    node(name: string): NodeOutput {
        const found = this.outputs.nodes.find((candidate) => candidate.name === name);
        assert.ok(found, `there is no ${name}`);
        return found;
    }

    /** What the command prints as JSON, whatever its status. */
    async json(args: readonly string[]) {
        const ran = await this.swarm.run([...args, "--json"]);
        assert.notEqual(ran.out, "", ran.err);
        return JSON.parse(ran.out);
    }

    /** Looks again until the status is as wanted; a node is missed only after some heartbeats. */
    async statusBecomes(
        what: string,
        wanted: (status: Status) => boolean,
        limitMs = 90_000,
    ): Promise<Status> {
        const deadline = Date.now() + limitMs;
        for (;;) {
            const status = (await this.json(["status"])) as Status;
            if (wanted(status)) return status;
            assert.ok(
                Date.now() < deadline,
                `waited ${limitMs / 1000} s for ${what}; last: ${status.verdict}: ${status.reasons.join("; ")}`,
            );
            await sleep(500);
        }
    }

    async power(type: "power_on" | "power_off", { dropletId, name }: NodeOutput): Promise<void> {
        const { status, body } = await api("POST", `/v2/droplets/${dropletId}/actions`, { type });
        assert.equal(status, 201, `${type} of ${name}: ${JSON.stringify(body)}`);
    }
}
