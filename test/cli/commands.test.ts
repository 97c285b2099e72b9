/** The command itself, in a process of its own, with a stand-in for `pulumi`; and what is made from its definitions. */
import assert from "node:assert/strict";
import {
    chmodSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { execa } from "execa";
import { docsFile, docsText } from "../../cli/docs.ts";
import { makeProgram } from "../../cli/program.ts";
import { runSwarm, swarm } from "./process.ts";

const root = path.join(import.meta.dirname, "..", "..");

let folder: string;
before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-cli-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A folder for PATH whose `pulumi` prints a file on `stack export`, or fails with a text; each call is written down.
 */
function fakePulumi(
    name: string,
    answer: { readonly exported?: string; readonly error?: string; readonly status?: number },
): string {
    const bin = path.join(folder, name);
    mkdirSync(bin);
    const { exported = "", error = "", status = error === "" ? 0 : 255 } = answer;
    writeFileSync(path.join(bin, "error"), error);
    writeFileSync(
        path.join(bin, "pulumi"),
        `#!/bin/sh\necho "$*" >>'${bin}/calls'\ncat '${bin}/error' >&2\n[ ${status} = 0 ] || exit ${status}\n` +
            `case "$1 $2" in "stack export") cat '${exported}' ;; "stack --show-name") echo dev ;; "config --json") echo '{}' ;; esac\n`,
    );
    chmodSync(path.join(bin, "pulumi"), 0o755);
    return bin;
}

/** Has such a `pulumi` refuse to read the config, with this text. */
function refuseConfig(bin: string, error: string): void {
    const file = path.join(bin, "pulumi");
    const refusal = `case "$1 $2" in "config --json") echo "${error}" >&2; exit 255 ;; esac\n`;
    writeFileSync(file, readFileSync(file, "utf8").replace("#!/bin/sh\n", `#!/bin/sh\n${refusal}`));
}

/** The state of a recording, in the form in which Pulumi exports one. */
function exportedFile(name: string): string {
    const { state } = JSON.parse(
        readFileSync(path.join(root, "test", "cli", "recordings", `${name}.json`), "utf8"),
    );
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(state));
    return file;
}

const run = (args: readonly string[], bin?: string, env: Record<string, string> = {}) =>
    runSwarm(args, {
        bin,
        env: { HOME: folder, PULUMI_BACKEND_URL: "file:///state", ...env },
        cwd: tmpdir(),
    });

describe("swarm ip", () => {
    let bin: string;
    before(() => {
        bin = fakePulumi("up", { exported: exportedFile("healthy") });
    });

    test("addresses in the order of the names", async () => {
        assert.deepEqual(await run(["ip", "node4", "node[1:2]"], bin), {
            status: 0,
            out: "198.18.12.4\n198.18.12.5\n198.18.12.6\n",
            err: "",
        });
        assert.equal((await run(["ip", "--private", "node1"], bin)).out, "10.144.0.4\n");
        assert.deepEqual(JSON.parse((await run(["--json", "ip", "node1"], bin)).out), {
            format_version: 1,
            nodes: [{ name: "node1", publicIp: "198.18.12.5", privateIp: "10.144.0.4" }],
        });
    });

    test("an unknown name", async () => {
        assert.deepEqual(await run(["ip", "node7"], bin), {
            status: 64,
            out: "",
            err: "swarm: there is no node node7; there are: node[1:4]\n",
        });
    });

    test("the stack is passed on, and asked for once", async () => {
        const own = fakePulumi("stack", { exported: exportedFile("healthy") });
        assert.equal((await run(["ip", "node1", "--stack", "acme/dev"], own)).status, 0);
        assert.equal(
            readFileSync(path.join(own, "calls"), "utf8"),
            "stack export --non-interactive --color never --stack acme/dev\n",
        );
    });

    test("starts within half a second beyond reading the state", async () => {
        // Time on the processor, the best of three: what a busy machine adds is not the command's.
        const times: number[] = [];
        for (let i = 0; i < 3; i += 1) {
            const { stderr } = await execa(
                "bash",
                ["-c", "TIMEFORMAT='%U %S'; time \"$0\" ip node1 >/dev/null", swarm],
                {
                    env: { PATH: `${bin}:${process.env.PATH}`, PULUMI_BACKEND_URL: "file:///state" },
                },
            );
            const seconds = /^([\d.]+) ([\d.]+)$/m.exec(stderr);
            times.push(Number(seconds?.[1]) + Number(seconds?.[2]));
        }
        assert.ok(Math.min(...times) < 0.5, `it took ${times.join(", ")} s`);
    });
});

