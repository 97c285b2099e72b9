import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { deletionsOf, findLeftovers, leftoversText } from "../../lab/outerDocker/leftovers.ts";
import { mountPointsBelow } from "../../lab/outerDocker/mounts.ts";

test("leftovers are bridges and folders with a lab's names, while nothing of Docker runs", (t) => {
    const top = mkdtempSync(path.join(tmpdir(), "leftovers-"));
    t.after(() => rmSync(top, { recursive: true, force: true }));
    const places = { net: path.join(top, "net"), run: path.join(top, "run") };
    assert.deepEqual(findLeftovers(places, []), { bridges: [], cables: [], runs: [] });
    for (const folder of [
        "net/eth0",
        "net/br-0123456789ab/bridge",
        "net/swl0123abcd/bridge",
        "net/swl0123abcd/brif/veth1",
        "net/swl0123abcd/brif/veth2",
        "net/swt89abcdef/bridge",
        // A link of that name which is no bridge, and names that only begin like a lab's.
        "net/swl00000000",
        "net/swl0123abcd5/bridge",
        "run/docker",
        "run/swarm-lab-01234567",
        "run/swarm-lab-other",
        "run/swarm-lab/exec",
        "run/swarm-lab/labs",
        // An engine's folder that was cleared before, with the labs still on record.
        "run/swarm-lab-89abcdef/labs",
    ])
        mkdirSync(path.join(top, folder), { recursive: true });
    const found = findLeftovers(places, []);
    assert.deepEqual(found, {
        bridges: ["swl0123abcd", "swt89abcdef"],
        cables: ["veth1", "veth2"],
        runs: [path.join(top, "run/swarm-lab"), path.join(top, "run/swarm-lab-01234567")],
    });
    assert.equal(
        leftoversText(found),
        `the bridges swl0123abcd, swt89abcdef and the folders ${path.join(top, "run/swarm-lab")}, ${path.join(top, "run/swarm-lab-01234567")}`,
    );
    const none = findLeftovers(places, [4711]);
    assert.deepEqual(none, { bridges: [], cables: [], runs: [] });
    assert.equal(leftoversText(none), undefined);
});

test("rules go that name a bridge, and no others", () => {
    const listing = `*filter
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -i swl0123abcd -o swl0123abcd -j ACCEPT
-A FORWARD -i swl0123abc -j ACCEPT
-A FORWARD -i eth0 -m comment --comment swl0123abcd -j ACCEPT
COMMIT
*nat
-A POSTROUTING -s 198.18.0.0/25 ! -o swl0123abcd -j MASQUERADE
COMMIT
`;
    assert.deepEqual(
        deletionsOf(["swl0123abcd"], listing).map((words) => words.join(" ")),
        [
            "-t filter -D FORWARD -i swl0123abcd -o swl0123abcd -j ACCEPT",
            "-t nat -D POSTROUTING -s 198.18.0.0/25 ! -o swl0123abcd -j MASQUERADE",
        ],
    );
});

test("mount points below a folder, the innermost first", () => {
    const mounts = `22 1 0:20 / / rw - ext4 /dev/vda rw
30 22 0:30 / /repo/.lab/cache/docker rw - tmpfs tmpfs rw
31 30 0:31 / /repo/.lab/cache/docker/overlay2/a\\040b/merged rw - overlay overlay rw
32 22 0:32 / /repo/.lab/cache/docker-other rw - tmpfs tmpfs rw
33 22 0:4 net:[1] /run/swarm-lab-1/exec/netns/x rw - nsfs nsfs rw
`;
    assert.deepEqual(mountPointsBelow(mounts, ["/repo/.lab/cache/docker", "/run/swarm-lab-1"]), [
        "/run/swarm-lab-1/exec/netns/x",
        "/repo/.lab/cache/docker/overlay2/a b/merged",
        "/repo/.lab/cache/docker",
    ]);
});
