import { readFileSync } from "node:fs";
import path from "node:path";
import { LAB_FOLDER } from "./build.ts";

/** The Debian release that droplets and the registry are made of. */
export const SUITE = "trixie";

/** Files, relative to `lab/`, that decide what is fetched from Debian. */
export const PACKAGE_LISTS = {
    droplet: "droplets/images/context/packages.txt",
    registry: "registry/packages.txt",
} as const;

/** Documentation and translations: a third of the size, and nobody reads them in a droplet. */
const EXCLUDED = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"];

/** Names in a list of packages: one a line, `#` begins a comment. */
export function packageNames(text: string): string[] {
    return text
        .split("\n")
        .map((line) => line.replace(/#.*/, "").trim())
        .filter((line) => line !== "");
}

export function readPackages(list: keyof typeof PACKAGE_LISTS): string[] {
    return packageNames(readFileSync(path.join(LAB_FOLDER, PACKAGE_LISTS[list]), "utf8"));
}

/**
 * Of the host's own apt settings (`apt-config dump`), those that say how its packages are reached: what
 * the host needs to fetch a package, its droplets' Debian needs too.
 */
export function fetchOptions(dump: string): string[] {
    const wanted =
        /^Acquire::(https?::(Proxy|CaInfo|Verify-Peer)\S*|Retries|Check-Date|Check-Valid-Until) ".+";$/;
    return dump.split("\n").filter((line) => wanted.test(line));
}

/**
 * The Debian mirror that the host itself installs from, of the addresses that `apt-get indextargets` lists; undefined
 * on a host that is not Debian, whose droplets' Debian then comes from where mmdebstrap or the image has it from.
 */
export function hostMirror(addresses: string): string | undefined {
    return addresses.split("\n").find((address) => /^https?:\/\/\S+\/debian\/?$/.test(address));
}

export interface DebianPlan {
    /** Undefined for the default of whoever installs. */
    readonly mirror?: string | undefined;
    /** Installed in the droplet's base. */
    readonly packages: readonly string[];
    /** Only fetched, for the registry. */
    readonly downloads: readonly string[];
    /** Lines of apt's configuration. */
    readonly aptOptions: readonly string[];
}

/**
 * Arguments of mmdebstrap(1): a tar of the base on standard output, and the downloaded packages, in a
 * folder `debs`, as a tar at `debsTar`.
 */
export function mmdebstrapArguments(plan: DebianPlan, debsTar: string): string[] {
    return [
        "--mode=root",
        "--variant=minbase",
        "--format=tar",
        ...plan.aptOptions.map((line) => `--aptopt=${line}`),
        '--aptopt=APT::Install-Recommends "false";',
        ...EXCLUDED.map((glob) => `--dpkgopt=path-exclude=${glob}`),
        `--include=${plan.packages.join(",")}`,
        `--customize-hook=chroot "$1" sh -c 'mkdir /debs && cd /debs && apt-get download ${plan.downloads.join(" ")}'`,
        `--customize-hook=tar-out /debs ${debsTar}`,
        '--customize-hook=rm -r "$1/debs"',
        SUITE,
        "-",
        ...(plan.mirror === undefined ? [] : [plan.mirror]),
    ];
}

/**
 * The same by a shell script in a container of Debian's own image, whose `/debs` is a volume and so no
 * part of what is committed. Debian's image has its own exclusions and sources.
 */
export function containerScript(plan: DebianPlan): string {
    return [
        "set -eu",
        "export DEBIAN_FRONTEND=noninteractive",
        `cat >/etc/apt/apt.conf.d/99host <<'END'`,
        ...plan.aptOptions,
        'APT::Install-Recommends "false";',
        "END",
        // No service may start while it is installed.
        "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d",
        ...(plan.mirror === undefined
            ? []
            : [
                  "rm -f /etc/apt/sources.list.d/*",
                  `echo 'deb ${plan.mirror} ${SUITE} main' >/etc/apt/sources.list`,
              ]),
        ...EXCLUDED.map((glob) => `echo 'path-exclude ${glob}' >>/etc/dpkg/dpkg.cfg.d/99lab`),
        "apt-get update -q",
        `apt-get install -q -y ${plan.packages.join(" ")}`,
        `(cd /debs && apt-get download -q ${plan.downloads.join(" ")})`,
        "rm -f /usr/sbin/policy-rc.d /etc/apt/apt.conf.d/99host",
        "apt-get clean && rm -rf /var/lib/apt/lists/*",
        "",
    ].join("\n");
}
