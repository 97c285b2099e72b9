/** tell.sh: what is sent to a webhook, when nothing is, and what is said where it cannot be. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, test } from "node:test";
import { Bench } from "./support/bench.ts";

const RUN_URL = "https://github.com/acme/swarm/actions/runs/1";

let bench: Bench;
let server: Server;
let address: string;
/** What came in, and what it is answered with. */
let received: unknown[];
let status: number;
before(async () => {
    bench = new Bench({ RUN_URL });
    server = createServer(async (request, response) => {
        received.push([
            request.method,
            request.url,
            request.headers["content-type"],
            JSON.parse(await text(request)),
        ]);
        response.writeHead(status).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/a-secret`;
});
beforeEach(() => {
    received = [];
    status = 200;
});
after(() => {
    server.close();
    bench.remove();
});

const tell = (args: readonly string[], SWARM_WEBHOOK_URL = address) =>
    bench.run("tell.sh", args, { env: { SWARM_WEBHOOK_URL } });

for (const [args, words] of [
    [["deploy", "success"], "deployed; the cluster is healthy, and its services answer"],
    [["deploy", "failure"], "the deployment has FAILED"],
    [["deploy", "cancelled"], "the deployment ended before it was done (cancelled)"],
    [["plan", "failure"], "no plan for a deployment could be made; nothing was changed"],
    [["drift", "1"], "DRIFT, or a cluster that is not healthy; the issue about it says what"],
    [["drift", "2"], "it could not be told whether there is drift"],
    [["drift", ""], "it could not be told whether there is drift"],
] as const) {
    test(`${args.join(" ")}: one message`, async () => {
        const message = `stack dev: ${words}: ${RUN_URL}`;
        assert.deepEqual(await tell(args), { status: 0, out: `Told: ${message}\n`, err: "" });
        assert.deepEqual(received, [["POST", "/hooks/a-secret", "application/json", { text: message }]]);
    });
}

for (const args of [
    ["plan", "success"],
    ["drift", "0"],
]) {
    test(`${args.join(" ")}: none`, async () => {
        assert.deepEqual(await tell(args), { status: 0, out: "", err: "" });
        assert.deepEqual(received, []);
    });
}

test("without the secret nothing happens", async () => {
    assert.deepEqual(await tell(["deploy", "failure"], ""), { status: 0, out: "", err: "" });
});

test("a refusal is said, and fails nothing", async () => {
    status = 404;
    assert.deepEqual(await tell(["deploy", "success"]), {
        status: 0,
        out: "::warning::The message was not sent: the webhook answered with status 404\n",
        err: "",
    });
});

for (const [wrong, why] of [
    [
        "http://127.0.0.1:1/hooks/a-secret",
        /^::warning::The message was not sent: the webhook cannot be reached: \S.*\n$/,
    ],
    ["hooks.example.com/a-secret", /is no address such as https:\/\/hooks\.example\.com\/\.\.\.\n$/],
    ["https://[a-secret", /is no address such as/],
] as const) {
    test(`${wrong}: said without the address, and fails nothing`, async () => {
        const ran = await tell(["deploy", "success"], wrong);
        assert.deepEqual([ran.status, ran.err], [0, ""]);
        assert.match(ran.out, why);
        assert.doesNotMatch(ran.out, /a-secret/);
    });
}

test("anything else is no call", async () => {
    for (const args of [[], ["deploy"], ["deploy", ""], ["walk", "success"]])
        assert.equal((await tell(args)).status, 64, args.join(" "));
});
