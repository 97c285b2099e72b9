/** smoke.sh: which questions it asks, what it takes for an answer, and what it says of the rest. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { judge, publishing, questions } from "../../.github/scripts/text/smoke.ts";
import { Bench } from "./support/bench.ts";

const outputs = {
    nodes: [
        { name: "node1", publicIp: "203.0.113.1" },
        { name: "node2", publicIp: "203.0.113.2" },
    ],
    services: {
        web: {
            urls: [
                "http://203.0.113.1/",
                "https://203.0.113.1/",
                "http://203.0.113.2/",
                "https://203.0.113.2/",
            ],
        },
        agent: { urls: ["http://203.0.113.1:9100/", "http://203.0.113.2:9100/"] },
        worker: { urls: [] },
    },
};
const port = (PublishedPort: number, PublishMode = "ingress", Protocol = "tcp") => ({
    PublishedPort,
    PublishMode,
    Protocol,
});

test("every node for every port in mode ingress; a port in mode host is named", () => {
    assert.deepEqual(publishing(outputs), ["web", "agent"]);
    const { asked, host } = questions(outputs, [
        [port(80), port(443)],
        [port(9100, "host"), port(9100, "ingress", "udp")],
    ]);
    assert.deepEqual(
        asked.map(({ service, node, url }) => `${service} ${node} ${url}`),
        [
            "web node1 http://203.0.113.1/",
            "web node1 https://203.0.113.1/",
            "web node2 http://203.0.113.2/",
            "web node2 https://203.0.113.2/",
        ],
    );
    assert.deepEqual(host, [{ service: "agent", port: 9100 }]);
});

test("a service that the swarm tells nothing of", () => {
    assert.throws(() => questions(outputs, [[port(80)]]), {
        message: "the swarm told the ports of 1 services, asked for web, agent",
    });
    assert.equal(questions(outputs, [null, null]).asked.length, 6);
});

for (const [code, ok, text] of [
    ["HPE_INVALID_CONSTANT", true, "answers, not in HTTP"],
    ["ECONNRESET", true, "answers, not in HTTP"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", true, "answers in TLS"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", true, "answers in TLS"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", true, "answers in TLS"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", true, "answers, not in TLS"],
    ["TimeoutError", false, "connects, and says nothing for 3 s"],
    ["EHOSTUNREACH", false, "EHOSTUNREACH"],
] as const) {
    test(`${code}: ${text}`, () => assert.deepEqual(judge(code), { ok, text }));
}

describe("smoke.sh against servers on this machine", () => {
    let bench: Bench;
    const servers: Server[] = [];
    beforeEach(() => {
        bench = new Bench();
    });
    afterEach(() => {
        bench.remove();
        for (const server of servers.splice(0)) {
            if ("closeAllConnections" in server) (server as HttpServer).closeAllConnections();
            server.close();
        }
    });

    const listening = async (server: Server): Promise<number> => {
        servers.push(server);
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        return (server.address() as AddressInfo).port;
    };
    const http = (status: () => number) =>
        listening(
            createHttp((_, answer) => answer.writeHead(status(), { location: "http://203.0.113.9/" }).end()),
        );

    const run = (ports: readonly number[], env: Record<string, string> = {}) => {
        bench.stand("pulumi", [
            {
                when: "stack output --json --stack dev",
                out: JSON.stringify({
                    nodes: [{ name: "node1", publicIp: "127.0.0.1" }],
                    services: { web: { urls: ports.map((number) => `http://127.0.0.1:${number}/`) } },
                }),
            },
        ]);
        bench.stand("swarm", [
            {
                when: "docker service inspect web",
                out: `${JSON.stringify(ports.map((number) => port(number)))}\n`,
            },
        ]);
        return bench.run("smoke.sh", [], { env });
    };

    test("ports that fetch refuses to ask are asked", async () => {
        const server = createHttp((_, answer) => answer.writeHead(200).end());
        // The first of them that is free on this machine; below 1024 only root may listen.
        for (const number of [6000, 6566, 6665, 6697, 10080, 5060]) {
            const free = await new Promise((resolve) => {
                server.once("error", () => resolve(false)).listen(number, "127.0.0.1", () => resolve(true));
            });
            if (!free) continue;
            servers.push(server);
            await assert.rejects(fetch(`http://127.0.0.1:${number}/`), (error: Error) =>
                /bad port/.test(`${error.cause}`),
            );
            const ran = await run([number]);
            assert.match(ran.out, /^ok {3}web through node1, .*: HTTP 200\n1 of 1 answers are good\.\n$/);
            return;
        }
        assert.fail("none of the ports is free here");
    });

    test("good are any answers below 500, and those in another protocol", async () => {
        const good = await http(() => 200);
        const moved = await http(() => 302);
        const missing = await http(() => 404);
        const other = await listening(
            createServer(
                (socket) =>
                    void socket
                        .on("error", () => {})
                        .resume()
                        .end("220 mail\r\n"),
            ),
        );
        const ran = await run([good, moved, missing, other]);
        assert.deepEqual(
            [ran.status, ran.err, ran.out],
            [
                0,
                "",
                `ok   web through node1, http://127.0.0.1:${good}/: HTTP 200\n` +
                    `ok   web through node1, http://127.0.0.1:${moved}/: HTTP 302\n` +
                    `ok   web through node1, http://127.0.0.1:${missing}/: HTTP 404\n` +
                    `ok   web through node1, http://127.0.0.1:${other}/: answers, not in HTTP\n` +
                    "4 of 4 answers are good.\n",
            ],
        );
        assert.equal(
            bench.calls("swarm")[0],
            "docker --stack dev service inspect --format {{json .Endpoint.Ports}} web",
        );
    });

    test("one that comes up meanwhile is waited for", async () => {
        let asked = 0;
        const late = await http(() => (++asked < 3 ? 503 : 200));
        const ran = await run([late]);
        assert.equal(ran.status, 0, ran.out);
        assert.match(ran.out, /HTTP 200/);
    });

    test("refused, an error, silence: when the time is over, and which", { timeout: 60_000 }, async () => {
        const broken = await http(() => 500);
        const silent = await listening(createServer((socket) => void socket.on("error", () => {}).resume()));
        const closed = await listening(createServer());
        const server = servers.pop() as Server;
        server.close();
        await once(server, "close");
        const ran = await run([broken, silent, closed], { SMOKE_SECONDS: "4" });
        assert.equal(ran.status, 1);
        assert.equal(
            ran.out,
            `FAIL web through node1, http://127.0.0.1:${broken}/: HTTP 500, for 4 s\n` +
                `FAIL web through node1, http://127.0.0.1:${silent}/: connects, and says nothing for 3 s, for 4 s\n` +
                `FAIL web through node1, http://127.0.0.1:${closed}/: connection refused, for 4 s\n` +
                "0 of 3 answers are good.\n",
        );
    });
});
