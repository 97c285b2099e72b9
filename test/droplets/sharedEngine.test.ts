/** The engine that labs start themselves, in namespaces of the test's own: beside another one it would disturb that. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";

const root = path.resolve(import.meta.dirname, "../..");
const top = mkdtempSync(path.join(tmpdir(), "shared-engine-"));
after(() => rmSync(top, { recursive: true, force: true }));

const prelude = `
import { mkdirSync, readdirSync, existsSync, rmSync, readFileSync } from "node:fs";
import { labLabels } from ${imported("lab/droplets/lab.ts")};
import { networkConfig } from ${imported("lab/droplets/networks.ts")};
import { makeDown } from ${imported("lab/down.ts")};
import { instanceFrom } from ${imported("lab/instance.ts")};
import { writeMade } from ${imported("lab/made.ts")};
import { earlierPlaces } from ${imported("lab/outerDocker/earlier.ts")};
import { leaveEngine, leaveImages } from ${imported("lab/outerDocker/leave.ts")};
import { ensureOuterDocker } from ${imported("lab/outerDocker/outerDocker.ts")};
import { startOwnEngine } from ${imported("lab/outerDocker/ownEngine.ts")};
import { enginePlaces } from ${imported("lab/outerDocker/places.ts")};
const top = ${JSON.stringify(top)};
const places = enginePlaces();
const labOf = (checkout, name = "lab") => {
    const lab = instanceFrom({ LAB_NAME: name }, top + "/" + checkout);
    mkdirSync(lab.dir, { recursive: true });
    return lab;
};
const join = (lab) => ensureOuterDocker(lab, () => {});
const leave = async (lab) => (await leaveEngine(lab, places, console.error)).outcome;
const pid = () => JSON.parse(readFileSync(places.pid, "utf8")).pid;
const network = ({ docker }, lab, third, labels = labLabels(lab)) =>
    docker.createNetwork(networkConfig(lab.name + third, "198.18." + third + ".0/24", "swl0000000" + third, true, labels));
const bridges = () => readdirSync("/sys/class/net").filter((name) => name.startsWith("swl"));
`;

function imported(file: string): string {
    return JSON.stringify(path.join(root, file));
}

/** What the script prints, run where there is no engine, no network and nothing in /run and /var/lib. */
async function alone(script: string): Promise<unknown[]> {
    const enter = [
        "set -eu",
        "mount -t sysfs sysfs /sys",
        // The mounts of an engine that runs here would be on the list still, and out of reach. None of this leaves the namespace.
        "sed -nE 's:^[^ ]+ (/(run|var/lib)/swarm-lab[^ ]*) .*:\\1:p' /proc/self/mounts | sort -r | xargs -r umount -l",
        "mount -t tmpfs tmpfs /run",
        "mount -t tmpfs tmpfs /var/lib",
        "ip link set lo up",
        'exec "$0" --input-type=module --eval "$1"',
    ].join("; ");
    const { stdout } = await execa(
        "unshare",
        [
            ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
            ...["sh", "-c", enter, process.execPath, prelude + script],
        ],
        { timeout: 120_000, env: { DOCKER_HOST: undefined, NODE_NO_WARNINGS: "1" } },
    );
    return stdout
        .split("\n")
        .filter((line) => line.startsWith("{") || line.startsWith("["))
        .map((line) => JSON.parse(line));
}

test("labs of two checkouts share an engine, which goes with the last of them", async () => {
    const [together, one, none] = await alone(`
const [a, b, c] = [labOf("a"), labOf("b"), labOf("b", "lab-two")];
const first = await join(a);
const started = pid();
const sockets = [first.socket, (await join(b)).socket, (await join(c)).socket];
console.log(JSON.stringify({ sockets, same: pid() === started }));
await network(first, b, 1);
console.log(JSON.stringify([await leave(a), await leave(c), pid() === started, bridges()]));
await (await join(b)).docker.getNetwork("lab1").remove();
console.log(JSON.stringify([await leave(b), existsSync(places.run), bridges(), existsSync(places.dataRoot),
    await leaveImages(a.checkout, places, console.error), await leaveImages(b.checkout, places, console.error), existsSync(places.data)]));
`);
    const socket = "/run/swarm-lab/docker.sock";
    assert.deepEqual(together, { sockets: [socket, socket, socket], same: true });
    assert.deepEqual(one, [
        `the labs' own stays, for the lab "lab" of ${top}/b, the lab "lab-two" of ${top}/b`,
        `the labs' own stays, for the lab "lab" of ${top}/b`,
        true,
        ["swl00000001"],
    ]);
    assert.deepEqual(none, [
        "the labs' own, stopped",
        false,
        [],
        true,
        `images in /var/lib/swarm-lab stay, for ${top}/b`,
        "removed",
        false,
    ]);
});

test("a checkout that was deleted with its lab up keeps neither its networks nor the engine", async () => {
    const [ends] = await alone(`
const [a, b] = [labOf("a"), labOf("gone")];
const engine = await join(a);
await join(b);
await network(engine, b, 2);
rmSync(b.checkout, { recursive: true });
console.log(JSON.stringify([bridges(), await leave(a), bridges(), existsSync(places.run)]));
`);
    assert.deepEqual(ends, [["swl00000002"], "the labs' own, stopped", [], false]);
});

test("an engine that was killed comes back for the labs on record, which keep it", async () => {
    const [ends] = await alone(`
const [a, b] = [labOf("a"), labOf("b")];
await network(await join(a), a, 3);
await join(b);
process.kill(pid(), "SIGKILL");
const until = Date.now() + 20000;
while (existsSync("/proc/" + pid()) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
const again = await join(b);
console.log(JSON.stringify([again.socket, await leave(b), await again.docker.getNetwork("lab3").remove() !== undefined, await leave(a)]));
`);
    assert.deepEqual(ends, [
        "/run/swarm-lab/docker.sock",
        `the labs' own stays, for the lab "lab" of ${top}/a`,
        true,
        "the labs' own, stopped",
    ]);
});

test("a lab from before labs shared an engine is taken down with the engine of its checkout", async () => {
    const [ends] = await alone(`
const a = labOf("a");
const earlier = earlierPlaces(a);
const docker = await startOwnEngine(earlier);
writeMade(a, { engineFolder: "/none", node: process.execPath, dockerSocket: earlier.socket, api: "http://127.0.0.1:8745", plugins: "own" });
await network({ docker }, a, 4, { "swarm-lab": "lab" });
await network({ docker }, a, 5, { "swarm-lab": "lab-other" });
const before = bridges();
const problems = await makeDown(a);
console.log(JSON.stringify([before, problems, bridges(), existsSync(earlier.run), existsSync(places.run)]));
`);
    assert.deepEqual(ends, [["swl00000004", "swl00000005"], [], ["swl00000005"], false, false]);
});
