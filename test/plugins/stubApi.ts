import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface StubAnswer {
    status?: number;
    body?: unknown;
    headers?: Record<string, string>;
    /** Break the connection instead. */
    drop?: boolean;
}

/** An API that answers as a test says, and keeps what it was asked. */
export interface StubApi {
    url: string;
    /** `METHOD /path body` of each request. */
    readonly requests: string[];
    close(): Promise<void>;
}

/** @param answers `METHOD /path` to the answers in turn, of which the last stays; anything else is 404 */
export async function startStubApi(answers: Record<string, StubAnswer[]>): Promise<StubApi> {
    const requests: string[] = [];
    const server = createServer((request, response) => {
        void text(request).then((body) => {
            const what = `${request.method} ${request.url}`;
            requests.push(body === "" ? what : `${what} ${body}`);
            const queue = answers[what] ?? [{ status: 404, body: { id: "not_found", message: "not found" } }];
            const answer = (queue.length > 1 ? queue.shift() : queue[0]) as StubAnswer;
            if (answer.drop) {
                request.socket.destroy();
                return;
            }
            response.writeHead(answer.status ?? 200, {
                "content-type": "application/json",
                ...answer.headers,
            });
            response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
        });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        requests,
        async close() {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        },
    };
}
