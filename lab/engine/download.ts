import { chmodSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { LabError } from "../errors.ts";
import type { Report } from "../steps.ts";
import { engineVersion, languageHost } from "./version.ts";

/** Where the vendor's own installation script takes releases from, and the plugins' fallback server. */
export const vendor = "https://get.pulumi.com";

const ASK_MS = 4_000;
const DOWNLOAD_MS = 10 * 60_000;

/** Whether the vendor's server answers at all; never takes longer than four seconds. */
export async function vendorAnswers(base = vendor): Promise<boolean> {
    try {
        const answer = await fetch(base, { method: "HEAD", signal: AbortSignal.timeout(ASK_MS) });
        return answer.ok;
    } catch {
        return false;
    }
}

/** Release archives exist for these two; anything else has to build. */
export function archiveName(arch: string, version = engineVersion): string | undefined {
    if (arch !== "x64" && arch !== "arm64") return undefined;
    return `pulumi-v${version}-linux-${arch}.tar.gz`;
}

/**
 * Downloads the vendor's release into `folder`: the engine and its Node language host, nothing else of
 * the archive, which holds a host for every language. The connection's TLS vouches for the content.
 * @throws LabError with the status or the reason when it cannot be had.
 */
export async function downloadEngine(folder: string, report: Report, base = vendor): Promise<void> {
    const archive = archiveName(process.arch);
    if (archive === undefined) throw new LabError(`Pulumi publishes no engine for Linux on ${process.arch}.`);
    const url = `${base}/releases/sdk/${archive}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS) });
    if (!answer.ok || answer.body === null) throw new LabError(`${url} answered ${answer.status}.`);
    const total = Number(answer.headers.get("content-length") ?? 0);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const names = ["pulumi", languageHost];
    const tar = execa(
        "tar",
        ["-xz", "-C", folder, "--strip-components=1", ...names.map((name) => `pulumi/${name}`)],
        {
            stdin: "pipe",
            timeout: DOWNLOAD_MS,
        },
    );
    let received = 0;
    const source = Readable.fromWeb(answer.body as import("node:stream/web").ReadableStream).on(
        "data",
        (part) => {
            received += part.length;
            report(`${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ""} MB`);
        },
    );
    await Promise.all([pipeline(source, tar.stdin), tar]);
    for (const name of names) chmodSync(path.join(folder, name), 0o755);
}

function megabytes(bytes: number): string {
    return (bytes / 1e6).toFixed(0);
}
