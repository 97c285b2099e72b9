/**
 * Runs the whole program under the SDK's mocks and records what it registers: inputs with secrets unwrapped, and
 * what mocks alone do not show (parent, dependencies, options), read from the requests to the engine.
 *
 * What this does not prove: that the engine or a provider does with it what is meant. The lab's tests do.
 */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { markOf } from "../../model/stackNames.ts";
import { fakeApi } from "../fakeApi.ts";

/** The type of whatever runs a script on a node. */
export const COMMAND = "command:remote:Command";

/** What the SDK sends for a value that is not known yet. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SECRET = "4dabf18193072939515e22adb298388d";

export interface Registered {
    readonly type: string;
    readonly name: string;
    readonly parent: string;
    /** Unwrapped; `secrets` says which of them were secret. */
    readonly inputs: Record<string, unknown>;
    readonly secrets: readonly string[];
    /** Names of the resources in `dependsOn` and behind the inputs. */
    readonly dependencies: readonly string[];
    readonly secretOutputs: readonly string[];
    /** Undefined where it is left to the plugin. */
    readonly deleteBeforeReplace: boolean | undefined;
    readonly replaceOnChanges: readonly string[];
    readonly ignoreChanges: readonly string[];
    readonly protect: boolean;
    /** Names of the resources whose replacement replaces this one. */
    readonly replaceWith: readonly string[];
    readonly hooks: { readonly beforeCreate: readonly string[]; readonly beforeUpdate: readonly string[] };
}

export interface Run {
    readonly resources: readonly Registered[];
    readonly outputs: Record<string, pulumi.Output<unknown>>;
    readonly calls: readonly string[];
}

const OFFERED = {
    id: 7,
    slug: "docker-24-04",
    name: "Docker",
    distribution: "Ubuntu",
    regions: ["sgp1", "nyc3"],
};

/** IDs of the account's VPCs. */
export const vpcs = new Set(["network-id"]);

/**
 * What the program itself asks of the cloud, apart from the plugin, goes here and never to the real one: an up asks
 * for its VPC, and once more for the stack's droplets; for images where one is missing. The hooks that ask for more are run by an
 * engine, which is not there.
 */
export const api = await fakeApi((call) => {
    if (call.startsWith("GET /v2/droplets?tag_name=")) return { body: { droplets: [] } };
    if (call.startsWith("GET /v2/vpcs/")) {
        return vpcs.has(call.slice("GET /v2/vpcs/".length)) ? { body: { vpc: {} } } : undefined;
    }
    if (call.startsWith("GET /v2/images?type=application&")) return { body: { images: [OFFERED] } };
    if (call.startsWith("GET /v2/images?private=true&")) return { body: { images: [] } };
    return undefined;
});
process.env.DIGITALOCEAN_API_URL = api.url;
// The program starts no `pulumi`, nor anything else.
process.env.PATH = "/nowhere";

/** What the look-ups answer; a test replaces single ones. */
export const account: Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>> = {
    "digitalocean:index/getRegions:getRegions": () => ({
        regions: [
            { slug: "sgp1", available: true, sizes: ["s-1vcpu-1gb", "s-2vcpu-4gb"] },
            { slug: "nyc3", available: true, sizes: ["s-1vcpu-1gb", "s-2vcpu-4gb"] },
        ],
    }),
    "digitalocean:index/getSizes:getSizes": () => ({
        sizes: [
            { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25 },
            { slug: "s-2vcpu-4gb", memory: 4096, vcpus: 2, disk: 80 },
        ],
    }),
    "digitalocean:index/getAccount:getAccount": () => ({ dropletLimit: 25 }),
    "digitalocean:index/getDroplets:getDroplets": () => ({ droplets: [] }),
    "digitalocean:index/getSshKeys:getSshKeys": () => ({
        sshKeys: [
            {
                id: 289794,
                name: "ada",
                fingerprint: "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa",
                publicKey: "ssh-ed25519 AAAA ada",
            },
        ],
    }),
    "digitalocean:index/getImage:getImage": (inputs) => ({
        name: `${inputs.slug ?? inputs.id}`,
        minDiskSize: 25,
        regions: ["sgp1", "nyc3"],
    }),
};

let imports = 0;

/**
 * @param config Values of `swarm:` keys as the engine gives them: strings, objects as JSON.
 */
