/** What the whole program refuses, all at once and before it makes anything. The single texts: test/unit. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { otherAccountText } from "../../model/otherAccount.ts";
import { dev, refusal, runProgram, vpcs } from "./harness.ts";

describe("what is refused before anything is made", () => {
    const refused = async (options: Parameters<typeof runProgram>[0]) => {
        const made: string[] = [];
        const error = await runProgram({ ...options, onResource: (name) => made.push(name) }).then(
            () => "nothing was refused",
            (failure: Error) => failure.message,
        );
        assert.deepEqual(made, []);
        return error;
    };

    test("a config with several mistakes: all of them at once", async () => {
        const text = await refused({
            config: { ...dev, regoin: "sgp1", managers: "node[1:2]", sshFrom: ["10.0.0.0/33"] },
        });
        for (const key of ["swarm:regoin", "swarm:managers", "swarm:sshFrom\\[0\\]"]) {
            assert.match(text, new RegExp(`${key}: `));
        }
    });

    test("what the account does not have: all of it at once", async () => {
        const text = await refused({
            config: { ...dev, region: "nyc3", size: "s-9vcpu-9gb", sshKeys: ["77"] },
            account: {
                "digitalocean:index/getImage:getImage": () => {
                    throw refusal("GET https://api/v2/images/docker-22-04: 404 not found");
                },
            },
        });
        assert.equal(
            text,
            `The account cannot give what the configuration asks for:
  - swarm:size: "s-9vcpu-9gb" (for node1, node2, node3, node4) is not a size that nyc3 offers; the nearest name there is "s-1vcpu-1gb"
  - swarm:image: "docker-22-04" (for node1, node2, node3, node4) is not an image that this account has; in nyc3 there are: docker-24-04 (Docker, Ubuntu)
  - swarm:sshKeys: "77" is not a key of this account; it has: 289794 (ada)`,
        );
    });

    test("a token that the API refuses", async () => {
        const text = await refused({
            config: dev,
            account: {
                "digitalocean:index/getAccount:getAccount": () => {
                    throw refusal("GET https://api/v2/account: 401 Unable to authenticate you");
                },
            },
        });
        assert.equal(
            text,
            "DigitalOcean refused the token (401); check DIGITALOCEAN_TOKEN, or digitalocean:token in the config",
        );
    });

    test("a token of another account, which lacks more than the stack's VPC: that it is another one, and no more", async () => {
        const config = { ...dev, sshKeys: ["77"] };
        const inState = (id: string) => ({
            "pulumi:pulumi:readStackResourceOutputs": () => ({
                outputs: {
                    "urn:1": { type: "digitalocean:index/vpc:Vpc", outputs: { vpcUrn: `do:vpc:${id}` } },
                },
            }),
        });
        assert.equal(await refused({ config, account: inState("v1") }), otherAccountText("v1"));
        assert.match(await refused({ config, account: inState("network-id") }), /^The account cannot give/);
    });

    test("no token", async () => {
        const token = process.env.DIGITALOCEAN_TOKEN;
        try {
            assert.equal(
                await refused({ config: dev, token: "" }),
                "there is no DigitalOcean token: set DIGITALOCEAN_TOKEN, or: pulumi config set --secret digitalocean:token",
            );
        } finally {
            process.env.DIGITALOCEAN_TOKEN = token;
        }
    });
});

test("a token of another account, which does not know the stack's VPC: before anything is done to the swarm", async () => {
    const made: string[] = [];
    vpcs.delete("network-id");
    try {
        await assert.rejects(runProgram({ config: dev, onResource: (name) => made.push(name) }), {
            message: otherAccountText("network-id"),
        });
    } finally {
        vpcs.add("network-id");
    }
    assert.deepEqual(
        made.filter((name) => ["swarm", "roster", "nginx"].includes(name)),
        [],
    );
});

after(() => pulumi.runtime.disconnect());
