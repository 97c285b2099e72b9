/** Whether a token is of the account that the stack is in. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountMismatch } from "../../cli/otherAccount.ts";
import type { StackNode } from "../../cli/stackState.ts";
import { CloudError } from "../../cloud.ts";
import { otherAccountText } from "../../model/otherAccount.ts";

const nodes = ["11", "12"].map((dropletId) => ({ dropletId }) as StackNode);

/** An account with these VPCs. */
function account(...vpcs: string[]) {
    const asked: string[] = [];
    return {
        asked,
        get: async <T>(path: string) => {
            asked.push(path);
            return (vpcs.includes(path) ? {} : undefined) as T | undefined;
        },
    };
}

describe("the account of a token", () => {
    const cases = [
        { what: "one droplet of two is gone", listed: [{ id: 12 }], vpcs: [], other: false, asked: [] },
        {
            what: "all droplets are gone, the VPC is there",
            listed: [],
            vpcs: ["/v2/vpcs/v1"],
            other: false,
            asked: ["/v2/vpcs/v1"],
        },
        { what: "neither is there", listed: [], vpcs: [], other: true, asked: ["/v2/vpcs/v1"] },
        {
            what: "neither is there, but droplets of a stack of the same name",
            listed: [{ id: 99 }],
            vpcs: ["/v2/vpcs/v9"],
            other: true,
            asked: ["/v2/vpcs/v1"],
        },
    ];
    for (const { what, listed, vpcs, other, asked } of cases) {
        test(what, async () => {
            const cloud = account(...vpcs);
            const said = await accountMismatch(cloud, { nodes, vpcId: "v1" }, listed);
            assert.equal(said, other ? otherAccountText("v1") : undefined);
            assert.deepEqual(cloud.asked, asked);
        });
    }

    test("a stack without a VPC is in no account yet", async () => {
        const cloud = account();
        assert.equal(await accountMismatch(cloud, { nodes: [] }, []), undefined);
        assert.deepEqual(cloud.asked, []);
    });

    test("an API that does not answer is no other account", async () => {
        const refused = new CloudError("GET /v2/vpcs/v1", 403, "no scope");
        const cloud = { get: () => Promise.reject(refused) };
        await assert.rejects(accountMismatch(cloud, { nodes, vpcId: "v1" }, []), refused);
    });

    test("what is said", () => {
        assert.equal(
            otherAccountText("v1"),
            "this token sees another account: it knows neither the stack's VPC v1 nor any of its droplets. Set " +
                "DIGITALOCEAN_TOKEN, or digitalocean:token in the config, to a token of the account that the stack is in. " +
                "Only if everything of the stack was deleted by hand, take it out of the state: pulumi refresh",
        );
    });
});
