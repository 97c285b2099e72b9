/** What is read from a stack's state. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkProject, deployKeyIn, nameIn, readState, upOrThrow } from "../../cli/stackState.ts";
import { recorded, sources } from "./recordings.ts";

describe("the state, read", () => {
    test("the nodes with addresses, roles, IDs and host keys; managers first", () => {
        const { nodes, sshUser, deployKeyPublic, services, names } = sources("healthy").state;
        assert.deepEqual(
            nodes.map(({ name, role, publicIp, privateIp, size }) => [name, role, publicIp, privateIp, size]),
            [
                ["node1", "manager", "198.18.12.5", "10.144.0.4", "s-1vcpu-1gb"],
                ["node2", "manager", "198.18.12.6", "10.144.0.5", "s-1vcpu-1gb"],
                ["node3", "manager", "198.18.12.3", "10.144.0.2", "s-1vcpu-1gb"],
                ["node4", "worker", "198.18.12.4", "10.144.0.3", "s-1vcpu-1gb"],
            ],
        );
        assert.equal(nodes[0]?.nodeId, "65e2g9g0n3k5awdzk21fdltpx");
        assert.equal(new Set(nodes.map(({ hostKey }) => hostKey)).size, 4);
        for (const { hostKey } of nodes) assert.match(hostKey, /^ssh-ed25519 [A-Za-z0-9+/]+=*$/);
        assert.match(deployKeyPublic ?? "", /^ssh-ed25519 /);
        assert.deepEqual([sshUser, services, names.tags.all], ["root", ["nginx"], "swarm-lab-cli"]);
    });

    test("a stack without resources", () => {
        assert.equal(nameIn({ deployment: {} }), undefined);
        const state = readState({}, "dev");
        assert.deepEqual([state.nodes, state.clusterId, state.deployKeyPublic], [[], "", undefined]);
        assert.throws(() => upOrThrow(state), {
            message: 'the stack "dev" is not up: it has no nodes; say: pulumi up',
            status: 3,
        });
    });

    test("a stack of another project is refused, by its name and by its state", () => {
        for (const stack of ["dev", "acme/dev", "acme/swarm/dev"]) checkProject(stack);
        assert.throws(() => checkProject("acme/website/dev"), {
            message:
                'the stack "acme/website/dev" belongs to the project "website", and this command to "swarm"; ' +
                "see: pulumi stack ls",
            status: 3,
        });
        const urn = "urn:pulumi:dev::website::pulumi:pulumi:Stack::website-dev";
        assert.throws(
            () => readState({ deployment: { resources: [{ urn, type: "pulumi:pulumi:Stack" }] } }, "dev"),
            {
                message:
                    'the stack "dev" belongs to the project "website", and this command to "swarm"; see: pulumi stack ls',
                status: 3,
            },
        );
    });

    test("the key that logs in, where no up has gone through and there are no outputs", () => {
        const key = (name: string, plaintext: string, more = {}) => ({
            urn: `urn:pulumi:dev::swarm::swarm:index:DeployKey$tls:index/privateKey:PrivateKey::${name}`,
            type: "tls:index/privateKey:PrivateKey",
            outputs: { privateKeyOpenssh: { plaintext: JSON.stringify(plaintext) } },
            ...more,
        });
        const resources = [
            key("node1-host", "a host's"),
            key("deploy", "old", { delete: true }),
            key("deploy", "new\n"),
        ];
        assert.equal(deployKeyIn({ deployment: { resources } }), "new\n");
        assert.throws(() => deployKeyIn({ deployment: { resources: resources.slice(0, 2) } }), {
            message: "the stack has no key to log in with yet; say: pulumi up",
            status: 3,
        });
    });

    test("a droplet that waits for its deletion is no node", () => {
        const { state } = recorded("healthy");
        const resources = (state.deployment?.resources ?? []).map((resource) =>
            resource.urn.endsWith("Droplet::node4") ? { ...resource, delete: true } : resource,
        );
        assert.deepEqual(
            readState({ deployment: { resources } }, "lab-cli").nodes.map(({ name }) => name),
            ["node1", "node2", "node3"],
        );
    });
});
