/** An HTTP server on loopback that answers as a test says: for whatever calls the cloud by itself. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface TinyAnswer {
    /** Default 200. */
    readonly status?: number;
    /** Sent as JSON; text is sent as it is. */
    readonly body?: unknown;
}

export interface TinyApi {
    readonly url: string;
    /** Each call, as in `GET /v2/vpcs?page=1&per_page=200`. */
    readonly calls: string[];
    /** Bodies of the requests that had one, as text. */
    readonly bodies: string[];
    /** The `Authorization` headers that came, each once. */
    readonly authorizations: Set<string | undefined>;
    readonly server: Server;
}

/** @param answer What a call gets, by the call and how often it was made before; undefined for 404. */
export async function tinyApi(
    answer: (call: string, before: number) => TinyAnswer | undefined,
): Promise<TinyApi> {
    const calls: string[] = [];
    const bodies: string[] = [];
    const authorizations = new Set<string | undefined>();
    const server = createServer((request, response) => {
        const call = `${request.method} ${request.url}`;
        const { status = 200, body } = answer(call, calls.filter((one) => one === call).length) ?? {
            status: 404,
            body: { id: "not_found", message: "The resource you were accessing could not be found." },
        };
        calls.push(call);
        authorizations.add(request.headers.authorization);
        request.setEncoding("utf8").on("data", (text: string) => bodies.push(text));
        response.writeHead(status, { connection: "close" });
        response.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        calls,
        bodies,
        authorizations,
        server,
    };
}
