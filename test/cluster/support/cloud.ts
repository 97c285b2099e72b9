/** What the tests ask of the emulated cloud and of the machines behind it. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { execa } from "execa";
import type { Fault } from "../../../lab/api/faults.ts";
import type { Settings } from "../../../lab/api/settings.ts";
import { DROPLET_LABEL, labFilter } from "../../../lab/droplets/lab.ts";
import { apiUrl } from "../../../lab/instance.ts";
import { instance } from "./stack.ts";

export const docker = new Docker({ socketPath: (process.env.LAB_DOCKER_HOST ?? "").replace("unix://", "") });

export const token = readFileSync(instance.token, "utf8").trim();

export async function api(
    method: string,
    path: string,
    body?: unknown,
): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${apiUrl(instance)}${path}`, {
        method,
        headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

export interface Droplet {
    readonly id: number;
    readonly name: string;
    readonly tags: readonly string[];
    /** RFC 3339. */
    readonly created_at: string;
    readonly networks: { readonly v4: readonly { readonly type: string; readonly ip_address: string }[] };
}

/** Droplets with a tag, or all. */
export async function droplets(tag?: string): Promise<readonly Droplet[]> {
    const { body } = await api("GET", `/v2/droplets?per_page=200${tag ? `&tag_name=${tag}` : ""}`);
    return (body as { droplets: Droplet[] }).droplets;
}

/** ID of the VPC with that name. A droplet that is made without one brings the region's default VPC into being. */
export async function vpcId(name: string): Promise<string> {
    const { body } = await api("GET", "/v2/vpcs?per_page=200");
    const found = (body as { vpcs: { id: string; name: string }[] }).vpcs.find((vpc) => vpc.name === name);
    if (!found) throw new Error(`there is no VPC ${name}`);
    return found.id;
}

/** How many things of each kind the account has that a stack makes; a region's default VPC is not a stack's. */
export async function leftovers(): Promise<Record<string, number>> {
    const kinds = ["droplets", "vpcs", "firewalls", "tags"] as const;
    const counts = await Promise.all(
        kinds.map(async (kind) => {
            const { body } = await api("GET", `/v2/${kind}?per_page=200`);
            const found = (body as Record<string, { default?: boolean }[]>)[kind];
            return [kind, found?.filter((thing) => !thing.default).length ?? -1] as const;
        }),
    );
    const keys = await api("GET", "/v2/account/keys?per_page=200");
    return { ...Object.fromEntries(counts), keys: (keys.body as { ssh_keys: unknown[] }).ssh_keys.length };
}

/** Containers of this lab that run a droplet. */
export async function dropletContainers(): Promise<number> {
    const label = [...labFilter(instance).label, DROPLET_LABEL];
    return (await docker.listContainers({ all: true, filters: { label } })).length;
}

/** The running container of a droplet. @throws Error where there is none, as for one that is off. */
export async function containerOf(id: number | string): Promise<Docker.Container> {
    const label = [...labFilter(instance).label, `${DROPLET_LABEL}=${id}`];
    const [container] = await docker.listContainers({ filters: { label } });
    if (!container) throw new Error(`there is no running container of droplet ${id}`);
    return docker.getContainer(container.Id);
}

/** Runs a shell command in the droplet, past SSH, and returns what it printed. */
export async function inDroplet(id: number | string, command: string): Promise<string> {
    const container = await containerOf(id);
    const host = process.env.LAB_DOCKER_HOST ?? "";
    const { stdout } = await execa("docker", ["--host", host, "exec", container.id, "sh", "-c", command]);
    return stdout;
}

/** Puts a fault in the API's way. */
export async function addFault(fault: Partial<Fault>): Promise<void> {
    await control("POST", "/lab/faults", fault);
}

/** Sets what the emulated account is like, or how its API behaves. */
export async function settings(wanted: Partial<Settings>): Promise<void> {
    const { status, body } = await api("POST", "/lab/settings", wanted);
    if (status >= 300) throw new Error(`the lab refused the settings: ${JSON.stringify(body)}`);
}

export async function removeFaults(): Promise<void> {
    await control("DELETE", "/lab/faults");
}

/** How many droplets the account may have; 25 unless it is said. */
export async function limitDroplets(dropletLimit = 25): Promise<void> {
    await control("POST", "/lab/settings", { dropletLimit });
}

async function control(method: string, path: string, asked?: unknown): Promise<void> {
    const { status, body } = await api(method, path, asked);
    if (status >= 300) throw new Error(`the lab refused ${method} ${path}: ${JSON.stringify(body)}`);
}

/**
 * nginx's page through an address, from outside the nodes. A mesh that has just learned of a task may take a
 * moment, so four answers in a row are waited for.
 *
 * @param patience Seconds, at most.
 */
export async function nginxAnswers(address: string, port = 80, patience = 60): Promise<void> {
    const deadline = Date.now() + patience * 1000;
    for (let good = 0; good < 4; ) {
        try {
            const answer = await fetch(`http://${address}:${port}/`, {
                signal: AbortSignal.timeout(2_000),
                headers: { connection: "close" },
            });
            const text = await answer.text();
            if (!answer.ok || !text.includes("Welcome to nginx!"))
                throw new Error(`${answer.status}: ${text.slice(0, 100)}`);
            good += 1;
        } catch (error) {
            if (Date.now() > deadline)
                throw new Error(`nginx at ${address} after ${patience} s, ${good} answers: ${error}`, {
                    cause: error,
                });
            good = 0;
            await sleep(100);
        }
    }
}

/** Waits, a minute at most, until what the command prints in the droplet matches; the error has what it printed last. */
export async function untilInDroplet(id: number | string, command: string, pattern: RegExp): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
        // A droplet that is being made has no container yet.
        const printed = await inDroplet(id, `${command} 2>&1 || true`).catch(({ message }: Error) => message);
        if (pattern.test(printed)) return printed;
        if (Date.now() > deadline)
            throw new Error(`${command}: not ${pattern} after 60 s, but last:\n${printed}`);
        await sleep(500);
    }
}
