/** Version of the Pulumi engine that the lab gets or builds: that of the SDK in package.json and of cli/go.mod. */
export const engineVersion = "3.259.0";

/** The binary beside `pulumi` that runs a program in Node. */
export const languageHost = "pulumi-language-nodejs";

export interface Version {
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
}

/** Reads `v3.259.0`, `3.260.0-alpha.1` or `go1.26.8`; undefined for anything else. A suffix is ignored. */
export function parseVersion(text: string): Version | undefined {
    const match = /^(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/.exec(text.trim());
    if (match === null) return undefined;
    return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** Negative when `a` is older than `b`, zero when they are the same, positive when it is newer. */
export function compareVersions(a: Version, b: Version): number {
    return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/**
 * Why an engine cannot run the program, or undefined when it can. An engine older than the SDK may lack
 * what the SDK asks for; the next major version may break both.
 */
export function versionProblem(found: string, wanted = engineVersion): string | undefined {
    const version = parseVersion(found);
    const least = parseVersion(wanted);
    if (least === undefined) throw new Error(`not a version: ${wanted}`);
    if (version === undefined) return `its version, "${found.trim()}", cannot be read`;
    if (version.major !== least.major) return `it is ${found.trim()}, and the SDK needs ${least.major}.x`;
    return compareVersions(version, least) < 0
        ? `it is ${found.trim()}, and the SDK needs v${wanted} or newer`
        : undefined;
}
