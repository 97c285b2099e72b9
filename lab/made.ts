import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LabError } from "./errors.ts";
import type { Instance } from "./instance.ts";

/** Which of the possible parts a lab was made of, for the commands that come after `up`. */
export interface Made {
    readonly engineFolder: string;
    /** The Node that runs the lab and the program. */
    readonly node: string;
    /** Socket of the Docker engine that runs the droplets. */
    readonly dockerSocket: string;
    /** Address of the emulated API, whatever LAB_PORT says now. */
    readonly api: string;
    /** Settings that a lab keeps while it runs; labs of before they were noted have none. */
    readonly publicCidr?: string;
    readonly faultyImages?: boolean;
    readonly defaultVpcs?: boolean;
    /** Where the Pulumi plugins came from. */
    readonly plugins: "official" | "own";
}

function file(instance: Instance): string {
    return path.join(instance.dir, "made.json");
}

export function writeMade(instance: Instance, made: Made): void {
    writeFileSync(file(instance), `${JSON.stringify(made, null, 2)}\n`);
}

/** @throws LabError when the lab has not been made, or `make down` has removed it. */
export function readMade(instance: Instance): Made {
    if (!existsSync(file(instance))) {
        throw new LabError(`There is no lab "${instance.name}" in this checkout. "make up" makes one.`);
    }
    return JSON.parse(readFileSync(file(instance), "utf8"));
}

export function isMade(instance: Instance): boolean {
    return existsSync(file(instance));
}

/** The folder of an instance with its secrets, which are random and only readable by their owner. */
export function prepareFolder(instance: Instance): void {
    for (const folder of [instance.dir, instance.pulumiHome, instance.state]) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    if (!existsSync(instance.passphrase))
        writeSecret(instance.passphrase, randomBytes(24).toString("base64url"));
    // The cloud's personal access tokens have this form: docs.digitalocean.com/reference/api/create-personal-access-token
    if (!existsSync(instance.token)) writeSecret(instance.token, `dop_v1_${randomBytes(32).toString("hex")}`);
}

function writeSecret(name: string, value: string): void {
    writeFileSync(name, `${value}\n`, { mode: 0o600 });
}
