/**
 * Runs a remote script as a host would: the launcher's text through `sh -c`, script and input on stdin, and a PATH
 * that holds nothing but what a host is promised to have. `docker` is a shell function of the test, so that each
 * way in which a daemon can answer can be tried; against a real daemon the scripts run in the lab's tests.
 */
import { spawn } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { launcher, payload } from "../../components/remote.ts";
import type { ScriptName } from "../../model/answers.ts";
import type { Line } from "../../model/scriptInput.ts";
import { end, withVariable } from "../runner/processes.ts";

const PROMISED =
    "sh cat cut date df env grep head id kill ln mkdir mv printf rm sed sha256sum sleep sort tail tee timeout touch chmod tr true wc xargs";

const HARDENED = {
    iptables: "exit 0",
    nft: "exit 9",
    "dpkg-query": "echo hold installed docker.io",
    dpkg: "exit 9",
};

/** The slowest run takes a few seconds, on a slow day. */
const LIMIT_SECONDS = 60;

export interface ScriptRun {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
    /** How many seconds it slept, where the clock is stopped. */
    readonly sleeps: number;
    /** The login's authorized_keys afterwards. */
    readonly authorizedKeys: string;
    /** Each call of docker, its arguments joined by blanks, and of systemctl, with its name before them. */
    readonly dockerCalls: readonly string[];
    /** What has become of the host's files, by name; without those that are gone. */
    readonly files: Readonly<Record<string, string>>;
}

export interface Host {
    /** Body of a `case "$*" in … esac` in sh; absent: the host has no docker. */
    readonly docker?: string;
    /** Further commands, by name, as sh. */
    readonly commands?: Record<string, string>;
    readonly env?: Record<string, string>;
    /** The login's authorized_keys before. */
    readonly authorizedKeys?: string;
    /** Files for the fake docker, by path in its $dir. */
    readonly files?: Readonly<Record<string, string>>;
    /** Time passes only by sleeping, a second each time or so many: they are counted in $dir/clock. */
    readonly stoppedClock?: boolean | number;
    /** After these the script is ended with all that it has started, and there is no run to look at. */
    readonly limitSeconds?: number;
}

export async function runScript(
    script: ScriptName,
    mode: string,
    lines: readonly Line[],
    host: Host,
    spec?: string,
): Promise<ScriptRun> {
    const dir = mkdtempSync(join(tmpdir(), "script-"));
    try {
        const bin = join(dir, "bin");
        symlinkPromised(bin);
        const log = join(dir, "docker.log");
        writeFileSync(log, "");
        if (host.authorizedKeys !== undefined) {
            mkdirSync(join(dir, ".ssh"));
            writeFileSync(join(dir, ".ssh", "authorized_keys"), host.authorizedKeys);
        }
        const put = (name: string, text: string) => {
            // What is there is a link to the machine's own command.
            rmSync(join(bin, name), { force: true });
            writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
            chmodSync(join(bin, name), 0o755);
        };
        if (host.docker !== undefined) {
            put("docker", `printf '%s\\n' "$*" >>${log}\ndir=${dir}\ncase "$*" in\n${host.docker}\nesac`);
        }
        for (const [name, text] of Object.entries(host.files ?? {})) {
            mkdirSync(dirname(join(dir, name)), { recursive: true });
            writeFileSync(join(dir, name), text);
        }
        // For whoever runs the tests without being root; the folder is theirs.
        put("sudo", 'shift\nexec "$@"');
        // Always a fake one: a test must not restart what runs on this machine.
        put("systemctl", `printf 'systemctl %s\\n' "$*" >>${log}`);
        // Nor is it looked who listens on this machine, or which process its engine is: $dir/tcp and $dir/docker.pid
        // say that of the host.
        const cat = realpathSync(join(bin, "cat"));
        put(
            "cat",
            `case "$1" in /proc/net/*) set -- ${dir}/tcp ;; /var/run/docker.pid) set -- ${dir}/docker.pid ;; esac\n` +
                `exec ${cat} "$@"`,
        );
        // A host on which there is nothing to harden, unless the test's own commands say otherwise. The machine's packet
        // filter and packages must never be reached from here.
        for (const [name, text] of Object.entries(HARDENED)) put(name, text);
        mkdirSync(join(dir, "run/systemd/system"), { recursive: true });
        if (host.stoppedClock) stopClock(dir, Number(host.stoppedClock), put);
        for (const [name, text] of Object.entries(host.commands ?? {})) put(name, text);
        const limit = host.limitSeconds ?? LIMIT_SECONDS;
        let late = false;
        // By its folder, since `timeout` puts each command that it runs into a process group of its own.
        const timer = setTimeout(() => {
            late = true;
            void end(() => withVariable(`SWARM_TOP=${dir}`), 0);
        }, limit * 1000);
        const result = await run(launcher(script, mode, 300), payload(script, lines, spec), {
            PATH: bin,
            HOME: dir,
            SWARM_TOP: dir,
            ...host.env,
        }).finally(() => clearTimeout(timer));
        if (late) {
            const { stdout, stderr } = result;
            throw new Error(
                `${script} ${mode} had not ended after ${limit} s; it printed:\n${stdout}${stderr}`,
            );
        }
        const keys = join(dir, ".ssh", "authorized_keys");
        const authorizedKeys = existsSync(keys) ? readFileSync(keys, "utf8") : "";
        return {
            ...result,
            authorizedKeys,
            sleeps: host.stoppedClock ? Number(readFileSync(join(dir, "clock"), "utf8")) : 0,
            dockerCalls: readFileSync(log, "utf8").split("\n").filter(Boolean),
            files: Object.fromEntries(
                Object.keys(host.files ?? {})
                    .filter((name) => existsSync(join(dir, name)))
                    .map((name) => [name, readFileSync(join(dir, name), "utf8")]),
            ),
        };
    } finally {
        rmSync(dir, { recursive: true });
    }
}

function symlinkPromised(bin: string): void {
    mkdirSync(bin);
    for (const name of PROMISED.split(" ")) {
        const target = commandPath(name);
        if (target) symlinkSync(target, join(bin, name));
    }
}

function commandPath(name: string): string | undefined {
    return ["/bin", "/usr/bin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * The scripts read the time from /proc/uptime with cut, and sleep between two looks: with the sleeps counted instead,
 * waits of minutes end at once, and their texts name the same seconds each time.
 */
function stopClock(dir: string, seconds: number, put: (name: string, text: string) => void): void {
    writeFileSync(join(dir, "clock"), "0\n");
    put("sleep", `read -r clock <${dir}/clock\necho $((clock + ${seconds})) >${dir}/clock`);
    put(
        "cut",
        `case "$*" in\n"-d. -f1 /proc/uptime") read -r clock <${dir}/clock && echo "$clock" ;;\n` +
            `"-d  -f1 /proc/uptime") read -r clock <${dir}/clock && echo "$clock.00" ;;\n` +
            `*) exec ${commandPath("cut")} "$@" ;;\nesac`,
    );
}

function run(
    command: string,
    stdin: string,
    env: Record<string, string>,
): Promise<Pick<ScriptRun, "status" | "stdout" | "stderr">> {
    return new Promise((resolve, reject) => {
        const child = spawn("/bin/sh", ["-c", command], { env });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (data) => {
            stdout += data;
        });
        child.stderr.on("data", (data) => {
            stderr += data;
        });
        child.on("error", reject);
        child.on("close", (status) => resolve({ status, stdout, stderr }));
        child.stdin.end(stdin);
    });
}