describe("why there is nothing to ask", () => {
    const cases: [name: string, error: string, text: string][] = [
        [
            "no such stack",
            "error: no stack named 'dev' found\n",
            'there is no stack "dev" in this backend; see: pulumi stack ls (and: pulumi whoami -v)',
        ],
        [
            "no login",
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n",
            "Pulumi is not logged in to the backend with the state; say: pulumi login (or set PULUMI_BACKEND_URL)",
        ],
        [
            "no passphrase",
            "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables\n",
            "the passphrase of the stack's secrets is missing; set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE " +
                "to the file that holds it",
        ],
    ];
    for (const [name, error, text] of cases) {
        test(name, async () => {
            const bin = fakePulumi(name, { error });
            assert.deepEqual(await run(["ip", "node1"], bin), {
                status: 3,
                out: "",
                err: `swarm: ${text}\n`,
            });
        });
    }

    test("a stack that is not up", async () => {
        const file = path.join(folder, "empty.json");
        writeFileSync(file, '{"version":3,"deployment":{"manifest":{}}}');
        const bin = fakePulumi("empty", { exported: file });
        for (const command of [
            ["ip", "node1"],
            ["status"],
            ["ls"],
            ["ssh", "node1"],
            ["docker", "ps"],
            ["env"],
            ["wait"],
        ]) {
            assert.deepEqual(await run(command, bin, { DIGITALOCEAN_TOKEN: "x" }), {
                status: 3,
                out: "",
                err: 'swarm: the stack "dev" is not up: it has no nodes; say: pulumi up\n',
            });
        }
    });

    test("no pulumi at all", async () => {
        const { status, err } = await run(["ip", "node1"]);
        assert.equal(status, 3);
        assert.match(err, /^swarm: there is no pulumi command on PATH; see https:.*\n$/);
    });

    test("no token", async () => {
        const bin = fakePulumi("tokenless", { exported: exportedFile("healthy") });
        assert.deepEqual(await run(["orphans"], bin), {
            status: 2,
            out: "",
            err: "swarm: there is no DigitalOcean token: set DIGITALOCEAN_TOKEN, or: pulumi config set --secret digitalocean:token\n",
        });
    });

    test("a config that cannot be read is not an empty one", async () => {
        const bin = fakePulumi("locked", { exported: exportedFile("healthy") });
        refuseConfig(bin, "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or another variable");
        for (const command of [["scale", "nginx=3"], ["orphans"]]) {
            assert.deepEqual(await run(command, bin), {
                status: 3,
                out: "",
                err:
                    "swarm: the passphrase of the stack's secrets is missing; set PULUMI_CONFIG_PASSPHRASE, or " +
                    "PULUMI_CONFIG_PASSPHRASE_FILE to the file that holds it\n",
            });
        }
    });
});

describe("the command line", () => {
    test("no command, an unknown one, an unknown option, a missing argument", async () => {
        const nothing = await run([]);
        assert.deepEqual([nothing.status, nothing.out], [64, ""]);
        assert.match(nothing.err, /^Usage: swarm \[options\] \[command\]/);
        const cases: [args: string[], text: RegExp][] = [
            [["stats"], /^error: unknown command 'stats'\n\(Did you mean status\?\)/],
            [["ls", "--jsn"], /^error: unknown option '--jsn'\n\(Did you mean --json\?\)/],
            [["ip"], /^error: missing required argument 'nodes'/],
            [["wait", "--timeout", "soon"], /Allowed: a whole number from 0 to 999999\./],
            [["env", "--shell", "tcsh"], /Allowed choices are sh, fish\./],
            [["docker", "--on", "node1", "--node", "node2", "ps"], /cannot be used with option/],
            [
                ["ssh", "node1", "--stack", "dev"],
                /^swarm: "--stack" behind the name would be sent to the node: options/,
            ],
            [["map", "--port", "http"], /Allowed: a whole number from 0 to 65535\./],
        ];
        for (const [args, text] of cases) {
            const { status, out, err } = await run(args);
            assert.deepEqual([status, out], [64, ""], `${args.join(" ")}: ${err}`);
            assert.match(err, text);
        }
    });

    test("help of the whole and of a command, on standard output", async () => {
        const all = await run(["--help"]);
        assert.equal(all.status, 0);
        for (const name of (await makeProgram()).commands.map((command) => command.name())) {
            assert.match(all.out, new RegExp(`^ {2}${name} `, "m"));
        }
        const one = await run(["help", "docker"]);
        assert.deepEqual([one.status, one.err], [0, ""]);
        assert.match(one.out, /Examples:\n {2}swarm docker service ls\n/);
    });

    test("every command says when to use it, and those with a table have --json", async () => {
        for (const command of (await makeProgram()).commands) {
            assert.ok(command.summary().length > 10, command.name());
            assert.ok(command.description().length > command.summary().length, command.name());
            const options = command.options.map(({ long }) => long);
            if (command.name() !== "completion") assert.ok(options.includes("--stack"), command.name());
            if (["ls", "ip", "status", "orphans", "doctor"].includes(command.name())) {
                assert.ok(options.includes("--json"), command.name());
            }
        }
    });

    test("docs/cli.md is what the definitions say; written anew by: node cli/docs.ts", async () => {
        const page = readFileSync(docsFile, "utf8");
        assert.equal(page, await docsText(page));
    });

    test("through a link, and from anywhere", async () => {
        const link = path.join(folder, "swarm");
        symlinkSync(swarm, link);
        const { stdout } = await execa(link, ["--help"], { cwd: "/" });
        assert.match(stdout, /^Usage: swarm/);
    });
});

