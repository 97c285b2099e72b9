/** Gets actionlint, the checker of workflows, in the one version that go.mod pins. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { findCommand } from "../../../lab/engine/path.ts";
import { messageOf } from "../../../lab/errors.ts";
import { instanceFrom } from "../../../lab/instance.ts";

export const VERSION = "1.7.12";

/** Folder of the Go module that pins actionlint and all that it is built from. */
export const moduleFolder = path.join(import.meta.dirname, "../actionlint");

/** Sums of the release's archives, as the project's own Homebrew cask (Casks/actionlint.rb) has them. */
const ARCHIVES: Readonly<Record<string, { readonly name: string; readonly sha256: string }>> = {
    x64: {
        name: `actionlint_${VERSION}_linux_amd64.tar.gz`,
        sha256: "8aca8db96f1b94770f1b0d72b6dddcb1ebb8123cb3712530b08cc387b349a3d8",
    },
    arm64: {
        name: `actionlint_${VERSION}_linux_arm64.tar.gz`,
        sha256: "325e971b6ba9bfa504672e29be93c24981eeb1c07576d730e9f7c8805afff0c6",
    },
};

const RELEASES = "https://github.com/rhysd/actionlint/releases/download";

/** A cold build takes half a minute. */
const LIMIT_MS = 5 * 60_000;

/**
 * The one on PATH when it has the version, else the one made earlier, else built with the machine's Go, else the
 * project's release.
 *
 * @returns the program's path.
 * @throws Error that says how each way failed.
 */
export async function ensureActionlint(
    searchPath = process.env.PATH ?? "",
    { cache = instanceFrom(process.env).cache.dir, releases = RELEASES } = {},
): Promise<string> {
    const reasons: string[] = [];
    const onPath = findCommand("actionlint", searchPath);
    if (onPath !== undefined) {
        const version = await versionOf(onPath);
        if (version === VERSION) return onPath;
        reasons.push(`${onPath} is version ${version}`);
    }
    const file = path.join(cache, `actionlint-${VERSION}`, "actionlint");
    if (existsSync(file)) return file;
    // Made under another name and moved when whole, so that a killed build leaves nothing half usable.
    const draft = `${path.dirname(file)}-draft`;
    for (const [how, make] of [
        ["go build", build],
        ["the project's release", download],
    ] as const) {
        try {
            rmSync(draft, { recursive: true, force: true });
            mkdirSync(draft, { recursive: true });
            await make(path.join(draft, "actionlint"), searchPath, releases);
            renameSync(draft, path.dirname(file));
            return file;
        } catch (error) {
            reasons.push(`${how}: ${messageOf(error).split("\n").slice(0, 5).join("\n")}`);
        }
    }
    throw new Error(
        `There is no actionlint ${VERSION} to be had; install it or Go 1.25:\n${reasons.map((reason) => `- ${reason}`).join("\n")}`,
    );
}

/** `1.7.12`, as the first line of `-version` says it, with a `v` or without. */
async function versionOf(program: string): Promise<string> {
    const { stdout } = await execa(program, ["-version"], {
        reject: false,
        timeout: 10_000,
        stdin: "ignore",
    });
    return (stdout ?? "").split("\n")[0]?.replace(/^v/, "") || "unknown";
}

async function build(file: string, searchPath: string): Promise<void> {
    const go = findCommand("go", searchPath);
    if (go === undefined) throw new Error("there is no Go on PATH");
    await execa(go, ["build", "-trimpath", "-o", file, "github.com/rhysd/actionlint/cmd/actionlint"], {
        cwd: moduleFolder,
        stdin: "ignore",
        timeout: LIMIT_MS,
        // The committed go.mod and go.sum decide; a person's workspace or flags must not.
        env: { GOFLAGS: "-mod=readonly", GOWORK: "off" },
    });
}

async function download(file: string, _: string, releases: string): Promise<void> {
    const archive = ARCHIVES[process.arch];
    if (archive === undefined) throw new Error(`there is none for Linux on ${process.arch}`);
    const answer = await fetch(`${releases}/v${VERSION}/${archive.name}`, {
        signal: AbortSignal.timeout(60_000),
    });
    if (!answer.ok) throw new Error(`${archive.name}: HTTP ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const sum = createHash("sha256").update(bytes).digest("hex");
    if (sum !== archive.sha256)
        throw new Error(`${archive.name} has the SHA-256 ${sum}, not ${archive.sha256}`);
    await execa("tar", ["-xz", "-C", path.dirname(file), "actionlint"], { input: bytes });
    chmodSync(file, 0o755);
}
