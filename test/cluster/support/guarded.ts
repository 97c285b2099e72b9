/** A stack with secrets to look for, and what its tests share. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { api, inDroplet, untilInDroplet } from "./cloud.ts";
import { healthy, type Wanted } from "./oracle.ts";
import { type Samples, sampled } from "./sampler.ts";
import { type Secret, searched, secretsIn } from "./secrets.ts";
import { instance, LabStack, type Outputs } from "./stack.ts";

const settings = {
    managers: "m[1:3]",
    workers: "w1",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.128.0.0/24",
    configs: { motd: "hello" },
    registries: { "docker.io": { username: "ada", password: { secret: "login" } } },
    services: {
        nginx: {
            image: "nginx",
            replicas: 2,
            ports: ["80:80"],
            env: { TOKEN: { secret: "variable" } },
            secrets: ["file"],
            configs: ["motd"],
        },
    },
};

export const SWARM_STATE = "docker info --format '{{.Swarm.LocalNodeState}}'";

export class Guarded {
    readonly wanted: Wanted = { managers: ["m1", "m2", "m3"], workers: ["w1"], replicas: 2 };
    /** Of the service, and secret in the config. */
    readonly password = randomBytes(18).toString("hex");
    /** Values of swarm:secrets, by their names: in a variable, in a file of a container, at a registry, and nowhere. */
    readonly values = Object.fromEntries(
        ["variable", "file", "login", "unused"].map((name) => [name, randomBytes(18).toString("hex")]),
    );
    stack!: LabStack;
    now!: Outputs;
    /** Of the nodes during the first up. */
    samples!: Samples;

    async up(): Promise<void> {
        this.stack = await LabStack.make("secrets", settings);
        const key = "swarm:services.nginx.env.PASSWORD";
        await this.stack.pulumi(["config", "set", "--secret", "--path", key, this.password]);
        const values = Object.entries(this.values).flatMap(([name, value]) => [
            "--secret",
            `swarm:secrets.${name}=${value}`,
        ]);
        await this.stack.pulumi(["config", "set-all", "--path", ...values]);
        const { samples } = await this.watched(() => this.stack.upOrThrow());
        this.samples = samples;
        this.now = await healthy(this.stack, this.wanted);
    }

    async down(): Promise<void> {
        await this.stack?.remove();
    }

    watched<T>(work: () => Promise<T>): Promise<{ result: T; samples: Samples }> {
        return sampled(work);
    }

    droplet(name: string): string {
        const found = this.now.nodes.find((node) => node.name === name);
        return found?.dropletId ?? assert.fail(`there is no ${name}`);
    }

    /** Runs a command on a node and returns what it printed. */
    on(name: string, command: string): Promise<string> {
        return inDroplet(this.droplet(name), command);
    }

    /** All that is secret about the stack as it is now. */
    async secrets(): Promise<Secret[]> {
        const content = (file: string) => readFileSync(file, "utf8").trim();
        return [
            ...secretsIn(await this.stack.export(true)),
            { kind: "a service's password", text: this.password },
            ...Object.entries(this.values).map(([name, text]) => ({ kind: `the secret ${name}`, text })),
            { kind: "the API token", text: content(instance.token) },
            { kind: "the passphrase", text: content(instance.passphrase) },
        ];
    }

    /** Nothing secret stands in the text, and `there` does: it is the right text. */
    async clean(what: string, text: string, there: string | RegExp, all?: readonly Secret[]): Promise<void> {
        if (typeof there === "string") assert.ok(text.includes(there), `${what} lacks ${there}`);
        else assert.match(text, there, what);
        assert.deepEqual(searched(text, all ?? (await this.secrets())), [], what);
    }

    /** Returns once the node runs anew and its Docker has a state in the swarm. */
    async reboot(name: string): Promise<void> {
        const birth = "cut -d' ' -f22 /proc/1/stat";
        const before = await this.on(name, birth);
        const { status } = await api("POST", `/v2/droplets/${this.droplet(name)}/actions`, {
            type: "reboot",
        });
        assert.equal(status, 201);
        await untilInDroplet(this.droplet(name), birth, new RegExp(`^(?!${before}$)\\d+$`));
        await untilInDroplet(this.droplet(name), SWARM_STATE, /^(active|locked|pending)$/);
    }
}

/** The join token of a role, from what the script `swarm` printed, JSON in JSON. */
export function tokenIn(state: string, role: string): string {
    const found = new RegExp(`${role}Token\\\\*":\\\\*"(SWMTKN-[0-9a-z-]+)`).exec(state)?.[1];
    return found ?? assert.fail(`the state has no ${role}Token`);
}