describe("swarm scale", () => {
    /** A `pulumi` that has this config and notes what it is told to write, with its standard input. */
    const scaling = async (name: string, services: object, secret: boolean, ...words: string[]) => {
        const bin = fakePulumi(name, { exported: exportedFile("healthy") });
        const file = path.join(bin, "pulumi");
        const config = JSON.stringify({ "swarm:services": { value: JSON.stringify(services), secret } });
        const calls = path.join(bin, "written");
        writeFileSync(calls, "");
        writeFileSync(
            file,
            `#!/bin/sh
case "$*" in
"config --json"*) echo '${config}' ;;
"config set --secret"*) echo "$*: $(cat)" >>'${calls}' ;;
"config set"*) echo "$*" >>'${calls}' ;;
esac
`,
        );
        const ran = await run(["scale", ...words], bin);
        return { ...ran, written: readFileSync(calls, "utf8").split("\n").slice(0, -1) };
    };
    const services = { nginx: { image: "nginx", replicas: 2 }, db: { image: "postgres" } };
    const END = "--non-interactive --color never";

    test("one key of a config in clear", async () => {
        const { status, written } = await scaling("clear", services, false, "nginx=4");
        assert.deepEqual(
            [status, written],
            [0, [`config set --path swarm:services.nginx.replicas 4 ${END}`]],
        );
    });

    test("what is secret as a whole stays so, whole, and is no argument", async () => {
        const { status, written, err } = await scaling("hidden", services, true, "nginx=4");
        const whole = JSON.stringify({ ...services, nginx: { image: "nginx", replicas: 4 } });
        assert.deepEqual([status, written], [0, [`config set --secret swarm:services ${END}: ${whole}`]]);
        assert.equal(err, "swarm:services.nginx.replicas = 4\n");
    });

    test("nothing is written of what would be refused, and --yes alone applies nothing", async () => {
        const many = await scaling("many", services, false, "db=3", "nginx=99999");
        assert.deepEqual([many.status, many.written], [64, []]);
        const yes = await scaling("yes", services, false, "nginx=4", "--yes");
        assert.deepEqual([yes.status, yes.written], [64, []]);
        assert.equal(yes.err, "swarm: --yes is for --up: without that nothing is asked, and nothing made\n");
    });
});

test("without the npm packages it says what to do", async () => {
    const top = path.join(folder, "checkout");
    mkdirSync(path.join(top, "cli", "bin"), { recursive: true });
    const copy = path.join(top, "cli", "bin", "swarm");
    writeFileSync(copy, readFileSync(swarm), { mode: 0o755 });
    const { exitCode, stderr } = await execa(copy, ["ls"], { reject: false });
    assert.deepEqual(
        [exitCode, stderr],
        [1, `swarm: the npm packages are not there; say: (cd ${top} && npm ci --omit=dev)`],
    );
});

