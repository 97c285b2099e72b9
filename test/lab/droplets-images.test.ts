import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { contentHash } from "../../lab/droplets/images/build.ts";
import { CATALOGUE } from "../../lab/droplets/images/catalogue.ts";
import {
    containerScript,
    fetchOptions,
    hostMirror,
    mmdebstrapArguments,
    packageNames,
    readPackages,
} from "../../lab/droplets/images/debian.ts";
import { imageRefs, machineImage } from "../../lab/droplets/images/ensure.ts";

const plan = {
    mirror: "http://mirror.example/debian",
    packages: ["cloud-init", "docker.io"],
    downloads: ["nginx", "nginx-common"],
    aptOptions: ['Acquire::http::Proxy "http://proxy.example:3128";'],
};

describe("the Debian of droplets", () => {
    test("lists of packages", () => {
        assert.deepEqual(packageNames("# of the droplet\n\na  # why\nb\n"), ["a", "b"]);
        assert.ok(readPackages("droplet").includes("cloud-init"));
        assert.deepEqual(readPackages("registry"), [
            "busybox-static",
            "docker-registry",
            "nginx",
            "nginx-common",
        ]);
    });

    test("of the host's apt settings only those about reaching a mirror are taken", () => {
        const dump = [
            'APT::Install-Recommends "true";',
            'Acquire::http::Proxy "http://proxy.example:3128";',
            'Acquire::https::CaInfo "/etc/ssl/own.pem";',
            'Acquire::http::Proxy "";',
            'Acquire::Check-Date "false";',
            'Acquire::Languages "none";',
            "",
        ].join("\n");
        assert.deepEqual(fetchOptions(dump), [
            'Acquire::http::Proxy "http://proxy.example:3128";',
            'Acquire::https::CaInfo "/etc/ssl/own.pem";',
            'Acquire::Check-Date "false";',
        ]);
    });

    test("from the mirror that the host installs from, where that is Debian's", () => {
        const debian = "http://mirror.example/debian-security/\nhttp://mirror.example/debian/\n";
        assert.equal(hostMirror(debian), "http://mirror.example/debian/");
        assert.equal(hostMirror("http://archive.example/ubuntu/\n"), undefined);
        assert.equal(mmdebstrapArguments({ ...plan, mirror: undefined }, "/debs.tar").at(-1), "-");
        assert.doesNotMatch(containerScript({ ...plan, mirror: undefined }), /sources\.list/);
    });

    test("by mmdebstrap", () =>
        assert.deepEqual(mmdebstrapArguments(plan, "/work/debs.tar"), [
            "--mode=root",
            "--variant=minbase",
            "--format=tar",
            '--aptopt=Acquire::http::Proxy "http://proxy.example:3128";',
            '--aptopt=APT::Install-Recommends "false";',
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            "--dpkgopt=path-exclude=/usr/share/info/*",
            "--include=cloud-init,docker.io",
            `--customize-hook=chroot "$1" sh -c 'mkdir /debs && cd /debs && apt-get download nginx nginx-common'`,
            "--customize-hook=tar-out /debs /work/debs.tar",
            '--customize-hook=rm -r "$1/debs"',
            "trixie",
            "-",
            "http://mirror.example/debian",
        ]));

    test("in a container", () =>
        assert.equal(
            containerScript(plan),
            String.raw`set -eu
export DEBIAN_FRONTEND=noninteractive
cat >/etc/apt/apt.conf.d/99host <<'END'
Acquire::http::Proxy "http://proxy.example:3128";
APT::Install-Recommends "false";
END
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
rm -f /etc/apt/sources.list.d/*
echo 'deb http://mirror.example/debian trixie main' >/etc/apt/sources.list
echo 'path-exclude /usr/share/man/*' >>/etc/dpkg/dpkg.cfg.d/99lab
echo 'path-exclude /usr/share/doc/*' >>/etc/dpkg/dpkg.cfg.d/99lab
echo 'path-exclude /usr/share/locale/*' >>/etc/dpkg/dpkg.cfg.d/99lab
echo 'path-exclude /usr/share/info/*' >>/etc/dpkg/dpkg.cfg.d/99lab
apt-get update -q
apt-get install -q -y cloud-init docker.io
(cd /debs && apt-get download -q nginx nginx-common)
rm -f /usr/sbin/policy-rc.d /etc/apt/apt.conf.d/99host
apt-get clean && rm -rf /var/lib/apt/lists/*
`,
        ));
});

describe("the catalogue", () => {
    test("no ID and no slug stands for two images", () => {
        const ids = CATALOGUE.map(({ id }) => id);
        const slugs = CATALOGUE.flatMap(({ slug }) => slug ?? []);
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(new Set(slugs).size, slugs.length);
    });

    test("the images that configs name", () => {
        const refs = imageRefs();
        const found = CATALOGUE.filter(({ faulty }) => !faulty).map((entry) => {
            const { ref, slug, id, kind } = machineImage(entry);
            return { ref, slug, id, kind };
        });
        assert.deepEqual(found, [
            { ref: refs.droplet, slug: "docker-22-04", id: 102800003, kind: "base" },
            { ref: refs.droplet, slug: "docker-20-04", id: 102800001, kind: "base" },
            { ref: refs.droplet, slug: "debian-13-docker", id: 102800002, kind: "base" },
            { ref: refs.droplet, slug: null, id: 18153887, kind: "snapshot" },
            { ref: refs.variant("another"), slug: null, id: 18153999, kind: "snapshot" },
        ]);
    });
});

test("an image is named by the content of its files and of what it is built on", () => {
    const one = contentHash(["registry/packages.txt"], "trixie");
    assert.match(one, /^[0-9a-f]{12}$/);
    assert.equal(contentHash(["registry/packages.txt"], "trixie"), one);
    assert.notEqual(contentHash(["registry/packages.txt"], "bookworm"), one);
    assert.notEqual(contentHash(["registry/assembly", "registry/packages.txt"], "trixie"), one);
});
