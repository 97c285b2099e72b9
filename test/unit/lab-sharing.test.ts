import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { backendMark } from "../../cli/access.ts";
import { labOf, labText, namePrefix } from "../../lab/droplets/lab.ts";
import { backendUrl } from "../../lab/environment.ts";
import { instanceFrom } from "../../lab/instance.ts";
import type { Made } from "../../lab/made.ts";
import { neighbourText } from "../../lab/outerDocker/neighbours.ts";
import { enginePlaces } from "../../lab/outerDocker/places.ts";
import { abandoned, forgetCheckout, register, tenantsOf, unregister } from "../../lab/outerDocker/tenants.ts";
import { isEdited, removeSshFiles, takeConfig } from "../../lab/remains.ts";
import { refuseOtherSettings, wantsFaultyImages } from "../../lab/settings.ts";
import { dropletsStatus } from "../../lab/status.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "lab-sharing-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("labs of one name in two checkouts have nothing by the same name", () => {
    const one = { name: "lab", checkout: "/home/a/swarm" };
    assert.equal(namePrefix(one), "lab-9d3c7479");
    assert.notEqual(namePrefix({ ...one, checkout: "/home/b/swarm" }), namePrefix(one));
    assert.equal(labText(one), 'the lab "lab" of /home/a/swarm');
});

test("a lab is known by both of its labels", () => {
    const cases: [Record<string, string> | null | undefined, unknown][] = [
        [undefined, undefined],
        [null, undefined],
        [{ "swarm-lab": "lab" }, undefined],
        [{ "swarm-lab.checkout": "/a" }, undefined],
        [
            { "swarm-lab": "lab", "swarm-lab.checkout": "/a", other: "x" },
            { name: "lab", checkout: "/a" },
        ],
    ];
    for (const [labels, lab] of cases) assert.deepEqual(labOf(labels), lab, JSON.stringify(labels));
});

test("labs are on record as long as they use the engine, and checkouts as long as they want the images", () => {
    const places = enginePlaces(path.join(scratch, "run"), path.join(scratch, "data"));
    assert.deepEqual(tenantsOf(places), []);
    const [a, b] = ["a", "b"].map((name) => ({ name: "lab", checkout: path.join(scratch, name) }));
    assert.ok(a && b);
    for (const lab of [a, b]) register(places, lab);
    const daemon = { pid: 17, start: "4", boot: "x" };
    register(places, { ...b, daemon });
    mkdirSync(places.tenants, { recursive: true });
    writeFileSync(path.join(places.tenants, "half.json"), '{ "name": "lab"');
    const byCheckout = tenantsOf(places).sort((one, other) => one.checkout.localeCompare(other.checkout));
    assert.deepEqual(byCheckout, [a, { ...b, daemon }]);
    unregister(places, a);
    unregister(places, a);
    assert.deepEqual(tenantsOf(places), [{ ...b, daemon }]);
    mkdirSync(path.join(b.checkout, ".lab"), { recursive: true });
    assert.deepEqual(forgetCheckout(places, a.checkout), [b.checkout]);
    rmSync(path.join(b.checkout, ".lab"), { recursive: true });
    assert.deepEqual(forgetCheckout(places, a.checkout), []);
});

test("a lab is abandoned when nobody could take it down any more", () => {
    const lab = { name: "lab", checkout: "/a" };
    const daemon = { pid: 17, start: "4", boot: "x" };
    const folders = { lab: ["/a/.lab", "/a/.lab/lab"], others: ["/a/.lab"], none: [] };
    const cases: [string, object[], object[], readonly string[], boolean, number][] = [
        ["on record, its folder there", [lab], [lab], folders.lab, false, 0],
        ["on record, its folder gone", [lab], [], folders.others, false, 1],
        ["on record, its checkout gone", [lab], [lab], folders.none, false, 1],
        ["its checkout gone, its daemon still there", [{ ...lab, daemon }], [lab], folders.none, true, 0],
        ["its checkout gone, its daemon too", [{ ...lab, daemon }], [lab], folders.none, false, 1],
        ["in the engine alone, its checkout has labs", [], [lab], folders.others, false, 0],
        ["in the engine alone, its checkout has none", [], [lab], folders.none, false, 1],
    ];
    for (const [what, tenants, inEngine, there, alive, count] of cases) {
        const found = abandoned(
            tenants as (typeof lab)[],
            inEngine as (typeof lab)[],
            (folder) => there.includes(folder),
            (record) => alive && record === daemon,
        );
        assert.equal(found.length, count, what);
    }
});

