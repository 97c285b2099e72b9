import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    openSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { buildEngine, withoutProgress } from "../../lab/engine/build.ts";
import { ensureEngine } from "../../lab/engine/engine.ts";
import { filesBelow, mergedFiles, modulesOf, packagesOf, standInsFolder } from "../../lab/engine/overlay.ts";
import { isComplete, ownEngine } from "../../lab/engine/own.ts";
import { findCommand } from "../../lab/engine/path.ts";
import { cacheOf, root } from "../../lab/instance.ts";
import { recordOf } from "../../lab/processes.ts";

const engine = path.join(root, "lab", "engine");
const scratch = mkdtempSync(path.join(tmpdir(), "lab-engineBuild-"));
const started: ChildProcess[] = [];
after(() => {
    for (const child of started) child.kill("SIGKILL");
    rmSync(scratch, { recursive: true, force: true });
});

/** The versions that a go.mod requires, by module. */
function versions(module: string): Map<string, string> {
    const text = readFileSync(path.join(engine, module, "go.mod"), "utf8");
    return new Map(
        [...text.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name, version]) => [name ?? "", version ?? ""]),
    );
}

describe("stand-ins", () => {
    const standIns = filesBelow(standInsFolder);

    test("are for these versions; with others, docs/lab.md says what to do before this list is changed", () => {
        const cli = versions("cli");
        const owners = modulesOf(standIns, readFileSync(path.join(engine, "cli", "go.mod"), "utf8"));
        assert.deepEqual(Object.fromEntries(owners.map((module) => [module, cli.get(module)])), {
            "github.com/aws/aws-sdk-go-v2/service/s3": "v1.106.0",
            "github.com/charmbracelet/glamour": "v0.6.0",
            "github.com/pulumi/pulumi/pkg/v3": "v3.259.0",
            "gocloud.dev": "v0.46.1-0.20260810195832-b5401c07b5f1",
        });
        assert.equal(
            versions("language-nodejs").get(
                "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
            ),
            "v3.0.0-20250718110245-a8f88047ab64",
        );
    });

    test("are packages of their folder's name", () => {
        for (const file of standIns) {
            const [, name] =
                /^package (\w+)$/m.exec(readFileSync(path.join(standInsFolder, file), "utf8")) ?? [];
            assert.equal(name, path.basename(path.dirname(file)), file);
        }
    });

    test("belong to the required module with the longest path", () => {
        const goMod = "require (\n\ta.dev v1.0.0\n\ta.dev/b/c v1.0.0 // indirect\n\tz.dev v1.0.0\n)\n";
        assert.deepEqual(modulesOf(["a.dev/b/x.go", "a.dev/b/c/x.go", "a.dev/b/c/y.go"], goMod), [
            "a.dev",
            "a.dev/b/c",
        ]);
        assert.throws(
            () => modulesOf(["a.devil/x.go"], goMod),
            /^LabError: No module that go\.mod requires has the package a\.devil\.$/,
        );
    });

    test("take the place of whole packages, and of no package below or beside them", () => {
        const module = { path: "a.dev", folder: "/mod/a.dev@v1" };
        assert.deepEqual(
            mergedFiles(
                module,
                ["go.mod", "b/go.mod", "b/b.go", "b/more.go", "b/c/c.go", "bb/bb.go"],
                ["a.dev/b/own.go", "a.dev/new/new.go", "other.dev/b/own.go"],
            ),
            [
                ["a.dev/go.mod", "/mod/a.dev@v1/go.mod"],
                ["a.dev/b/go.mod", "/mod/a.dev@v1/b/go.mod"],
                ["a.dev/b/c/c.go", "/mod/a.dev@v1/b/c/c.go"],
                ["a.dev/bb/bb.go", "/mod/a.dev@v1/bb/bb.go"],
                ["a.dev/b/own.go", `${standInsFolder}/a.dev/b/own.go`],
                ["a.dev/new/new.go", `${standInsFolder}/a.dev/new/new.go`],
            ],
        );
    });
});

test("engine and language host share the versions of their modules, so that each is compiled once", () => {
    const cli = versions("cli");
    const differing = [...versions("language-nodejs")].filter(
        ([name, version]) =>
            !name.startsWith("github.com/pulumi/pulumi/") && cli.has(name) && cli.get(name) !== version,
    );
    assert.deepEqual(differing, []);
});

test("of what Go says, progress is left out and all else kept", () => {
    assert.equal(
        withoutProgress("go: downloading a.dev v1.0.0\na.dev/b\n# a.dev/b\nb.go:1:2: undefined: x\n"),
        "# a.dev/b\nb.go:1:2: undefined: x",
    );
});

