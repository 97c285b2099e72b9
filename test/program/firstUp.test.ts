/** What the first up sends: the inputs of each resource, and which of them are secret. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { COMMAND, dev, find, inputOf, mark, type Run, runProgram, settled } from "./harness.ts";

const own = `swarm-test-${mark}`;

describe("what the first up sends", () => {
    let run: Run;
    before(async () => {
        run = await runProgram({ config: dev });
    });

    test("a droplet", () => {
        const { userData, ...inputs } = find(run, ":Droplet", "node2").inputs;
        assert.deepEqual(inputs, {
            name: "node2",
            region: "sgp1",
            image: "docker-22-04",
            size: "s-1vcpu-1gb",
            vpcUuid: "network-id",
            tags: [own, `${own}:worker`],
            sshKeys: ["deploy-id"],
            monitoring: false,
        });
        assert.match(`${userData}`, /^#cloud-config\n\{/);
        assert.match(`${userData}`, /private key of node2-host/);
    });

    test("a connection: the public address, the deploy key, the pinned host key", () => {
        assert.deepEqual(find(run, COMMAND, "node2-join").inputs.connection, {
            host: "203.0.113.12",
            port: 22,
            user: "root",
            privateKey: "private key of deploy",
            hostKey: "ssh-ed25519 node2-host",
            dialErrorLimit: 10,
            perDialTimeout: 15,
        });
    });

    test("the firewall", () => {
        const anywhere = ["0.0.0.0/0", "::/0"];
        assert.deepEqual(find(run, ":Firewall", "all").inputs, {
            name: own,
            tags: [own],
            inboundRules: [
                { protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.0/24"] },
                { protocol: "tcp", portRange: "2377", sourceTags: [own] },
                { protocol: "tcp", portRange: "7946", sourceTags: [own] },
                { protocol: "udp", portRange: "7946", sourceTags: [own] },
                { protocol: "udp", portRange: "4789", sourceTags: [own] },
                { protocol: "tcp", portRange: "80", sourceAddresses: anywhere },
            ],
            outboundRules: [
                { protocol: "tcp", portRange: "1-65535", destinationAddresses: anywhere },
                { protocol: "udp", portRange: "1-65535", destinationAddresses: anywhere },
                { protocol: "icmp", destinationAddresses: anywhere },
            ],
        });
    });

    test("a join", () => {
        const join = find(run, COMMAND, "node2-join");
        assert.deepEqual(inputOf(join), [
            ["node", "node2"],
            ["address", "10.120.0.12"],
            ["range", "10.120.0.0/20"],
            ["limit", "600"],
            ["minimum", "20.10.24"],
            ["stack", own],
            ["role", "worker"],
            ["cluster", "clusterid"],
            ["ca", "digest"],
            ["token", "SWMTKN-worker"],
            ["seed", "10.120.0.11"],
            ["manager", "10.120.0.11"],
        ]);
        assert.deepEqual(join.inputs.triggers, ["node2-id"]);
    });

    test("the roster", () => {
        assert.deepEqual(
            inputOf(find(run, COMMAND, "roster")).filter(([key]) => key === "member" || key === "service"),
            [
                ["member", "idnode1 node1 manager active"],
                ["member", "idnode2 node2 worker active"],
                ["member", "idnode3 node3 worker active"],
                ["member", "idnode4 node4 worker active"],
                ["service", "nginx"],
            ],
        );
    });

    test("what is secret", () => {
        assert.deepEqual(find(run, ":Droplet", "node1").secrets, ["userData"]);
        // Where the provider notes the user data once more, in clear.
        assert.deepEqual(find(run, ":Droplet", "node1").secretOutputs, ["__meta"]);
        assert.deepEqual(find(run, COMMAND, "swarm").secretOutputs.toSorted(), [
            "connection",
            "stderr",
            "stdout",
        ]);
        for (const command of run.resources.filter(({ type }) => type === COMMAND)) {
            assert.ok(command.secrets.includes("connection"), command.name);
            assert.equal(command.secrets.includes("stdin"), command.name.endsWith("-join"), command.name);
        }
    });

    test("no secret is in a command's text", () => {
        for (const { name, inputs } of run.resources.filter(({ type }) => type === COMMAND)) {
            assert.doesNotMatch(`${inputs.create} ${inputs.update ?? ""}`, /SWMTKN|private key/, name);
        }
    });

    test("outputs", async () => {
        assert.deepEqual(Object.keys(run.outputs).sort(), [
            "clusterId",
            "deployKey",
            "dockerVersions",
            "manager",
            "nodes",
            "services",
            "sshUser",
            "unlockKey",
        ]);
        assert.equal(await settled(run.outputs.unlockKey), "");
        assert.equal(await settled(run.outputs.clusterId), "clusterid");
        assert.equal(await settled(run.outputs.manager), "203.0.113.11");
        assert.deepEqual(await settled(run.outputs.dockerVersions), ["26.1.5"]);
        const [first, second] = (await settled(run.outputs.nodes)) as Record<string, unknown>[];
        assert.deepEqual(first, {
            name: "node1",
            role: "manager",
            dropletId: "node1-id",
            publicIp: "203.0.113.11",
            privateIp: "10.120.0.11",
            nodeId: "idnode1",
        });
        assert.equal(second?.role, "worker");
        assert.deepEqual(await settled(run.outputs.services), {
            nginx: {
                image: "nginx@sha256:1",
                urls: ["11", "12", "13", "14"].map((host) => `http://203.0.113.${host}/`),
            },
        });
    });

    test("of the outputs, only the deploy key and the unlock key are secret", async () => {
        for (const [name, output] of Object.entries(run.outputs)) {
            const secret = name === "deployKey" || name === "unlockKey";
            assert.equal(await pulumi.isSecret(pulumi.output(output)), secret, name);
        }
    });
});
