/** What the process lists of a stack's nodes show while something goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { containerOf, droplets } from "./cloud.ts";

/** Prints each new command line and environment of any process as a line of JSON, until nobody reads any more. */
const LOOK = `
import json, os, sys, time
seen = set()
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for what in ("cmdline", "environ"):
            try:
                text = open(f"/proc/{pid}/{what}", "rb").read().decode("utf-8", "replace")
            except OSError:
                continue
            if text and (pid, text) not in seen and int(pid) != os.getpid():
                seen.add((pid, text))
                print(json.dumps([what, text.split("\\0")]), flush=True)
    time.sleep(0.03)
`;

export interface Samples {
    /** Arguments of each process, by the node's name; any process of the node can read them. */
    readonly commands: ReadonlyMap<string, readonly (readonly string[])[]>;
    /** Variables of each process, which root and the process's own user alone can read. */
    readonly environments: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** Looks at all nodes, also at those that appear meanwhile, for as long as `work` takes. */
export async function sampled<T>(work: () => Promise<T>): Promise<{ result: T; samples: Samples }> {
    const commands = new Map<string, string[][]>();
    const environments = new Map<string, string[][]>();
    const looks = new Map<number, ReturnType<typeof look>>();
    let ended = false;
    const attach = async () => {
        for (const { id, name } of await droplets()) {
            // None yet while the droplet is being made.
            const container = looks.has(id) ? undefined : await containerOf(id).catch(() => undefined);
            if (!container || ended) continue;
            const kinds = { cmdline: listIn(commands, name), environ: listIn(environments, name) };
            const child = look(container.id, kinds);
            looks.set(id, child);
            // In a container that is just starting, a command has been killed: then once more.
            void child.then(() => ended || looks.delete(id));
        }
    };
    const attaching = (async () => {
        for (; !ended; await sleep(100)) await attach();
    })();
    try {
        return { result: await work(), samples: { commands, environments } };
    } finally {
        ended = true;
        await attaching;
        for (const child of looks.values()) child.kill();
        await Promise.all(looks.values());
    }
}

function listIn(lists: Map<string, string[][]>, name: string): string[][] {
    const list = lists.get(name) ?? [];
    lists.set(name, list);
    return list;
}

function look(container: string, kinds: Readonly<Record<string, string[][]>>) {
    const host = process.env.LAB_DOCKER_HOST ?? "";
    const child = execa("docker", ["--host", host, "exec", container, "python3", "-c", LOOK], {
        reject: false,
        buffer: false,
        stdin: "ignore",
    });
    let rest = "";
    child.stdout.on("data", (chunk: Buffer) => {
        const lines = `${rest}${chunk}`.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
            const [what, parts] = JSON.parse(line) as [string, string[]];
            kinds[what]?.push(parts);
        }
    });
    return child;
}
