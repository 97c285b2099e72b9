/**
 * Stand-ins for `pulumi`, `docker`, `ssh` and the API around a recorded cluster, for commands that go to its nodes. The file that
 * imports this has them around its tests.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach } from "node:test";
import { projectFolder } from "../../cli/pulumi.ts";
import { readState } from "../../cli/stackState.ts";
import { type FakeApi, fakeApi } from "../fakeApi.ts";
import { runSwarm } from "./process.ts";
import { type Recording, recorded } from "./recordings.ts";

export let folder: string;
let generated: string;
export let local: string;
let api: FakeApi;
export let env: Record<string, string>;

export const file = (name: string) => path.join(folder, name);
/** What a stand-in was called with, a line each. */
export const said = (name: string) => readFileSync(file(name), "utf8").split("\n").slice(0, -1);

function program(name: string, text: string): void {
    writeFileSync(file(`bin/${name}`), `#!/bin/sh\n${text}`);
    chmodSync(file(`bin/${name}`), 0o755);
}

/** What nodes answer to commands: a shell script with the node as $1 and the command as $2. */
export const answer = (script: string) => writeFileSync(file("answer"), script);

/** The recorded swarm, changed. */
export function swarmIs(change: (swarm: Recording["swarm"]) => object = () => ({})): void {
    const recording = recorded("healthy");
    const swarm = { ...recording.swarm, ...change(structuredClone(recording.swarm)) };
    writeFileSync(file("swarm.json"), JSON.stringify({ ...recording, swarm }));
}

before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-nodes-"));
    mkdirSync(file("bin"));
    const { droplets, state } = recorded("healthy");
    local = readState(state, "lab-cli").local;
    generated = path.join(projectFolder, ".swarm", local);
    writeFileSync(file("state.json"), JSON.stringify({ version: 3, ...state }));
    writeFileSync(file("strangers"), "");
    program(
        "pulumi",
        `echo "$*" >>'${folder}/pulumi'
        case "$1 $2" in
            "stack export") cat '${folder}/state.json' ;;
            "stack output") echo the key ;;
            "version "*) echo v3.259.0 ;;
            "config --json") cat '${folder}/config' ;;
            "--cwd "*) exit 5 ;;
        esac\n`,
    );
    program(
        "ssh",
        `exec '${process.execPath}' '${path.join(import.meta.dirname, "fakeSsh.ts")}' '${folder}' "$@"\n`,
    );
    program(
        "docker",
        `echo "\${DOCKER_HOST-here} $*" >>'${folder}/docker'
        case "$1 $2" in
            "image inspect") [ "$6" != none ] || { echo 'Error: No such image: none' >&2; exit 1; } ;;
            "save --") head -c 3000000 /dev/zero ;;
            "exec "*) cat; exit 7 ;;
            "service logs") for last; do :; done; echo "$last listens" ;;
        esac\n`,
    );
    api = await fakeApi((call) => (call.startsWith("GET /v2/droplets") ? { body: { droplets } } : undefined));
    env = {
        HOME: folder,
        NO_COLOR: "1",
        PULUMI_BACKEND_URL: `file://${folder}`,
        DIGITALOCEAN_TOKEN: "x",
        DIGITALOCEAN_API_URL: api.url,
    };
});
beforeEach(() => {
    for (const name of ["pulumi", "docker", "asked"]) writeFileSync(file(name), "");
    writeFileSync(file("config"), "{}");
    answer("exit 1");
    swarmIs();
});
after(() => {
    api?.close();
    rmSync(generated, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
});

export const run = (args: readonly string[], input?: string) =>
    runSwarm(args, { bin: file("bin"), env, input, cwd: folder });
