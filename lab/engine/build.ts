import { mkdirSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { LabError, messageOf } from "../errors.ts";
import type { Report } from "../steps.ts";
import { languageHost } from "./path.ts";
import { engineVersion } from "./version.ts";

/**
 * One Go module per binary, since they come from different releases: the language host's newest that
 * the module proxy serves is older than the engine's.
 */
const binaries = [
    { module: "cli", package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", file: "pulumi" },
    {
        module: "language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
        file: languageHost,
    },
];

/** A cold build takes 4 to 5 minutes on two cores; downloads of some 300 MB come on top. */
const LIMIT_MS = 30 * 60_000;

/** Folders of the Go modules that the engine is built from. */
export const moduleFolders = binaries.map((binary) => path.join(import.meta.dirname, binary.module));

/**
 * Builds the engine and its Node language host into `folder` with the machine's Go.
 * @throws LabError with the compiler's last lines.
 */
export async function buildEngine(folder: string, report: Report): Promise<void> {
    mkdirSync(folder, { recursive: true });
    for (const binary of binaries) {
        const cwd = path.join(import.meta.dirname, binary.module);
        report(`${binary.file}: downloading Go modules`);
        const list = await go(["list", "-deps", "-f", "{{.ImportPath}}", binary.package], cwd);
        // `go build -v` names a package when it begins with it, and only those not in Go's own cache.
        const total = list.stdout.split("\n").length;
        let begun = 0;
        report(`${binary.file}: compiling`);
        await go(
            [
                "build",
                "-v",
                "-trimpath",
                "-ldflags",
                `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`,
                "-o",
                path.join(folder, binary.file),
                binary.package,
            ],
            cwd,
            () => report(`${binary.file}: package ${++begun} of at most ${total}`),
        );
    }
}

async function go(args: string[], cwd: string, onLine?: () => void) {
    const child = execa("go", args, {
        cwd,
        stdin: "ignore",
        timeout: LIMIT_MS,
        // The committed go.mod and go.sum decide; a person's workspace or flags must not.
        env: { GOFLAGS: "-mod=readonly", GOWORK: "off" },
    });
    if (onLine) child.stderr.on("data", (part) => countLines(part, onLine));
    try {
        return await child;
    } catch (error) {
        const lines = ((error as { stderr?: string }).stderr ?? messageOf(error))
            .trim()
            .split("\n")
            .slice(-10);
        throw new LabError(`"go ${args[0]}" failed in ${cwd}:\n${lines.join("\n")}`);
    }
}

function countLines(part: Buffer, onLine: () => void): void {
    for (const byte of part) if (byte === 0x0a) onLine();
}