describe("completion", () => {
    let bin: string;
    before(() => {
        bin = fakePulumi("completes", { exported: exportedFile("healthy") });
    });
    const complete = async (...words: string[]) => {
        const { out } = await run(["complete", "--", ...words], bin);
        const lines = out.trimEnd().split("\n");
        assert.match(lines.at(-1) ?? "", /^:\d+$/);
        return lines.slice(0, -1).map((line) => line.split("\t")[0]);
    };

    test("commands, options, choices, nodes, services", async () => {
        assert.deepEqual(await complete("st"), ["status"]);
        assert.deepEqual(await complete("ls", "--j"), ["--json"]);
        assert.deepEqual(await complete("env", "--shell", ""), ["sh", "fish"]);
        assert.deepEqual(await complete("ip", ""), ["node1", "node2", "node3", "node4", "node[1:4]"]);
        assert.deepEqual(await complete("docker", "--on", "node["), ["node[1:4]"]);
        assert.deepEqual(await complete("ssh", "node3"), ["node3"]);
        assert.deepEqual(await complete("logs", ""), ["nginx"]);
        assert.deepEqual(await complete("scale", ""), ["nginx="]);
    });

    test("without a state there are no names, and no error either", async () => {
        const broken = fakePulumi("broken", { error: "error: no stack selected\n" });
        assert.deepEqual(await run(["complete", "--", "ip", ""], broken), {
            status: 0,
            out: ":4\n",
            err: "",
        });
    });

    test("bash completes with the script", async () => {
        const script = path.join(import.meta.dirname, "complete.bash");
        const { stdout } = await execa("bash", [script, "swarm", "ssh", "no"], {
            env: {
                SWARM: swarm,
                PATH: `${path.dirname(swarm)}:${bin}:${process.env.PATH}`,
                PULUMI_BACKEND_URL: "file:///state",
            },
        });
        assert.deepEqual(
            stdout.split("\n").map((line) => line.trim()),
            ["node1", "node2", "node3", "node4"].concat("node[1:4]"),
        );
    });

    test("bash sources the script twice, and without what bash 3.2 and the package bash-completion have", async () => {
        const { out } = await run(["completion", "bash"]);
        const file = path.join(folder, "completion.bash");
        writeFileSync(file, out);
        const { stdout } = await execa(
            "bash",
            [
                "--norc",
                "-c",
                `enable -n compopt; source '${file}'; source '${file}'
                COMP_WORDS=(swarm ssh node3) COMP_CWORD=2; __swarm_complete; echo "\${COMPREPLY[@]}"`,
            ],
            {
                env: {
                    PATH: `${path.dirname(swarm)}:${bin}:${process.env.PATH}`,
                    PULUMI_BACKEND_URL: "file:///state",
                },
            },
        );
        assert.equal(stdout, "node3");
    });

    test("scripts for zsh and fish", async () => {
        assert.match((await run(["completion", "zsh"])).out, /^#compdef swarm/);
        assert.match((await run(["completion", "fish"])).out, /complete -c swarm/);
        assert.equal((await run(["completion", "tcsh"])).status, 64);
    });
});

describe("the ssh for docker", () => {
    test("reads the config that it is told of, and finds the real ssh behind itself", async () => {
        const real = path.join(folder, "real");
        mkdirSync(real);
        writeFileSync(path.join(real, "ssh"), '#!/bin/sh\nprintf "%s|" "$@"\n');
        chmodSync(path.join(real, "ssh"), 0o755);
        const wrapper = path.join(root, "cli", "wrapper");
        const PATH = `${wrapper}:${real}:/usr/bin:/bin`;
        const ssh = async (env: Record<string, string>) =>
            (await execa("ssh", ["-T", "a b"], { env: { PATH, ...env }, extendEnv: false })).stdout;
        assert.equal(await ssh({ SWARM_SSH_CONFIG: "/x y/config" }), "-F|/x y/config|-T|a b|");
        assert.equal(await ssh({}), "-T|a b|");
        assert.equal(await ssh({ PATH: `${wrapper}:${wrapper}:${real}:/usr/bin:/bin` }), "-T|a b|");
    });

    test("a node of the stack that does not answer is asked once, until the hosts are others", async () => {
        const stack = path.join(folder, "swarm-dev-3f9a2c1b");
        const real = path.join(folder, "away");
        for (const made of [stack, real]) mkdirSync(made);
        const calls = path.join(real, "calls");
        writeFileSync(calls, "");
        writeFileSync(path.join(real, "ssh"), `#!/bin/sh\necho "$*" >>'${calls}'; exit 255\n`, {
            mode: 0o755,
        });
        const hosts = path.join(stack, "hosts");
        const age = (seconds: number) => {
            writeFileSync(hosts, "");
            utimesSync(hosts, Date.now() / 1000 + seconds, Date.now() / 1000 + seconds);
        };
        const ask = async (node: string) => {
            writeFileSync(calls, "");
            const { exitCode, stderr } = await execa("ssh", ["--", node, "docker system dial-stdio"], {
                env: {
                    PATH: `${path.join(root, "cli", "wrapper")}:${real}:/usr/bin:/bin`,
                    SWARM_SSH_CONFIG: path.join(stack, "config"),
                },
                extendEnv: false,
                reject: false,
            });
            const asked = readFileSync(calls, "utf8") !== "";
            return [exitCode, asked, stderr.includes('say again: eval "$(swarm env)"')];
        };
        age(-60);
        assert.deepEqual(await ask("node1.swarm-dev-3f9a2c1b"), [255, true, true]);
        assert.deepEqual(await ask("node1.swarm-dev-3f9a2c1b"), [255, false, true]);
        assert.deepEqual(await ask("node2.swarm-dev-3f9a2c1b"), [255, true, true]);
        assert.deepEqual(await ask("elsewhere.example.com"), [255, true, false]);
        age(60);
        assert.deepEqual(await ask("node2.swarm-dev-3f9a2c1b"), [255, true, true]);
    });

    test("both shell scripts are free of what shellcheck warns of", async () => {
        await execa("shellcheck", ["--severity=style", swarm, path.join(root, "cli", "wrapper", "ssh")]);
    });
});
