import { readFileSync } from "node:fs";
import { execa } from "execa";

/** An engine that was killed leaves the file systems and network namespaces of its containers mounted. */
export async function unmountBelow(folders: readonly string[]): Promise<string[]> {
    const problems: string[] = [];
    for (const point of mountPointsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folders)) {
        await execa("umount", [point], { timeout: 10_000 }).catch((error) =>
            problems.push(error.shortMessage),
        );
    }
    return problems;
}

/** Mount points below any of the folders, the innermost first. The format is in proc_pid_mountinfo(5). */
export function mountPointsBelow(mountinfo: string, folders: readonly string[]): string[] {
    return mountinfo
        .split("\n")
        .map((line) => line.split(" ")[4] ?? "")
        .map((point) =>
            point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
        )
        .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
        .reverse();
}