test("an engine in the way is named with its socket and, if it is one, its lab", () => {
    const cases: [string[], string][] = [
        [
            [
                "dockerd",
                "--host",
                "unix:///run/swarm-lab-01234567/docker.sock",
                "--data-root",
                "/home/a/swarm/.lab/cache/docker",
            ],
            "A Docker engine runs on this machine (process 17, started by a lab of /home/a/swarm), which listens on unix:///run/swarm-lab-01234567/docker.sock, " +
                "and a second one beside it would disturb it. Set DOCKER_HOST=unix:///run/swarm-lab-01234567/docker.sock, or stop it.",
        ],
        [
            [
                "/usr/bin/dockerd",
                "-H",
                "tcp://127.0.0.1:2375",
                "--host=unix:///run/other.sock",
                "--data-root=/data",
            ],
            "A Docker engine runs on this machine (process 17), which listens on unix:///run/other.sock, " +
                "and a second one beside it would disturb it. Set DOCKER_HOST=unix:///run/other.sock, or stop it.",
        ],
        [
            ["dockerd", "-H"],
            "A Docker engine runs on this machine (process 17), but it does not answer on /var/run/docker.sock, " +
                "and a second one beside it would disturb it. Have DOCKER_HOST name its socket (unix:///path), or stop it.",
        ],
    ];
    for (const [args, text] of cases) assert.equal(neighbourText(17, args), text);
});

const made: Made = {
    engineFolder: "/engine",
    node: "/node",
    dockerSocket: "/nowhere/docker.sock",
    api: "http://127.0.0.1:8745",
    publicCidr: "198.51.100.0/24",
    faultyImages: false,
    defaultVpcs: true,
    plugins: "own",
};

test("a running lab's settings: what is asked for must be what it has", () => {
    const accepted: NodeJS.ProcessEnv[] = [
        {},
        { LAB_PORT: "", LAB_PUBLIC_CIDR: "", LAB_FAULTY_IMAGES: "", DOCKER_HOST: "" },
        {
            LAB_PORT: "8745",
            LAB_PUBLIC_CIDR: "198.51.100.0/24",
            LAB_FAULTY_IMAGES: "0",
            DOCKER_HOST: "unix:///nowhere/docker.sock",
        },
    ];
    for (const env of accepted) assert.doesNotThrow(() => refuseOtherSettings("lab", made, env));
    const { publicCidr: _, faultyImages: __, ...earlier } = made;
    assert.doesNotThrow(() => refuseOtherSettings("lab", earlier, { LAB_PUBLIC_CIDR: "198.18.1.0/24" }));
    assert.throws(
        () =>
            refuseOtherSettings("lab", made, {
                LAB_PORT: "8750",
                LAB_PUBLIC_CIDR: "198.18.1.0/24",
                LAB_FAULTY_IMAGES: "1",
                LAB_DEFAULT_VPCS: "0",
                DOCKER_HOST: "unix:///elsewhere/docker.sock",
            }),
        {
            name: "LabError",
            message: [
                'The lab "lab" runs, with other settings than are asked for:',
                "- LAB_PORT: it has 8745, asked for is 8750",
                "- LAB_PUBLIC_CIDR: it has 198.51.100.0/24, asked for is 198.18.1.0/24",
                "- LAB_FAULTY_IMAGES: it has 0, asked for is 1",
                "- LAB_DEFAULT_VPCS: it has 1, asked for is 0",
                "- DOCKER_HOST: it has /nowhere/docker.sock, asked for is /elsewhere/docker.sock",
                'Unset them to keep the lab as it is, or "make down" first.',
            ].join("\n"),
        },
    );
});

