/** A stack of the real program in the running lab, driven by the real engine through its command line. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { readState } from "../../../cli/stackState.ts";
import { environmentOf, processEnv } from "../../../lab/environment.ts";
import { instanceFrom, root } from "../../../lab/instance.ts";
import type { StackNames } from "../../../model/stackNames.ts";

export const instance = instanceFrom(process.env);

export interface Ran {
    readonly status: number;
    /** Both streams, as a person would have seen them. */
    readonly text: string;
    readonly seconds: number;
}

/** An engine command under way. */
export interface Running {
    /** Of the engine's command line itself, the parent of all plugins. */
    readonly pid: number;
    /** Has each line shown to `see` as it is printed. */
    readonly onLine: (see: (line: string) => void) => void;
    readonly done: Promise<Ran>;
}

/** What one step of a preview would do, as `create node5`. Steps that do nothing are left out. */
export type Step = string;

export interface NodeOutput {
    readonly name: string;
    readonly role: string;
    readonly dropletId: string;
    readonly publicIp: string;
    readonly privateIp: string;
    readonly nodeId: string;
}

export interface Outputs {
    readonly clusterId: string;
    readonly manager: string;
    readonly nodes: readonly NodeOutput[];
    readonly services: Record<string, { readonly image: string; readonly urls: readonly string[] }>;
    readonly dockerVersions: readonly string[];
}

/** Longest that one engine command may take here; a hang shows as a failure, and not as a test run without end. */
const LIMIT_MS = 8 * 60_000;

/** A checkout, and the backend that its stacks are in. */
export interface Clone {
    readonly folder: string;
    readonly backend: string;
}

export class LabStack {
    #name: string;
    /** All that the engine printed in the life of this stack, exports apart, for the search for secrets. */
    readonly log: string[] = [];
    #configFile: string;
    readonly #env: NodeJS.ProcessEnv;
    readonly #folder: string;

