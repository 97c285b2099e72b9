/**
 * DigitalOcean's API on loopback as a test says it: for whatever calls the cloud, and for one call at a time. The API
 * that remembers what it was told is the lab's, which `newApi` in test/lab runs on machines in memory.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface FakeAnswer {
    /** Default 200. */
    readonly status?: number;
    /** Sent as JSON; text is sent as it is. */
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    /** Break the connection instead. */
    readonly drop?: boolean;
}

/**
 * What a call gets; undefined for 404.
 *
 * @param call As in `GET /v2/vpcs?page=1&per_page=200`.
 * @param before How often it was made before.
 * @param body What was sent with it; empty for none.
 */
export type Answering = (call: string, before: number, body: string) => FakeAnswer | undefined;

export interface FakeApi {
    readonly url: string;
    /** Each call, in order. */
    readonly calls: string[];
    /** The same, each with the body that it came with. */
    readonly requests: string[];
    /** The `Authorization` headers that came, each once. */
    readonly authorizations: Set<string | undefined>;
    close(): Promise<void>;
}

const NOT_FOUND: FakeAnswer = {
    status: 404,
    body: { id: "not_found", message: "The resource you were accessing could not be found." },
};

export async function fakeApi(answering: Answering): Promise<FakeApi> {
    const calls: string[] = [];
    const requests: string[] = [];
    const authorizations = new Set<string | undefined>();
    const server = createServer(async (request, response) => {
        const sent = await text(request);
        const call = `${request.method} ${request.url}`;
        const before = calls.filter((one) => one === call).length;
        calls.push(call);
        requests.push(sent === "" ? call : `${call} ${sent}`);
        authorizations.add(request.headers.authorization);
        const { status = 200, body, headers, drop } = answering(call, before, sent) ?? NOT_FOUND;
        if (drop) {
            request.socket.destroy();
            return;
        }
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A test that is over does not wait for it.
    server.unref();
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        calls,
        requests,
        authorizations,
        async close() {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        },
    };
}

/** By call, the answers in turn, of which the last stays. */
export function inTurn(answers: Readonly<Record<string, readonly FakeAnswer[]>>): Answering {
    return (call, before) => answers[call]?.[Math.min(before, answers[call].length - 1)];
}