test("LAB_FAULTY_IMAGES takes 0 and 1", () => {
    const cases: [string | undefined, boolean][] = [
        [undefined, false],
        ["", false],
        ["0", false],
        ["1", true],
    ];
    for (const [value, wanted] of cases) assert.equal(wantsFaultyImages(value), wanted);
    assert.throws(() => wantsFaultyImages("yes"), {
        name: "LabError",
        message: 'LAB_FAULTY_IMAGES is "yes"; it must be "0" or "1".',
    });
});

test("the status of droplets: those of the API's books that have a running container", () => {
    const [one, two] = [1, 2].map((id) => ({ id, status: "active" }));
    assert.ok(one && two);
    const off = { id: 3, status: "off" };
    const begin = '"make down" and "make up" begin a new cloud';
    const cases: [Parameters<typeof dropletsStatus>, string, boolean][] = [
        [[undefined, new Set()], 'went with the daemon; "make up" begins a new cloud', false],
        [[[], new Set()], "0 run", true],
        [[[one, two], new Set([1, 2])], "2 run", true],
        [[[one, off], new Set([1])], "1 run, 1 are off or being made", true],
        [[[one, two], new Set([2])], `1 of 2 are gone from the Docker engine; ${begin}`, false],
        [[[one, two], undefined], `2 of 2 are gone from the Docker engine; ${begin}`, false],
        [[[], undefined], "0 run", false],
    ];
    for (const [[booked, running], text, good] of cases)
        assert.deepEqual(dropletsStatus(booked, running), { text, good });
});

const dev = "config:\n  swarm:managers: node1\n  swarm:workers: node[2:4]\n";

test("a config counts as changed by what it says, not by how", () => {
    const cases: [string, string, boolean][] = [
        ["as it was", dev, false],
        ["with Pulumi's salt", `encryptionsalt: v1:abc\n${dev}`, false],
        ["without its comments", `# a swarm\n${dev}`, false],
        ["a key changed", dev.replace("node[2:4]", "node[2:5]"), true],
        ["a key more", `${dev}  swarm:region: fra1\n`, true],
        ["a key less", "config:\n  swarm:managers: node1\n", true],
        ["empty", "", true],
        ["no YAML", "config: [", true],
    ];
    for (const [what, config, edited] of cases) assert.equal(isEdited(config, dev), edited, what);
});

test("a lab takes its config with it, and moves one that was changed aside", () => {
    const lab = instanceFrom({}, path.join(scratch, "config"));
    mkdirSync(lab.dir, { recursive: true });
    writeFileSync(path.join(lab.checkout, "Pulumi.dev.yaml"), dev);
    assert.equal(takeConfig(lab), undefined);
    writeFileSync(lab.stackConfig, `encryptionsalt: v1:abc\n${dev}`);
    assert.equal(takeConfig(lab), "with Pulumi.lab.yaml");
    assert.equal(existsSync(lab.stackConfig), false);
    const changed = dev.replace("node1", "node[1:3]");
    writeFileSync(lab.stackConfig, changed);
    const kept = path.join(lab.checkout, ".lab", "Pulumi.lab.yaml");
    assert.equal(takeConfig(lab), `Pulumi.lab.yaml, which was changed, is now ${kept}`);
    assert.equal(existsSync(lab.stackConfig), false);
    assert.equal(readFileSync(kept, "utf8"), changed);
});

test("a lab takes the swarm command's files of its stacks with it, and no other's", () => {
    const lab = instanceFrom({}, path.join(scratch, "keys"));
    const all = path.join(lab.checkout, ".swarm");
    const folder = path.join(all, "swarm-lab-0a1b2c3d");
    const other = path.join(all, "swarm-lab-99999999");
    removeSshFiles(lab);
    for (const [name, backend] of [
        [folder, backendUrl(lab)],
        [other, "https://api.pulumi.com"],
    ] as const) {
        mkdirSync(name, { recursive: true });
        writeFileSync(path.join(name, "deploy_key"), "a key");
        writeFileSync(path.join(name, "backend"), backendMark(backend));
    }
    removeSshFiles(lab);
    assert.deepEqual([existsSync(folder), existsSync(other)], [false, true]);
    rmSync(other, { recursive: true });
    removeSshFiles(lab);
    assert.equal(existsSync(all), false);
});
