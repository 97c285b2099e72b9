/** Which droplets a failed up says that it keeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leavingNodes } from "../../look/look.ts";
import type { ListedDroplet } from "../../model/preflight.ts";

const droplet = (id: number, name: string): ListedDroplet => ({
    id,
    name,
    status: "active",
    tags: [],
    vpcUuid: "",
    createdAt: "",
    ipv4Address: "",
    ipv4AddressPrivate: "",
});

test("those of nodes that the config has no more, by name, whatever order the cloud lists them in", () => {
    const nodes = [{ name: "node1", role: "manager", image: "docker-22-04", size: "s-1vcpu-1gb" } as const];
    const listed = [droplet(13, "node10"), droplet(12, "node2"), droplet(11, "node1"), droplet(10, "node3")];
    assert.deepEqual(leavingNodes({ nodes }, listed), [
        "the droplet 12 of node2",
        "the droplet 10 of node3",
        "the droplet 13 of node10",
    ]);
});
