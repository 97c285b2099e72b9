/** What `pulumi destroy` runs between the droplets and the VPC, as the process that it is. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type FakeAnswer, fakeApi } from "../fakeApi.ts";

const script = fileURLToPath(new URL("../../remnants/vpcMembers.ts", import.meta.url));

const MEMBERS = "GET /v2/vpcs/v1/members?page=1&per_page=200";
const droplet = { urn: "do:droplet:7", name: "node7" };
const database = { urn: "do:dbaas:77", name: "db" };
const members = (...entries: unknown[]): FakeAnswer => ({ body: { members: entries } });

const text = (...lines: string[]) =>
    "The VPC cannot be deleted while something is in it that this stack's state does not know:\n" +
    lines.map((line) => `  - ${line}\n`).join("") +
    "Droplets that carry the stack's mark are removed by: cli/bin/swarm orphans --delete\n" +
    "Remove the rest by hand, then run again: pulumi destroy\n";

const VPC = "GET /v2/vpcs/v1";
const VPCS = "GET /v2/vpcs?page=1&per_page=200";
const vpc = { id: "v1", name: "swarm-dev", region: "sgp1", ip_range: "10.120.0.0/20", default: true };
/** A VPC that is empty, and its region's default. */
const isDefault = (call: string): FakeAnswer | undefined => {
    if (call === MEMBERS) return members();
    if (call === VPC) return { body: { vpc } };
    if (call === VPCS) return { body: { vpcs: [vpc] } };
    if (call === "POST /v2/vpcs") return { status: 201, body: { vpc: { id: "v2" } } };
    return call === "PATCH /v2/vpcs/v2" ? { body: {} } : undefined;
};
const stays = (why: string) =>
    `The stack's VPC is the default of sgp1, which DigitalOcean does not delete, and default-sgp1 could not be made the \
default in its place (${why}).
Make another VPC of the region the default, then run pulumi destroy again:
  doctl vpcs create --name default-sgp1 --region sgp1
  doctl vpcs update ID-OF-THAT-ONE --default=true
Or leave the VPC (ID v1) to the account: pulumi destroy --continue-on-error, then pulumi stack rm --force
`;

interface Case {
    readonly what: string;
    readonly answer: (call: string, before: number) => FakeAnswer | undefined;
    readonly status: number;
    readonly stderr: string;
    readonly calls?: readonly string[];
    /** Null: the environment has none. */
    readonly token?: null;
}

const cases: Case[] = [
    {
        what: "an empty VPC that is not the default",
        answer: (call) => (call === VPC ? { body: { vpc: { ...vpc, default: false } } } : isDefault(call)),
        status: 0,
        stderr: "",
        calls: [MEMBERS, VPC],
    },
    {
        what: "a VPC that is gone, or another account's",
        answer: () => undefined,
        status: 0,
        stderr: "",
        calls: [MEMBERS],
    },
    {
        what: "the region's default: default-sgp1 becomes it",
        answer: isDefault,
        status: 0,
        stderr: "",
        calls: [MEMBERS, VPC, VPCS, "POST /v2/vpcs", "PATCH /v2/vpcs/v2"],
    },
    {
        what: "the region's default, where default-sgp1 is there already",
        answer: (call) =>
            call === VPCS
                ? { body: { vpcs: [vpc, { ...vpc, id: "v2", name: "default-sgp1" }] } }
                : call === "POST /v2/vpcs"
                  ? { status: 422, body: { message: "The name default-sgp1 is already in use" } }
                  : isDefault(call),
        status: 0,
        stderr: "",
        calls: [MEMBERS, VPC, VPCS, "POST /v2/vpcs", VPCS, "PATCH /v2/vpcs/v2"],
    },
    {
        what: "the region's default, and a token that may make none",
        answer: (call) =>
            call === "POST /v2/vpcs"
                ? { status: 403, body: { message: "You are not authorized" } }
                : isDefault(call),
        status: 3,
        stderr: stays("POST /v2/vpcs: 403 You are not authorized"),
    },
    {
        what: "the region's default, and a token that may change none",
        answer: (call) =>
            call === "PATCH /v2/vpcs/v2"
                ? { status: 403, body: { message: "You are not authorized" } }
                : isDefault(call),
        status: 3,
        stderr: stays("PATCH /v2/vpcs/v2: 403 You are not authorized"),
    },
    {
        what: "a droplet and a database",
        answer: (call) => (call === MEMBERS ? members(droplet, database) : { body: { droplet: { id: 7 } } }),
        status: 3,
        stderr: text("node7, droplet 7", "db, dbaas 77"),
        calls: [MEMBERS, "GET /v2/droplets/7", MEMBERS, "GET /v2/droplets/7"],
    },
    {
        what: "a droplet that the API has no more, though it is on the list still",
        answer: (call) => (call === MEMBERS ? members(droplet) : undefined),
        status: 0,
        stderr: "",
        calls: [MEMBERS, "GET /v2/droplets/7", VPC],
    },
    {
        what: "a droplet that is on its way out",
        answer: (call, before) =>
            call === MEMBERS ? members(droplet) : before === 0 ? { body: { droplet: { id: 7 } } } : undefined,
        status: 0,
        stderr: "",
        calls: [MEMBERS, "GET /v2/droplets/7", MEMBERS, "GET /v2/droplets/7", VPC],
    },
    { what: "a token that may not ask", answer: () => ({ status: 403 }), status: 0, stderr: "" },
    { what: "an API that is broken", answer: () => ({ status: 500 }), status: 0, stderr: "" },
    {
        what: "no token",
        answer: () => members(database),
        token: null,
        status: 0,
        stderr: "",
        calls: [],
    },
];

describe("what is left in a VPC", { concurrency: true }, () => {
    for (const { what, answer, status, stderr, calls, token } of cases) {
        test(what, async (context) => {
            const api = await fakeApi(answer);
            context.after(() => api.close());
            const child = spawn(process.execPath, ["--no-warnings", script, "v1"], {
                env: {
                    DIGITALOCEAN_API_URL: api.url,
                    ...(token === undefined ? { DIGITALOCEAN_TOKEN: "a token" } : {}),
                },
            });
            let said = "";
            for (const stream of [child.stdout, child.stderr]) {
                stream.setEncoding("utf8").on("data", (data) => {
                    said += data;
                });
            }
            const ended = await new Promise((resolve) => child.on("close", resolve));
            assert.equal(said, stderr);
            assert.equal(ended, status);
            if (calls) assert.deepEqual(api.calls, calls);
            if (api.calls.length > 0) {
                assert.deepEqual([...api.authorizations], ["Bearer a token"]);
            }
        });
    }
});
