import { existsSync, realpathSync } from "node:fs";
import { LabError } from "./errors.ts";
import type { Made } from "./made.ts";
import { socketFrom } from "./outerDocker/connect.ts";

/**
 * Tests boot images that are broken on purpose; LAB_FAULTY_IMAGES=1 asks for them.
 * @throws LabError for any other word than 0 and 1.
 */
export function wantsFaultyImages(value: string | undefined): boolean {
    if (!value || value === "0") return false;
    if (value === "1") return true;
    throw new LabError(`LAB_FAULTY_IMAGES is "${value}"; it must be "0" or "1".`);
}

/**
 * Settings of a lab that runs cannot be changed. What is not asked for is no wish: a lab keeps what it has.
 * @throws LabError naming each setting that is asked for and not the lab's.
 */
export function refuseOtherSettings(name: string, made: Made, env: NodeJS.ProcessEnv): void {
    const socket = socketFrom(env.DOCKER_HOST);
    const settings: [string, string | undefined, string | undefined][] = [
        ["LAB_PORT", env.LAB_PORT, new URL(made.api).port],
        ["LAB_PUBLIC_CIDR", env.LAB_PUBLIC_CIDR, made.publicCidr],
        ["LAB_FAULTY_IMAGES", env.LAB_FAULTY_IMAGES, digit(made.faultyImages)],
        ["LAB_DEFAULT_VPCS", env.LAB_DEFAULT_VPCS, digit(made.defaultVpcs)],
        [
            "DOCKER_HOST",
            socket && "socket" in socket ? real(socket.socket) : undefined,
            real(made.dockerSocket),
        ],
    ];
    const differences = settings.flatMap(([key, asked, has]) =>
        !asked || has === undefined || asked === has
            ? []
            : [`- ${key}: it has ${has}, asked for is ${asked}`],
    );
    if (differences.length === 0) return;
    throw new LabError(
        `The lab "${name}" runs, with other settings than are asked for:\n${differences.join("\n")}\n` +
            `Unset them to keep the lab as it is, or "make down" first.`,
    );
}

function digit(value: boolean | undefined): string | undefined {
    return value === undefined ? undefined : value ? "1" : "0";
}

function real(socket: string): string {
    return existsSync(socket) ? realpathSync(socket) : socket;
}
