/**
 * The page, on loopback alone. What it shows is nobody else's business, so besides the address it minds the `Host`
 * header: a page from elsewhere whose name has been pointed at 127.0.0.1 gets nothing.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { CliError } from "../errors.ts";
import type { Sight } from "./follow.ts";

/** Whatever the page does not need is forbidden: other hosts, inline scripts and styles, frames, forms. */
const HEADERS = {
    "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
} as const;

export interface MapServer {
    readonly url: string;
    close(): Promise<void>;
}

/**
 * @param port 0 for any that is free. @param look What there is to show; asked once a second by each page that is open.
 * @throws CliError When the port is taken, or not to be had.
 */
export async function serveMap(port: number, look: () => Promise<Sight>): Promise<MapServer> {
    const files = pageFiles();
    const server = createServer((request, response) => void answer(request, response, files, look));
    await new Promise<void>((resolve, reject) => {
        server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
            const why = code === "EADDRINUSE" ? "is taken" : `cannot be had (${message})`;
            const remedy = "choose another with --port, or any that is free with --port 0";
            reject(new CliError(`port ${port} of 127.0.0.1 ${why}; ${remedy}`));
        });
        server.listen({ host: "127.0.0.1", port }, resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        close: () =>
            new Promise((resolve) => {
                server.close(() => resolve());
                server.closeAllConnections();
            }),
    };
}

type File = readonly [type: string, body: string];

function pageFiles(): ReadonlyMap<string, File> {
    const file = (name: string) => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
    return new Map<string, File>([
        ["/", ["text/html", file("page.html")]],
        ["/page.css", ["text/css", file("page.css")]],
        ["/page.js", ["text/javascript", file("page.js")]],
    ]);
}

/** Names by which this machine calls itself. The port may be another one: a tunnel's, on the person's own machine. */
export const isLoopback = (host: string | undefined) =>
    /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host ?? "");

async function answer(
    { method, url = "/", headers }: IncomingMessage,
    response: ServerResponse,
    files: ReadonlyMap<string, File>,
    look: () => Promise<Sight>,
): Promise<void> {
    const send = (status: number, type: string, body: string, more = {}) =>
        response
            .writeHead(status, { ...HEADERS, "content-type": `${type}; charset=utf-8`, ...more })
            .end(method === "HEAD" ? undefined : body);
    const [pathname = "/"] = url.split("?");
    const file = files.get(pathname);
    // 421: "misdirected request".
    if (!isLoopback(headers.host))
        send(421, "text/plain", "This page is for localhost, 127.0.0.1 and [::1] alone.\n");
    else if (method !== "GET" && method !== "HEAD")
        send(405, "text/plain", "There is nothing to change here.\n", { allow: "GET, HEAD" });
    else if (file) send(200, ...file);
    else if (pathname === "/sight") send(200, "application/json", JSON.stringify(await look()));
    else send(404, "text/plain", "There is nothing here.\n");
}