/**
 * A Go that makes what it is asked for out of nothing. Before it makes the engine it writes its process number
 * to `begun`, and waits until `gate`, a FIFO, is written to.
 */
async function fakeGo(name: string, packages: readonly string[], failure = "") {
    const folder = path.join(scratch, name);
    const cacheDir = path.join(folder, "cache");
    const [gate, begun] = [path.join(folder, "gate"), path.join(folder, "begun")];
    mkdirSync(path.join(folder, "module"), { recursive: true });
    mkdirSync(cacheDir);
    await execa("mkfifo", [gate]);
    const script = `#!/bin/sh
PATH=/usr/bin:/bin
case "$1 $2" in
"mod download") ;;
"list -m") for each; do case $each in *.*/*|*.dev) echo '${folder}/module' ;; esac; done ;;
list*) printf '%s\\n' ${packages.join(" ")} ;;
build*)
    while [ "$1" != -o ]; do shift; done
    ${failure}
    case $2 in
    */pulumi) echo $$ >>'${begun}'; echo some/package >&2; read -r line <'${gate}' ;;
    esac
    echo made >"$2"
    ;;
esac
`;
    writeFileSync(path.join(folder, "go"), script, { mode: 0o755 });
    // The vendor's server counts as asked.
    writeFileSync(
        path.join(cacheDir, "answers.json"),
        JSON.stringify({ "vendor answers": { value: false, asked: Date.now() } }),
    );
    const env = { ...process.env, PATH: folder };
    return {
        folder,
        cacheDir,
        env,
        own: ownEngine(cacheDir),
        begun: () =>
            existsSync(begun) ? readFileSync(begun, "utf8").trim().split("\n").filter(Boolean) : [],
        open: () => writeFile(gate, "go\n"),
        ahead() {
            const log = openSync(ownEngine(cacheDir).log, "a");
            const child = spawn(process.execPath, [path.join(engine, "ahead.ts"), cacheDir], {
                env,
                stdio: ["ignore", log, log],
            });
            started.push(child);
            return child;
        },
    };
}

const all = packagesOf(filesBelow(standInsFolder));

async function until(what: string, met: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 20_000; !met(); await pause(50)) {
        if (Date.now() > deadline) throw new Error(`waited 20 s for ${what}`);
    }
}

test("an engine that several want is built once, and what the build alone needs goes", async () => {
    const go = await fakeGo("several", all);
    const children = [go.ahead(), go.ahead()];
    const ends = children.map((child) => once(child, "exit"));
    await until("a build to begin", () => go.begun().length > 0);
    await go.open();
    assert.deepEqual(await Promise.all(ends), [
        [0, null],
        [0, null],
    ]);
    assert.equal(go.begun().length, 1);
    assert.ok(isComplete(go.own.folder));
    assert.deepEqual(readdirSync(go.cacheDir).sort(), ["answers.json", "engine", "engine.log"]);
});

test("the lab waits for a build that was started ahead, and shows how far it is", async () => {
    const go = await fakeGo("waits", all);
    const ahead = once(go.ahead(), "exit");
    await until("a build to begin", () => go.begun().length > 0);
    const said: string[] = [];
    const before = process.env.PATH;
    process.env.PATH = go.folder;
    try {
        const cache = { ...cacheOf(root), dir: go.cacheDir, answers: path.join(go.cacheDir, "answers.json") };
        const ensured = ensureEngine(cache, (text) => said.push(text));
        await until("progress", () => said.includes(`pulumi: package 1 of at most ${all.length}`));
        await go.open();
        assert.deepEqual(await ensured, { folder: go.own.folder, origin: "v3.259.0, built meanwhile" });
    } finally {
        process.env.PATH = before;
    }
    assert.deepEqual(await ahead, [0, null]);
    assert.equal(go.begun().length, 1);
});

test("a build that was started ahead ends with the command that started it", async () => {
    const go = await fakeGo("orphan", all);
    const command = spawn(
        "/bin/sh",
        [
            "-c",
            '"$0" "$1" "$2" & echo $!; read -r line',
            process.execPath,
            path.join(engine, "ahead.ts"),
            go.cacheDir,
        ],
        {
            env: go.env,
            stdio: ["pipe", "pipe", "ignore"],
        },
    );
    started.push(command);
    const [line] = await once(command.stdout, "data");
    const ahead = Number(String(line));
    await until("a build to begin", () => go.begun().length > 0);
    assert.notEqual(recordOf(ahead), undefined);
    command.kill("SIGKILL");
    const [compiler] = go.begun().map(Number);
    assert.ok(compiler !== undefined);
    await until("the build to end", () => recordOf(ahead) === undefined && recordOf(compiler) === undefined);
});

