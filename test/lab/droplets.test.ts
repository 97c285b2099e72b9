import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as tar from "tar";
import { nextFree, nth, rangeOf } from "../../lab/droplets/addresses.ts";
import { archive } from "../../lab/droplets/archive.ts";
import { grantableCapabilities } from "../../lab/droplets/capabilities.ts";
import { containerConfig, privateEndpoint } from "../../lab/droplets/containerConfig.ts";
import { labLabels } from "../../lab/droplets/lab.ts";
import { metadataFile } from "../../lab/droplets/metadata.ts";
import { bridgeName, networkConfig } from "../../lab/droplets/networks.ts";
import { seedFiles } from "../../lab/droplets/seed.ts";
import type { MachineSpec } from "../../lab/machines.ts";
import { registryConfig, registryMirror } from "../../lab/registry/registry.ts";

const spec: MachineSpec = {
    id: 4711,
    name: "node1",
    image: "swarm-lab/droplet:0123",
    userData: "#cloud-config\nhostname: ä\n",
    publicKeys: ['ssh-ed25519 AAAA "quoted"', "ssh-rsa BBBB b"],
    vpcId: "5a4981aa",
    region: "sgp1",
    memory: 536870912,
};

const lab = { name: "lab", checkout: "/home/a/swarm" };

const addresses = {
    publicIp: "198.51.100.3",
    privateIp: "10.10.10.2",
    publicGateway: "198.51.100.1",
    publicNetmask: "255.255.255.0",
    privateNetmask: "255.255.240.0",
};

describe("grantableCapabilities", () => {
    const cases: [string, string, string[]][] = [
        ["none", "0000000000000000", []],
        ["the lowest and the highest that engines know", "0000002000000001", ["CHOWN", "AUDIT_READ"]],
        ["those that engines do not know are left out", "000001c000000000", []],
        ["CAP_SYS_ADMIN alone", "0000000000200000", ["SYS_ADMIN"]],
    ];
    for (const [what, mask, expected] of cases)
        test(what, () =>
            assert.deepEqual(grantableCapabilities(`Name:\tnode\nCapBnd:\t${mask}\n`), expected),
        );

    test("a machine without CAP_SYS_RESOURCE gets all others", () => {
        const all = grantableCapabilities("CapBnd:\t000001ffffffffff\n");
        const confined = grantableCapabilities("CapBnd:\t000001fffeffffff\n");
        assert.equal(all.length, 38);
        assert.deepEqual(
            confined,
            all.filter((name) => name !== "SYS_RESOURCE"),
        );
    });

    test("a text without the mask is refused", () =>
        assert.throws(() => grantableCapabilities("Name:\tnode\n"), {
            message: "/proc/self/status has no line CapBnd with a hexadecimal mask.",
        }));
});

