import { readFileSync } from "node:fs";
import path from "node:path";
import { type Instance, root } from "./instance.ts";
import { readMade } from "./made.ts";

/** What a terminal needs to speak to a lab with a plain `pulumi`. */
export interface Environment {
    /** Folders to have first on PATH. */
    readonly folders: readonly string[];
    readonly set: Readonly<Record<string, string>>;
    readonly unset: readonly string[];
}

/**
 * - A passphrase in the environment would win over the file that is named here.
 * - The command plugin offers every key of a running SSH agent to each node by itself; a few of them
 *   and sshd ends the connection before the right key is tried.
 */
const unset = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK", "SSH_AUTH_SOCK"];

/**
 * Beside each file of the state the engine would else keep one of attributes, which it neither needs nor writes in one
 * piece: a kill at the wrong moment leaves it empty, and then the state is not read (gocloud.dev/blob/fileblob).
 */
export function backendUrl(instance: Instance): string {
    return `file://${instance.state}?metadata=skip`;
}

/**
 * The environment of a lab that was made.
 * @throws LabError when there is none.
 */
export function environmentOf(instance: Instance): Environment {
    const made = readMade(instance);
    return {
        folders: [made.engineFolder, path.dirname(made.node), path.join(root, "cli", "bin")],
        set: {
            PULUMI_HOME: instance.pulumiHome,
            PULUMI_BACKEND_URL: backendUrl(instance),
            PULUMI_CONFIG_PASSPHRASE_FILE: instance.passphrase,
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            DIGITALOCEAN_TOKEN: readFileSync(instance.token, "utf8").trim(),
            DIGITALOCEAN_API_URL: made.api,
            // Loading the SDK is the longest part of a preview; compiled once, it takes half the time.
            NODE_COMPILE_CACHE: path.join(instance.cache.dir, "compiled"),
        },
        unset,
    };
}

/** The same for a child process, on top of what this process has. */
export function processEnv(environment: Environment, base = process.env): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = { ...base, ...environment.set };
    for (const name of environment.unset) delete env[name];
    env.PATH = [...environment.folders, base.PATH ?? ""].join(path.delimiter);
    return env;
}

/** Quotes any text without NUL for a POSIX shell. */
export function quote(text: string): string {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Lines for `eval` in a POSIX shell. May be evaluated again without PATH growing. */
export function shellText(environment: Environment): string {
    // The last one prepended comes first, so they go in backwards.
    const folders = [...new Set(environment.folders)].reverse().map((folder) => {
        const quoted = quote(folder);
        return `case ":$PATH:" in *:${quoted}:*) ;; *) export PATH=${quoted}:"$PATH" ;; esac`;
    });
    const set = Object.entries(environment.set).map(([name, value]) => `export ${name}=${quote(value)}`);
    const gone = environment.unset.map((name) => `unset ${name}`);
    return [...folders, ...set, ...gone].map((line) => `${line}\n`).join("");
}
