/** The pack as Pulumi runs it: in a process of its own that is asked over gRPC. No engine is needed for that. */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import type * as grpcModule from "@grpc/grpc-js";

const root = path.resolve(import.meta.dirname, "../..");
// The SDK's copies of these: what it makes is only taken by its own.
const require = createRequire(path.join(root, "node_modules/@pulumi/pulumi/package.json"));
const grpc: typeof grpcModule = require("@grpc/grpc-js");
const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

const START_MS = 60_000;

/** What the engine puts in the place of a text that is unknown, and around a secret one. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
});

/**
 * - `program`: in the program's folder, as a component or a plugin would be run; older language hosts do so.
 * - `pack`: in the pack's own folder, as newer ones run it.
 * - `pack, without TypeScript`: the same after `npm ci --omit=dev`.
 */
export type Start = "program" | "pack" | "pack, without TypeScript";

const asPack = {
    cwd: path.join(root, "policy"),
    args: ["run-policy-pack", "127.0.0.1:1", path.join(root, "policy")],
};

const starts: Record<
    Start,
    { readonly cwd: string; readonly args: readonly string[]; readonly node?: string }
> = {
    program: { cwd: root, args: ["run-plugin", path.join(root, "policy"), "127.0.0.1:1"] },
    pack: asPack,
    "pack, without TypeScript": { ...asPack, node: path.join(import.meta.dirname, "withoutTypeScript.cjs") },
};

export interface AskedResource {
    readonly type: string;
    readonly name: string;
    readonly properties: Record<string, unknown>;
    readonly deleteBeforeReplace?: boolean;
    readonly secretOutputs?: readonly string[];
    /** By property: names of the resources behind it. */
    readonly madeFrom?: Readonly<Record<string, readonly string[]>>;
}

export interface Diagnostic {
    readonly policyname: string;
    readonly message: string;
    /** 0 advisory, 1 mandatory. */
    readonly enforcementlevel: number;
    readonly urn: string;
}

export interface Policy {
    readonly name: string;
    readonly description: string;
    readonly enforcementlevel: number;
}

type Reply = { readonly toObject: () => Record<string, unknown> };

export class RunningPack {
    readonly #process: ChildProcess;
    // Made by generated code without types.
    readonly #client: Record<
        string,
        (request: unknown, done: (error: Error | null, reply: Reply) => void) => void
    >;

    private constructor(process: ChildProcess, port: string) {
        this.#process = process;
        this.#client = new AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    }

    static async start(how: Start): Promise<RunningPack> {
        const { cwd, args, node } = starts[how];
        const [command = "", ...rest] = args;
        const main = path.join(root, "node_modules/@pulumi/pulumi/cmd", command, "index.js");
        const child = spawn(process.execPath, [...(node ? ["--require", node] : []), main, ...rest], {
            cwd,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let said = "";
        child.stderr.on("data", (chunk) => {
            said += chunk;
        });
        const port = await new Promise<string>((resolve, reject) => {
            const limit = setTimeout(
                () => reject(new Error(`waited ${START_MS / 1000} s for the pack's port; it said: ${said}`)),
                START_MS,
            );
            child.on("exit", (code) => reject(new Error(`the pack ended with status ${code}: ${said}`)));
            createInterface({ input: child.stdout }).on("line", (line) => {
                clearTimeout(limit);
                if (/^\d+$/.test(line)) resolve(line);
                else reject(new Error(`the pack said "${line}" instead of its port`));
            });
        });
        return new RunningPack(child, port);
    }

    stop(): void {
        (this.#client as unknown as { close(): void }).close();
        this.#process.removeAllListeners("exit");
        this.#process.kill();
    }

    async policies(): Promise<Policy[]> {
        const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
        return (await this.#ask("getAnalyzerInfo", new Empty())).policiesList as Policy[];
    }

    /** As the engine does before it asks anything: levels and keys of each policy. */
    async configure(
        config: Record<string, { level: "advisory" | "mandatory"; [key: string]: unknown }>,
    ): Promise<void> {
        const request = new messages.ConfigureAnalyzerRequest();
        for (const [name, { level, ...properties }] of Object.entries(config)) {
            const one = new messages.PolicyConfig();
            one.setEnforcementlevel(messages.EnforcementLevel[level.toUpperCase()]);
            one.setProperties(Struct.fromJavaScript(properties));
            request.getPolicyconfigMap().set(name, one);
        }
        await this.#ask("configure", request);
    }

    async analyze(resource: AskedResource): Promise<Diagnostic[]> {
        const request = filled(new messages.AnalyzeRequest(), resource);
        return (await this.#ask("analyze", request)).diagnosticsList as Diagnostic[];
    }

    async analyzeStack(resources: readonly AskedResource[]): Promise<Diagnostic[]> {
        const request = new messages.AnalyzeStackRequest();
        request.setResourcesList(
            resources.map((resource) => {
                const one = filled(new messages.AnalyzerResource(), resource);
                for (const [property, names] of Object.entries(resource.madeFrom ?? {})) {
                    const behind = new messages.AnalyzerPropertyDependencies();
                    behind.setUrnsList(
                        resources.filter(({ name }) => names.includes(name)).map((source) => urnOf(source)),
                    );
                    one.getPropertydependenciesMap().set(property, behind);
                }
                return one;
            }),
        );
        return (await this.#ask("analyzeStack", request)).diagnosticsList as Diagnostic[];
    }

    #ask(call: string, request: unknown): Promise<Record<string, unknown>> {
        return new Promise((resolve, reject) => {
            this.#client[call]?.(request, (error, reply) =>
                error ? reject(error) : resolve(reply.toObject()),
            );
        });
    }
}

export const urnOf = ({ type, name }: AskedResource) => `urn:pulumi:dev::swarm::${type}::${name}`;

// biome-ignore lint/suspicious/noExplicitAny: generated code without types
function filled(message: any, resource: AskedResource): any {
    const options = new messages.AnalyzerResourceOptions();
    if (resource.deleteBeforeReplace !== undefined) {
        options.setDeletebeforereplacedefined(true);
        options.setDeletebeforereplace(resource.deleteBeforeReplace);
    }
    options.setAdditionalsecretoutputsList([...(resource.secretOutputs ?? [])]);
    message.setType(resource.type);
    message.setName(resource.name);
    message.setUrn(urnOf(resource));
    message.setProperties(Struct.fromJavaScript(resource.properties));
    message.setOptions(options);
    return message;
}
