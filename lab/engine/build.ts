import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { LabError } from "../errors.ts";
import type { Report } from "../steps.ts";
import { filesBelow, modulesOf, packagesOf, standInsFolder, writeOverlay } from "./overlay.ts";
import { engineVersion, languageHost } from "./version.ts";

// This file and what it imports need no npm package: a first run builds while npm is still at it (ahead.ts).

interface Binary {
    /** Folder of its go.mod, beside this file. */
    readonly module: string;
    readonly package: string;
    readonly file: string;
    readonly standIns: readonly string[];
}

/**
 * One Go module per binary, since they come from different releases: the language host's newest that
 * the module proxy serves is older than the engine's.
 */
const binaries: readonly Binary[] = [
    {
        module: "cli",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        file: "pulumi",
        standIns: filesBelow(standInsFolder),
    },
    {
        module: "language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
        file: languageHost,
        standIns: [],
    },
];

const LIMIT_MS = 30 * 60_000;

/**
 * Builds the engine and its Node language host into `folder` with the machine's Go.
 * @param scratch for Go's build cache, which is of no use afterwards and goes; one that a killed build left is used.
 * @throws LabError with all that the compiler says.
 */
export async function buildEngine(folder: string, scratch: string, report: Report): Promise<void> {
    mkdirSync(folder, { recursive: true });
    for (const binary of binaries) await build(binary, folder, scratch, report);
    rmSync(scratch, { recursive: true, force: true });
}

async function build(binary: Binary, folder: string, scratch: string, report: Report): Promise<void> {
    const cwd = path.join(import.meta.dirname, binary.module);
    const go = (args: readonly string[], onLine?: () => void) => runGo(args, cwd, scratch, onLine);
    report(`${binary.file}: downloading Go modules`);
    const overlay = await overlayFor(binary, path.join(scratch, "overlay"), cwd, go);
    const packages = (await go(["list", ...overlay, "-deps", binary.package])).trim().split("\n");
    const unused = packagesOf(binary.standIns).filter((name) => !packages.includes(name));
    if (unused.length > 0) {
        throw new LabError(
            `Pulumi ${engineVersion} does not import what these of ${standInsFolder} stand in for: ${unused.join(", ")}. ` +
                `docs/lab.md says how to renew them.`,
        );
    }
    // `go build -v` names a package when it begins with it, and only those not in its cache.
    let begun = 0;
    report(`${binary.file}: compiling`);
    await go(
        [
            "build",
            "-v",
            ...overlay,
            "-trimpath",
            "-ldflags",
            `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`,
            "-o",
            path.join(folder, binary.file),
            binary.package,
        ],
        () => report(`${binary.file}: package ${++begun} of at most ${packages.length}`),
    );
}

/** The flag that has Go see the stand-ins; none for a binary without. */
async function overlayFor(
    binary: Binary,
    folder: string,
    cwd: string,
    go: (args: readonly string[]) => Promise<string>,
): Promise<string[]> {
    if (binary.standIns.length === 0) return [];
    const goMod = path.join(cwd, "go.mod");
    const paths = modulesOf(binary.standIns, readFileSync(goMod, "utf8"));
    await go(["mod", "download", ...paths]);
    const folders = (await go(["list", "-m", "-f", "{{.Dir}}", ...paths])).trim().split("\n");
    const modules = paths.map((module, at) => ({ path: module, folder: folders[at] ?? "" }));
    return ["-overlay", writeOverlay(folder, goMod, modules, binary.standIns)];
}

/** Runs Go in `cwd` and returns what it prints; calls `onLine` for each line on its standard error. */
async function runGo(
    args: readonly string[],
    cwd: string,
    scratch: string,
    onLine?: () => void,
): Promise<string> {
    const child = spawn("go", args, {
        cwd,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: LIMIT_MS,
        env: {
            ...process.env,
            // The committed go.mod and go.sum decide; a person's workspace or flags must not.
            GOFLAGS: "-mod=readonly",
            GOWORK: "off",
            GOCACHE: path.join(scratch, "go-build"),
            // As in Pulumi's own release; and no C compiler is needed.
            CGO_ENABLED: "0",
        },
    });
    const end = () => child.kill();
    process.once("exit", end);
    let out = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
        out += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
        errors += part;
        if (onLine) for (const letter of part) if (letter === "\n") onLine();
    });
    try {
        const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
            (resolve, reject) => {
                child.on("error", reject).on("close", (...how) => resolve(how));
            },
        );
        if (status === 0) return out;
        const how = signal === null ? `status ${status}` : signal;
        throw new LabError(`"go ${args[0]}" failed in ${cwd} (${how}):\n${withoutProgress(errors)}`);
    } finally {
        process.off("exit", end);
    }
}

/** What Go says, without the lines of `-v` and of downloads. */
export function withoutProgress(errors: string): string {
    return errors
        .split("\n")
        .filter((line) => /\s/.test(line.trim()) && !line.startsWith("go: downloading "))
        .join("\n");
}