    private constructor(name: string, clone?: Clone) {
        this.#name = name;
        this.#folder = clone?.folder ?? root;
        this.#configFile = this.#configFileOf(name);
        this.#env = {
            ...processEnv(environmentOf(instance)),
            ...(clone && { PULUMI_BACKEND_URL: clone.backend }),
        };
    }

    /** Beside Pulumi.yaml, where git ignores the stacks of labs. */
    #configFileOf(name: string): string {
        return path.join(this.#folder, `Pulumi.${name}.yaml`);
    }

    get name(): string {
        return this.#name;
    }

    /**
     * Makes a stack of its own; `theme` is a part of its name.
     *
     * @param clone Default: this checkout, and the lab's backend.
     */
    static async make(theme: string, config: Record<string, unknown>, clone?: Clone): Promise<LabStack> {
        const stack = new LabStack(`${instance.name}-${theme}`, clone);
        // Of a test run that was killed: its salt belongs to the passphrase of a lab that is no more.
        rmSync(stack.#configFile, { force: true });
        const made = await stack.pulumi(["stack", "init", "--secrets-provider", "passphrase"]);
        if (made.status !== 0) throw new Error(made.text);
        stack.configure(config);
        return stack;
    }

    /** `pulumi stack rename`, which renames the file of the config as well. */
    async rename(theme: string): Promise<void> {
        const name = `${instance.name}-${theme}`;
        const ran = await this.pulumi(["stack", "rename", name]);
        if (ran.status !== 0) throw new Error(ran.text);
        this.#name = name;
        this.#configFile = this.#configFileOf(name);
    }

    /** Replaces the whole `swarm:` config. The salt of the passphrase, which lies in the same file, stays. */
    configure(config: Record<string, unknown>): void {
        const had = this.#config();
        const keys = Object.entries(config).map(([key, value]) => [`swarm:${key}`, value]);
        writeFileSync(this.#configFile, stringify({ ...had, config: Object.fromEntries(keys) }));
    }

    /** Sets single keys, as `pulumi config set` would. */
    set(config: Record<string, unknown>): void {
        const had = this.#config().config ?? {};
        const keys = Object.entries(config).map(([key, value]) => [`swarm:${key}`, value]);
        writeFileSync(
            this.#configFile,
            stringify({ ...this.#config(), config: { ...had, ...Object.fromEntries(keys) } }),
        );
    }

    #config(): { config?: Record<string, unknown> } {
        try {
            return parse(readFileSync(this.#configFile, "utf8")) ?? {};
        } catch {
            return {};
        }
    }

    async pulumi(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
        return this.start(args, env).done;
    }

    /** As `pulumi`, for whoever has something to do while it runs; `logged` says whether `log` gets what it prints. */
    start(args: readonly string[], env: Record<string, string> = {}, logged = true): Running {
        return this.#run(
            "pulumi",
            [...args, "--stack", this.name, "--non-interactive", "--color", "never"],
            env,
            logged,
        );
    }

    /** The `swarm` command, about this stack. */
    swarm(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
        return this.#run(path.join(this.#folder, "cli/bin/swarm"), [...args, "--stack", this.name], env).done;
    }

    #run(program: string, args: readonly string[], env: Record<string, string>, logged = true): Running {
        const started = performance.now();
        const child = execa(program, args, {
            cwd: this.#folder,
            env: { ...this.#env, ...env },
            extendEnv: false,
            stdin: "ignore",
            all: true,
            reject: false,
            timeout: LIMIT_MS,
        });
        const done = child.then((result) => {
            const text = result.all ?? "";
            if (logged) this.log.push(text);
            return {
                status: result.timedOut ? -1 : (result.exitCode ?? -1),
                text: result.timedOut ? `${text}\n(ended by the test after ${LIMIT_MS / 1000} s)` : text,
                seconds: (performance.now() - started) / 1000,
            };
        });
        const lines = createInterface({ input: child.all });
        return { pid: child.pid as number, onLine: (see) => void lines.on("line", see), done };
    }

    up(options: readonly string[] = []): Promise<Ran> {
        return this.pulumi(["up", "--yes", "--skip-preview", ...options]);
    }

    /** As `up`, and fails with all that was printed, and all that can be learned, when it does not succeed. */
    async upOrThrow(options: readonly string[] = []): Promise<Ran> {
        const ran = await this.up(options);
        if (ran.status === 0) return ran;
        // Not above: what is asked there is asked of this module's instance of the lab.
        const { evidence } = await import("./evidence.ts");
        throw new Error(`pulumi up ended with status ${ran.status}:\n${ran.text}\n${await evidence(this)}`);
    }

    /** What a preview plans, in the order in which it says it, and what it warns of. */
    async plan(): Promise<{ readonly steps: Step[]; readonly warnings: string[] }> {
        const ran = await this.pulumi(["preview", "--json"]);
        const start = ran.text.indexOf("{");
        if (ran.status !== 0) throw new Error(`pulumi preview ended with status ${ran.status}:\n${ran.text}`);
        const { steps, diagnostics = [] } = JSON.parse(ran.text.slice(start)) as {
            steps: { op: string; urn: string }[];
            diagnostics?: { severity: string; message: string }[];
        };
        return {
            steps: steps
                .filter(({ op }) => op !== "same")
                .map(({ op, urn }): Step => `${op} ${urn.split("::").at(-1)}`),
            warnings: diagnostics
                .filter(({ severity }) => severity === "warning")
                .map(({ message }) => message.replace(/^warning: /, "")),
        };
    }

    async preview(): Promise<Step[]> {
        return (await this.plan()).steps;
    }

    async outputs(): Promise<Outputs> {
        const ran = await this.pulumi(["stack", "output", "--json"]);
        return JSON.parse(ran.text);
    }

    /** The stack's state as a file of its own would hold it: secrets encrypted, unless asked for. */
    async export(showSecrets = false): Promise<string> {
        const args = ["stack", "export", ...(showSecrets ? ["--show-secrets"] : [])];
        return (await this.start(args, {}, false).done).text;
    }

    /**
     * Whatever state the tests have left it in: the droplets of a failed one must not be in the next one's way.
     *
     * @throws Error where anything of it stays, so that the file fails.
     */
    async remove(): Promise<void> {
        try {
            // A test may have lost a droplet, which the plugin would fail to delete.
            await this.destroyOrThrow("--refresh");
            await this.#orThrow(["stack", "rm", "--yes"]);
        } finally {
            rmSync(this.#configFile, { force: true });
        }
    }

    destroyOrThrow(...options: string[]): Promise<Ran> {
        return this.#orThrow(["destroy", "--yes", "--skip-preview", ...options]);
    }

    async #orThrow(args: readonly string[]): Promise<Ran> {
        const ran = await this.pulumi(args);
        if (ran.status !== 0)
            throw new Error(`pulumi ${args.join(" ")} ended with status ${ran.status}:\n${ran.text}`);
        return ran;
    }

    /** Puts a state in the place of the one that there is. */
    async import(state: string): Promise<void> {
        const file = path.join(instance.dir, "import.json");
        writeFileSync(file, state);
        await this.#orThrow(["stack", "import", "--file", file]);
        rmSync(file);
    }

    /** What its things are called in the cloud and in the swarm, by its state: a destroyed stack has no mark any more. */
    async names(): Promise<StackNames> {
        return readState(JSON.parse(await this.export()), this.name).names;
    }

    /** Resources on record, the stack itself apart. */
    async resources(): Promise<string[]> {
        const { deployment } = JSON.parse(await this.export()) as {
            deployment: { resources?: { urn: string; type: string }[] };
        };
        return (deployment.resources ?? [])
            .filter(({ type }) => !type.startsWith("pulumi:"))
            .map(({ urn }) => urn.split("::").at(-1) ?? urn);
    }
}