describe("containerConfig", () => {
    const settings = {
        lab,
        publicNetwork: "lab-public",
        capabilities: ["CHOWN", "SYS_ADMIN"],
        appArmor: false,
        registryMirror: "198.51.100.2:443",
        mesh: true,
        egress: false,
    };

    test("a droplet", () =>
        assert.deepEqual(containerConfig(spec, addresses, settings), {
            name: "lab-9d3c7479-droplet-4711",
            Hostname: "node1",
            Image: "swarm-lab/droplet:0123",
            Env: ["LAB_REGISTRY_MIRROR=198.51.100.2:443", "LAB_MESH=1", "LAB_EGRESS=0"],
            Labels: {
                "swarm-lab": "lab",
                "swarm-lab.checkout": "/home/a/swarm",
                "swarm-lab.droplet": "4711",
                "swarm-lab.vpc": "5a4981aa",
                "swarm-lab.public-ip": "198.51.100.3",
                "swarm-lab.private-ip": "10.10.10.2",
            },
            HostConfig: {
                NetworkMode: "lab-public",
                CapAdd: ["CHOWN", "SYS_ADMIN"],
                SecurityOpt: ["seccomp=unconfined"],
                MaskedPaths: [],
                ReadonlyPaths: [],
                DeviceCgroupRules: ["a *:* rwm"],
                CgroupnsMode: "private",
                Mounts: [
                    {
                        Type: "volume",
                        Source: "",
                        Target: "/var/lib/docker",
                        VolumeOptions: {
                            NoCopy: true,
                            Labels: { ...labLabels(lab), "swarm-lab.droplet": "4711" },
                            DriverConfig: { Name: "local", Options: {} },
                        },
                    },
                ],
                Tmpfs: { "/run": "rw,exec,nosuid,mode=755" },
                LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
            },
            NetworkingConfig: {
                EndpointsConfig: {
                    "lab-public": {
                        IPAMConfig: { IPv4Address: "198.51.100.3" },
                        DriverOpts: { "com.docker.network.endpoint.ifname": "eth0" },
                    },
                },
            },
        }));

    test("on an engine with AppArmor, with IPVS and a way out", () => {
        const other = { ...settings, appArmor: true, mesh: false, egress: true };
        const { HostConfig, Env } = containerConfig(spec, addresses, other);
        assert.deepEqual(HostConfig?.SecurityOpt, ["seccomp=unconfined", "apparmor=unconfined"]);
        assert.deepEqual(Env, ["LAB_REGISTRY_MIRROR=198.51.100.2:443", "LAB_MESH=0", "LAB_EGRESS=1"]);
    });

    test("its private side", () =>
        assert.deepEqual(privateEndpoint("c0ffee", addresses), {
            Container: "c0ffee",
            EndpointConfig: {
                IPAMConfig: { IPv4Address: "10.10.10.2" },
                DriverOpts: { "com.docker.network.endpoint.ifname": "eth1" },
            },
        }));
});

test("the registry comes right after the gateway, on the Hub's port", () => {
    assert.equal(registryMirror("198.51.100.0/24"), "198.51.100.2:443");
    assert.deepEqual(registryConfig(lab, "198.51.100.0/24", "swarm-lab/registry:4567"), {
        name: "lab-9d3c7479-registry",
        Hostname: "registry",
        Image: "swarm-lab/registry:4567",
        Labels: { "swarm-lab": "lab", "swarm-lab.checkout": "/home/a/swarm" },
        HostConfig: {
            NetworkMode: "lab-9d3c7479-public",
            RestartPolicy: { Name: "unless-stopped" },
            LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
        },
        NetworkingConfig: {
            EndpointsConfig: { "lab-9d3c7479-public": { IPAMConfig: { IPv4Address: "198.51.100.2" } } },
        },
    });
});

describe("networks", () => {
    test("a VPC", () =>
        assert.deepEqual(networkConfig("lab-vpc-1", "10.10.0.0/20", "swlab", true, { "swarm-lab": "lab" }), {
            Name: "lab-vpc-1",
            Driver: "bridge",
            Internal: true,
            CheckDuplicate: true,
            IPAM: { Driver: "default", Config: [{ Subnet: "10.10.0.0/20", Gateway: "10.10.0.1" }] },
            Options: { "com.docker.network.bridge.name": "swlab" },
            Labels: { "swarm-lab": "lab" },
        }));

    test("bridges of two labs differ and fit into an interface's name", () => {
        const one = bridgeName("swarm-7", "lab-public");
        assert.match(one, /^swarm-7[0-9a-f]{8}$/);
        assert.notEqual(one, bridgeName("swarm-7", "lab-b-public"));
    });
});

test("the seed holds the user data untouched and the keys quoted", () =>
    assert.deepEqual(seedFiles(spec), [
        { path: "var/lib/cloud/seed/nocloud/user-data", content: "#cloud-config\nhostname: ä\n" },
        {
            path: "var/lib/cloud/seed/nocloud/meta-data",
            content: `{
    "instance-id": "droplet-4711",
    "local-hostname": "node1",
    "public-keys": [
        "ssh-ed25519 AAAA \\"quoted\\"",
        "ssh-rsa BBBB b"
    ]
}
`,
        },
    ]));

