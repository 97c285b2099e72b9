import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type Docker from "dockerode";
import { execa } from "execa";
import { archive } from "../archive.ts";
import { gone } from "../lab.ts";
import { finished } from "./build.ts";
import { containerScript, type DebianPlan, fetchOptions, mmdebstrapArguments, SUITE } from "./debian.ts";

export interface BaseImages {
    /** Debian with Docker and cloud-init. */
    readonly base: string;
    /** The packages that the registry is assembled from, under /debs. */
    readonly debs: string;
}

export interface BaseOptions {
    readonly docker: Docker;
    /** Where root filesystems lie while they are made: 700 MB. */
    readonly cacheDir: string;
    readonly report: (progress: string) => void;
}

const FETCH_SECONDS = 1200;
const IMPORT_SECONDS = 300;
const DEBIAN_IMAGE = `debian:${SUITE}-slim`;

/**
 * Makes both base images in one run of apt: by mmdebstrap where this process may (root on Debian or
 * Ubuntu; nothing but Debian's packages is fetched then), else in a container of Debian's own image.
 */
export async function makeBase(
    images: BaseImages,
    plan: Omit<DebianPlan, "aptOptions">,
    options: BaseOptions,
): Promise<void> {
    const full = { ...plan, aptOptions: await hostAptOptions() };
    const failures: string[] = [];
    if (await mayBootstrap(options.report)) {
        try {
            return await bootstrap(images, full, options);
        } catch (error) {
            failures.push(`by mmdebstrap: ${message(error)}`);
            options.report(`mmdebstrap failed, trying ${DEBIAN_IMAGE}`);
        }
    }
    try {
        await installInContainer(images, full, options);
    } catch (error) {
        failures.push(`in a container of ${DEBIAN_IMAGE}: ${message(error)}`);
        throw new Error(`The droplets' Debian could not be made, ${failures.join("; ")}`);
    }
}

/** Lines of apt's configuration by which this machine reaches its packages. */
export async function hostAptOptions(): Promise<string[]> {
    const { stdout, failed } = await execa("apt-config", ["dump"], { reject: false });
    return failed ? [] : fetchOptions(stdout ?? "");
}

async function mayBootstrap(report: (progress: string) => void): Promise<boolean> {
    if (process.getuid?.() !== 0) return false;
    if (!(await execa("mmdebstrap", ["--version"], { reject: false })).failed) return true;
    const release = await readFile("/etc/os-release", "utf8").catch(() => "");
    if (!/^ID(_LIKE)?="?(.*\b)?(debian|ubuntu)\b/m.test(release)) return false;
    report("installing mmdebstrap");
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const install = [
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        "mmdebstrap",
        "debian-archive-keyring",
    ];
    const limits = { env, reject: false, timeout: FETCH_SECONDS * 1000 };
    if (!(await execa("apt-get", install, limits)).failed) return true;
    await execa("apt-get", ["update", "-q"], limits);
    return !(await execa("apt-get", install, limits)).failed;
}

async function bootstrap(images: BaseImages, plan: DebianPlan, options: BaseOptions): Promise<void> {
    const { docker, report } = options;
    await mkdir(options.cacheDir, { recursive: true });
    const work = await mkdtemp(path.join(options.cacheDir, "debian-"));
    try {
        const debsTar = path.join(work, "debs.tar");
        const run = execa("mmdebstrap", mmdebstrapArguments(plan, debsTar), {
            env: { TMPDIR: work },
            // The root filesystem goes straight on to the engine.
            buffer: { stdout: false },
            timeout: FETCH_SECONDS * 1000,
        });
        run.stderr.on("data", (chunk: Buffer) => {
            const line = /I: (.+)\n$/.exec(chunk.toString())?.[1];
            if (line !== undefined) report(`Debian: ${line}`);
        });
        await Promise.all([run, importTar(docker, run.stdout, images.base)]);
        await importTar(docker, createReadStream(debsTar), images.debs);
    } finally {
        await rm(work, { recursive: true, force: true });
    }
}

async function installInContainer(images: BaseImages, plan: DebianPlan, options: BaseOptions): Promise<void> {
    const { docker, report } = options;
    const known = await docker.listImages({ filters: { reference: [DEBIAN_IMAGE] } });
    if (known.length === 0) {
        report(`pulling ${DEBIAN_IMAGE}`);
        await finished(docker, await docker.pull(DEBIAN_IMAGE), `the pull of ${DEBIAN_IMAGE}`, FETCH_SECONDS);
    }
    const container = await docker.createContainer({
        Image: DEBIAN_IMAGE,
        Cmd: ["sh", "/install.sh"],
        Env: Object.entries(proxies()).map(([name, value]) => `${name}=${value}`),
        Volumes: { "/debs": {} },
        // The host's own way out, whichever networks the engine has.
        HostConfig: { NetworkMode: "host" },
    });
    try {
        await container.putArchive(archive([{ path: "install.sh", content: containerScript(plan) }]), {
            path: "/",
        });
        report("installing Debian packages in a container");
        await container.start();
        await exited(container);
        await container.commit({ ...tagOf(images.base), changes: ["CMD []"] });
        await importTar(docker, await container.getArchive({ path: "/debs" }), images.debs);
    } finally {
        await gone(container.remove({ force: true, v: true }));
    }
}

/** This machine's proxies, for what fetches packages in a container. */
export function proxies(): Record<string, string> {
    return Object.fromEntries(
        ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => {
            const value = process.env[name];
            return value ? [[name, value]] : [];
        }),
    );
}

async function exited(container: Docker.Container): Promise<void> {
    const limit = AbortSignal.timeout(FETCH_SECONDS * 1000);
    const { StatusCode: status } = await container.wait({ abortSignal: limit });
    if (status === 0) return;
    const log = await container.logs({ stdout: true, stderr: true, tail: 15 });
    throw new Error(`apt ended with status ${status}: ${log.toString("utf8")}`);
}

async function importTar(docker: Docker, tar: NodeJS.ReadableStream, ref: string): Promise<void> {
    const stream = await docker.importImage(tar, tagOf(ref));
    await finished(docker, stream, `the import of ${ref}`, IMPORT_SECONDS);
}

function tagOf(ref: string): { repo: string; tag: string } {
    const colon = ref.lastIndexOf(":");
    return { repo: ref.slice(0, colon), tag: ref.slice(colon + 1) };
}

function message(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