export async function runProgram(options: {
    readonly config: Record<string, unknown>;
    /** Keys that are set with `--secret`. */
    readonly secretKeys?: readonly string[];
    /** Value of `digitalocean:token`, which is secret. */
    readonly configToken?: string;
    readonly preview?: boolean;
    readonly account?: typeof account;
    readonly token?: string;
    readonly onResource?: (name: string) => void;
    /** What a resource of that name has in other ways than here. */
    readonly state?: (name: string) => Record<string, unknown>;
    readonly stack?: string;
    /** The inputs by which a preview knows what a resource has; default: it knows of none. */
    readonly knownBy?: (resource: Registered) => Record<string, unknown> | undefined;
}): Promise<Run> {
    const resources: Registered[] = [];
    const calls: string[] = [];
    const lookUps = { ...account, ...options.account };
    process.env.DIGITALOCEAN_TOKEN = options.token ?? "a token of the tests";
    delete process.env.DIGITALOCEAN_ACCESS_TOKEN;
    await pulumi.runtime.setMocks(
        {
            newResource: (args) => {
                options.onResource?.(args.name);
                const make = states[args.type];
                if (make === undefined && !args.type.startsWith("swarm:")) {
                    throw new Error(`the tests know no resource of type ${args.type}`);
                }
                const inputs = options.preview
                    ? options.knownBy?.(resources.at(-1) as Registered)
                    : (unwrap(args.inputs) as Inputs);
                const known = (inputs && make?.(args.name, inputs)) ?? {};
                return {
                    id: inputs ? `${args.name}-id` : "",
                    state: { ...args.inputs, ...known, ...options.state?.(args.name) },
                };
            },
            call: (args) => {
                const answer = lookUps[args.token];
                if (!answer) throw new Error(`the tests know no function ${args.token}`);
                calls.push(args.token);
                return answer(args.inputs);
            },
        },
        "swarm",
        options.stack ?? "test",
        options.preview ?? false,
        // As a backend of files has it.
        "organization",
    );
    record(resources);
    const config = Object.entries(options.config).map(([key, value]): [string, string] => [
        `swarm:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    if (options.configToken) config.push(["digitalocean:token", options.configToken]);
    pulumi.runtime.setAllConfig(Object.fromEntries(config), [
        ...(options.secretKeys ?? []).map((key) => `swarm:${key}`),
        "digitalocean:token",
    ]);
    imports += 1;
    const outputs = await import(`../../index.ts?run=${imports}`);
    await pulumi.runtime.disconnect();
    return { resources, outputs, calls };
}

/** For what needs an engine and makes no resource. Its hooks are registered, and never called by it. */
export async function mockEngine(options: {
    readonly preview: boolean;
    readonly call?: pulumi.runtime.Mocks["call"];
}): Promise<void> {
    const refuse = () => {
        throw new Error("nothing is made here");
    };
    await pulumi.runtime.setMocks(
        { newResource: refuse, call: options.call ?? refuse },
        "swarm",
        "test",
        options.preview,
        "organization",
    );
    record([]);
}

type Inputs = Record<string, unknown>;

/** The stack's mark: that of the deploy key below. */
export const mark = markOf("ssh-ed25519 deploy");

/** What each provider adds to the inputs. */
const states: Record<string, (name: string, inputs: Inputs) => Inputs> = {
    "tls:index/privateKey:PrivateKey": (name) => ({
        privateKeyOpenssh: pulumi.secret(`private key of ${name}`),
        publicKeyOpenssh: `ssh-ed25519 ${name}\n`,
    }),
    // As the engine has it: of several inputs in its life, the first.
    "pulumi:index:Stash": (_name, { input }) => ({ output: input }),
    "digitalocean:index/sshKey:SshKey": () => ({ fingerprint: "aa:bb" }),
    "digitalocean:index/vpc:Vpc": () => ({}),
    "digitalocean:index/tag:Tag": () => ({}),
    "digitalocean:index/firewall:Firewall": () => ({}),
    "digitalocean:index/droplet:Droplet": (name) => ({
        ipv4Address: `203.0.113.${number(name)}`,
        ipv4AddressPrivate: `10.120.0.${number(name)}`,
        createdAt: "2026-11-26T21:00:00Z",
    }),
    "command:local:Command": () => ({ stdout: "", stderr: "" }),
    // The engine makes secret what the program names as a secret output; the mocks do not.
    "command:remote:Command": (name, inputs) => {
        const stdout = answer(name, inputs);
        return { stdout: name === "swarm" ? pulumi.secret(stdout) : stdout, stderr: "" };
    },
};

const number = (name: string) => Number(name.replace(/\D/g, "") || 0) + 10;

/** What the remote scripts print, by the node that the input names. */
function answer(name: string, inputs: Inputs): string {
    const lines = inputOf({ inputs });
    const node = lines.find(([key]) => key === "node")?.[1];
    if (name === "swarm") {
        return JSON.stringify({
            script: "swarm",
            node,
            cluster: "clusterid",
            ca: "digest",
            managers: "10.120.0.11",
            workerToken: "SWMTKN-worker",
            managerToken: "SWMTKN-manager",
            rotation: lines.find(([key]) => key === "rotation")?.[1],
            unlockKey: lines.some(([key, value]) => key === "autolock" && value === "true")
                ? "SWMKEY-1-key"
                : "",
            formerUnlockKey: "SWMKEY-1-former",
        });
    }
    if (name === "recover")
        return JSON.stringify({ script: "recover", node, cluster: "clusterid", recovered: true });
    if (name === "roster")
        return JSON.stringify({ script: "roster", node, members: 4, removed: "", foreign: "" });
    if (name.endsWith("-join"))
        return JSON.stringify({ script: "join", node, id: `id${node}`, docker: "26.1.5" });
    return JSON.stringify({
        script: "service",
        node,
        service: name,
        id: "sid",
        image: `${name}@sha256:1`,
        running: "2/2",
    });
}

/** The input lines that a remote command sends, as pairs. */
export function inputOf(command: {
    readonly inputs: Record<string, unknown>;
}): [key: string, value: string][] {
    const [, input] = /\n#: input\n([\s\S]*)#: end\n$/.exec(`${command.inputs.stdin}`) ?? [];
    if (input === undefined) throw new Error("stdin without its marks");
    return input
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
}

function unwrap(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(unwrap);
    if (value && typeof value === "object") {
        if (SECRET in value) return unwrap((value as { value?: unknown }).value);
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
    }
    return value;
}

/** Internal API of the SDK, kept to this one place: the monitor that requests go through. */
interface Monitor {
    registerResource(request: Request, callback: unknown): unknown;
    registerResourceHook?: (request: unknown, callback: (error: null, response: unknown) => void) => void;
}

interface Request {
    getType(): string;
    getName(): string;
    getParent(): string;
    getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
    getDependenciesList(): string[];
    getAdditionalsecretoutputsList(): string[];
    getDeletebeforereplace(): boolean;
    getDeletebeforereplacedefined(): boolean;
    getReplaceonchangesList(): string[];
    getIgnorechangesList(): string[];
    getProtect(): boolean | undefined;
    getReplaceWithList(): string[];
    getHooks(): { getBeforeCreateList(): string[]; getBeforeUpdateList(): string[] } | undefined;
}

function record(into: Registered[]): void {
    const monitor = (pulumi.runtime as unknown as { getMonitor(): Monitor }).getMonitor();
    const register = monitor.registerResource.bind(monitor);
    // The mock monitor has no hooks; the real one answers with nothing, too.
    monitor.registerResourceHook = (_request, callback) => callback(null, {});
    monitor.registerResource = (request, callback) => {
        const raw = request.getObject()?.toJavaScript() ?? {};
        const hooks = request.getHooks();
        into.push({
            type: request.getType(),
            name: request.getName(),
            parent: last(request.getParent()),
            inputs: unwrap(raw) as Record<string, unknown>,
            secrets: Object.keys(raw).filter((key) => isSecret(raw[key])),
            dependencies: request.getDependenciesList().map(last).sort(),
            secretOutputs: request.getAdditionalsecretoutputsList(),
            deleteBeforeReplace: request.getDeletebeforereplacedefined()
                ? request.getDeletebeforereplace()
                : undefined,
            replaceOnChanges: request.getReplaceonchangesList(),
            ignoreChanges: request.getIgnorechangesList(),
            protect: request.getProtect() ?? false,
            replaceWith: request.getReplaceWithList().map(last),
            hooks: {
                beforeCreate: hooks?.getBeforeCreateList() ?? [],
                beforeUpdate: hooks?.getBeforeUpdateList() ?? [],
            },
        });
        return register(request, callback);
    };
}

const last = (urn: string) => urn.split("::").at(-1) ?? urn;

function isSecret(value: unknown): boolean {
    return typeof value === "object" && value !== null && SECRET in value;
}

/** The story's stack. */
export const dev = {
    managers: "node1",
    workers: "node[2:4]",
    sshFrom: ["198.51.100.0/24"],
    services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
};

/** An error as the engine hands it to the SDK, which reads `details`. */
export const refusal = (details: string) => Object.assign(new Error(details), { details });

/** The one resource whose type ends so, with that name. */
export function find(run: Run, type: string, name: string): Registered {
    const found = run.resources.filter((resource) => resource.type.endsWith(type) && resource.name === name);
    assert.equal(found.length, 1, `${found.length} resources ${type} ${name}`);
    return found[0] as Registered;
}

/** What an output has when it is known. */
export const settled = <T>(output: pulumi.Output<T> | undefined): Promise<T> =>
    new Promise((resolve) => pulumi.output(output as pulumi.Output<T>).apply((value) => resolve(value as T)));