test("the metadata are those of the vendor's documentation, less what the machine itself adds", () => {
    const { path, content } = metadataFile(spec, addresses);
    assert.equal(path, "var/lib/droplet/metadata.json");
    assert.deepEqual(JSON.parse(content), {
        droplet_id: 4711,
        hostname: "node1",
        user_data: "#cloud-config\nhostname: ä\n",
        vendor_data: "",
        public_keys: ['ssh-ed25519 AAAA "quoted"', "ssh-rsa BBBB b"],
        region: "sgp1",
        interfaces: {
            private: [
                {
                    ipv4: { ip_address: "10.10.10.2", netmask: "255.255.240.0", gateway: "0.0.0.0" },
                    type: "private",
                },
            ],
            public: [
                {
                    ipv4: {
                        ip_address: "198.51.100.3",
                        netmask: "255.255.255.0",
                        gateway: "198.51.100.1",
                    },
                    type: "public",
                },
            ],
        },
        floating_ip: { ipv4: { active: false } },
        reserved_ip: { ipv4: { active: false } },
        dns: { nameservers: ["67.207.67.2", "67.207.67.3"] },
        features: { dhcp_enabled: true },
    });
});

describe("archive", () => {
    test("a reader finds what went in", async () => {
        const long = "x".repeat(1024);
        const found: Promise<unknown>[] = [];
        const reader = new tar.Parser({
            onReadEntry: (entry) => {
                const { path, mode, uid, gid } = entry;
                found.push(
                    entry.concat().then((content) => ({ path, mode, uid, gid, content: content.toString() })),
                );
            },
        });
        const done = new Promise((resolve) => reader.on("end", resolve));
        reader.end(
            archive([
                { path: "var/a", content: "ä" },
                { path: "b", content: long, mode: 0o644 },
                { path: "empty", content: "" },
            ]),
        );
        await done;
        const owner = { uid: 0, gid: 0 };
        assert.deepEqual(await Promise.all(found), [
            { path: "var/a", mode: 0o600, ...owner, content: "ä" },
            { path: "b", mode: 0o644, ...owner, content: long },
            { path: "empty", mode: 0o600, ...owner, content: "" },
        ]);
    });

    test("a path that the header cannot hold is refused", () => {
        const path = "p".repeat(101);
        assert.throws(() => archive([{ path, content: "" }]), {
            message: `Path "${path}" is too long for a tar header.`,
        });
    });
});

describe("addresses", () => {
    test("a range's gateway and netmask", () => {
        assert.deepEqual(rangeOf("10.10.16.0/20"), {
            cidr: "10.10.16.0/20",
            gateway: "10.10.16.1",
            netmask: "255.255.240.0",
        });
        assert.throws(() => rangeOf("10.10.16.0"), {
            message: '"10.10.16.0" is no IPv4 range; it must look like 10.10.0.0/24.',
        });
    });

    test("counting carries over and reaches the highest ranges", () => {
        assert.equal(nth("10.0.0.0/8", 256), "10.0.1.0");
        assert.equal(nth("223.255.255.0/24", 5), "223.255.255.5");
    });

    const cases: [string, string[], string | undefined, string][] = [
        ["the first", [], undefined, "10.0.0.2"],
        ["the next after the last", ["10.0.0.2"], "10.0.0.2", "10.0.0.3"],
        ["a freed one rests", [], "10.0.0.4", "10.0.0.5"],
        ["taken ones are skipped", ["10.0.0.3", "10.0.0.4"], "10.0.0.2", "10.0.0.5"],
        ["after the end it begins again", ["10.0.0.6"], "10.0.0.6", "10.0.0.2"],
        ["beginning again skips as well", ["10.0.0.2"], "10.0.0.6", "10.0.0.3"],
    ];
    for (const [what, taken, last, expected] of cases)
        test(`nextFree: ${what}`, () =>
            assert.equal(nextFree("10.0.0.0/29", 2, new Set(taken), last), expected));

    test("nextFree: none is left", () => {
        const taken = new Set([2, 3, 4, 5, 6].map((host) => `10.0.0.${host}`));
        assert.throws(() => nextFree("10.0.0.0/29", 2, taken, "10.0.0.4"), {
            message: "No free address is left in 10.0.0.0/29: 5 are taken.",
        });
    });
});