describe("a build that fails", () => {
    async function build(go: Awaited<ReturnType<typeof fakeGo>>): Promise<void> {
        const before = process.env.PATH;
        process.env.PATH = go.folder;
        try {
            await buildEngine(path.join(go.folder, "made"), go.own.scratch, () => {});
        } finally {
            process.env.PATH = before;
        }
    }

    test("says all that the compiler says", async () => {
        const lines = Array.from({ length: 40 }, (_, at) => `x.go:${at}:1: undefined: x`);
        const go = await fakeGo("fails", all, `printf 'a/b\\n${lines.join("\\n")}\\n' >&2; exit 1`);
        await assert.rejects(build(go), {
            name: "LabError",
            message: `"go build" failed in ${engine}/cli (status 1):\n${lines.join("\n")}`,
        });
        const [status] = await once(go.ahead(), "exit");
        assert.equal(status, 1);
        assert.ok(readFileSync(go.own.log, "utf8").endsWith(`${lines.join("\n")}\n`));
    });

    test("for a stand-in that nothing imports, says which", async () => {
        const unused = "github.com/pulumi/pulumi/pkg/v3/operations";
        const go = await fakeGo(
            "unused",
            all.filter((name) => name !== unused),
        );
        await assert.rejects(build(go), {
            name: "LabError",
            message: `Pulumi 3.259.0 does not import what these of ${standInsFolder} stand in for: ${unused}. docs/lab.md says how to renew them.`,
        });
    });
});

describe("bootstrap.sh builds the engine beside npm", () => {
    interface Machine {
        readonly verb: string;
        readonly commands: readonly string[];
        readonly vendorAnswers: boolean;
    }

    /** A checkout where nothing was made yet, on a machine whose commands say that they were called. */
    async function run(name: string, { verb, commands, vendorAnswers }: Machine): Promise<string[]> {
        const folder = path.join(scratch, `bootstrap-${name}`);
        const [bin, said] = [path.join(folder, "bin"), path.join(folder, "said")];
        for (const made of ["bin", "lab", "node_modules"])
            mkdirSync(path.join(folder, made), { recursive: true });
        copyFileSync(path.join(root, "lab", "bootstrap.sh"), path.join(folder, "lab", "bootstrap.sh"));
        writeFileSync(path.join(folder, "package-lock.json"), "{}");
        for (const tool of ["cat", "cksum", "dirname", "id", "ls", "mkdir", "uname"]) {
            symlinkSync(findCommand(tool) ?? "", path.join(bin, tool));
        }
        await execa("mkfifo", [path.join(folder, "begun")]);
        const fakes: Record<string, string> = {
            ...Object.fromEntries(commands.map((command) => [command, ":"])),
            npm: `[ "$1" != --version ] || { echo 10.0.0; exit; }; echo npm >>'${said}'`,
            node: `case "$1" in
--version) echo v24.21.0 ;;
-e) exit ${vendorAnswers ? 0 : 1} ;;
lab/engine/ahead.ts) echo "ahead $2" >>'${said}'; echo >'${folder}/begun' ;;
*) echo "$*" >>'${said}' ;;
esac`,
        };
        // Goes on only once the build has begun, which so does not wait for npm.
        if (name === "first") fakes.npm += `; read -r line <'${folder}/begun'; echo installed >>'${said}'`;
        for (const [command, body] of Object.entries(fakes)) {
            writeFileSync(path.join(bin, command), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
        }
        await execa("/bin/sh", [path.join(folder, "lab", "bootstrap.sh"), verb], {
            env: { PATH: bin, DOCKER_HOST: "unix:///nowhere" },
            extendEnv: false,
            timeout: 20_000,
        });
        // The shell makes the log before it begins the build, and its output ends after that.
        const log = existsSync(ownEngine(path.join(folder, ".lab", "cache")).log) ? ["log"] : [];
        return [...readFileSync(said, "utf8").trim().split("\n").sort(), ...log];
    }

    test("where it has to be built", async () => {
        const said = await run("first", { verb: "up", commands: ["git", "go"], vendorAnswers: false });
        assert.deepEqual(said, ["ahead .lab/cache", "installed", "lab/main.ts up", "npm", "log"]);
    });

    const others: Record<string, Machine> = {
        "the vendor's server answers": { verb: "up", commands: ["git", "go"], vendorAnswers: true },
        "there is no Go": { verb: "start", commands: ["git"], vendorAnswers: true },
        "there is an engine": { verb: "start", commands: ["git", "go", "pulumi"], vendorAnswers: false },
    };
    for (const [name, machine] of Object.entries(others)) {
        test(`and not where ${name}`, async () => {
            assert.deepEqual(await run(name.replaceAll(/\W/g, "-"), machine), [
                `lab/main.ts ${machine.verb}`,
                "npm",
            ]);
        });
    }
});
