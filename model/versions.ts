/**
 * Versions of Docker Engine, `major.minor.patch`.
 */

/** The first engine whose swarms can be told their address pool. */
export const OLDEST_DOCKER = "18.09.0";

export const VERSION_ALLOWED = `a version such as "20.10.24", at least ${OLDEST_DOCKER}`;

/** Whether `text` is a version that can be asked for. */
export function isWantedVersion(text: string): boolean {
    return /^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(text) && isAtLeast(text, OLDEST_DOCKER);
}

/** Whether a version is `oldest` or newer; both of the form `major.minor.patch`. */
export function isAtLeast(version: string, oldest: string): boolean {
    const wanted = oldest.split(".").map(Number);
    for (const [i, part] of version.split(".").map(Number).entries()) {
        const difference = part - (wanted[i] ?? 0);
        if (difference !== 0) {
            return difference > 0;
        }
    }
    return true;
}
