import { execa } from "execa";
import { findCommand } from "../engine/path.ts";
import { LabError } from "../errors.ts";
import type { Report } from "../steps.ts";

const LIMIT_MS = 10 * 60_000;

/** Whether this machine installs packages the way Debian and Ubuntu do. */
export function canInstall(): boolean {
    return process.getuid?.() === 0 && findCommand("apt-get") !== undefined;
}

/**
 * Installs Docker's engine from the distribution. What else the package does, such as enabling a
 * service, is the distribution's business; it stays installed.
 * @throws LabError with the last lines that apt-get printed.
 */
export async function installDocker(report: Report): Promise<void> {
    await apt(["update"], report);
    await apt(["install", "--yes", "--no-install-recommends", "docker.io"], report);
}

async function apt(args: string[], report: Report): Promise<void> {
    report(`apt-get ${args.join(" ")}`);
    try {
        await execa("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], {
            stdin: "ignore",
            timeout: LIMIT_MS,
            all: true,
            env: { DEBIAN_FRONTEND: "noninteractive" },
        });
    } catch (error) {
        const printed = (error as { all?: string }).all ?? "";
        throw new LabError(
            `"apt-get ${args.join(" ")}" failed:\n${printed.trim().split("\n").slice(-10).join("\n")}`,
        );
    }
}
