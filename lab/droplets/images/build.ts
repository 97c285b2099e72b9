import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { engineStatus } from "../lab.ts";

/** Folder `lab/`, the context of every build. */
export const LAB_FOLDER = path.resolve(import.meta.dirname, "../..");

const BUILD_SECONDS = 300;

export interface Build {
    /** Reference that the image gets. */
    readonly tag: string;
    /** Files and folders, relative to `lab/`, that the build may see. */
    readonly sources: readonly string[];
    /** Path of the Dockerfile, relative to `lab/`. */
    readonly dockerfile: string;
    readonly target?: string;
    readonly args: Readonly<Record<string, string>>;
    /** Whether it fetches something, by the host's own way out. Default false. */
    readonly online?: boolean;
}

export async function imageExists(docker: Docker, ref: string): Promise<boolean> {
    try {
        await docker.getImage(ref).inspect();
        return true;
    } catch (error) {
        if (engineStatus(error) === 404) return false;
        throw error;
    }
}

/** Builds an image. Throws with the builder's last words if it fails or takes too long. */
export async function build(docker: Docker, plan: Build): Promise<void> {
    const stream = await docker.buildImage(
        { context: LAB_FOLDER, src: filesOf(plan.sources) },
        {
            t: plan.tag,
            dockerfile: plan.dockerfile,
            buildargs: plan.args,
            networkmode: plan.online ? "host" : "none",
            ...(plan.target === undefined ? {} : { target: plan.target }),
        },
    );
    await finished(docker, stream, `the build of ${plan.tag}`, BUILD_SECONDS);
}

/** Waits for the end of a stream of the engine's progress messages; an error among them is thrown. */
export async function finished(
    docker: Docker,
    stream: NodeJS.ReadableStream,
    what: string,
    seconds: number,
): Promise<void> {
    let last = "nothing";
    await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
            () => reject(new Error(`Waited ${seconds} s for ${what}; last output: ${last}`)),
            seconds * 1000,
        );
        docker.modem.followProgress(
            stream,
            (error) => {
                clearTimeout(timer);
                if (error)
                    reject(new Error(`${what} failed: ${error.message ?? error}; last output: ${last}`));
                else resolve();
            },
            (event: { stream?: string; error?: string }) => {
                if (event.error) reject(new Error(`${what} failed: ${event.error}; last output: ${last}`));
                if (event.stream?.trim()) last = event.stream.trim();
            },
        );
    });
}

/** A short name for the content of files, so that an image is made again when, and only when, they change. */
export function contentHash(sources: readonly string[], ...more: readonly string[]): string {
    const hash = createHash("sha256");
    for (const file of filesOf(sources)) {
        const content = readFileSync(path.join(LAB_FOLDER, file));
        hash.update(`${file}\0${content.length}\0`).update(content);
    }
    for (const text of more) hash.update(`${text}\0`);
    return hash.digest("hex").slice(0, 12);
}

/** The files among and under `sources`, sorted; Python's caches are none. */
function filesOf(sources: readonly string[]): string[] {
    return sources
        .flatMap((source) => {
            const top = path.join(LAB_FOLDER, source);
            if (!statSync(top).isDirectory()) return [source];
            return readdirSync(top, { recursive: true, withFileTypes: true })
                .filter((entry) => entry.isFile())
                .map((entry) => path.relative(LAB_FOLDER, path.join(entry.parentPath, entry.name)));
        })
        .filter((file) => !file.includes("__pycache__"))
        .sort();
}
