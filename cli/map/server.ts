/**
 * The page, on loopback alone. What it shows is nobody else's business, so besides the address it minds the `Host`
 * header: a page from elsewhere whose name has been pointed at 127.0.0.1 gets nothing.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { CliError, EXIT } from "../errors.ts";
import type { Follow, Sight } from "./follow.ts";
import { PALETTE } from "./marks.ts";

/** Whatever the page does not need is forbidden: other hosts, inline scripts and styles, frames, forms. */
const POLICY = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
].join("; ");

const HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
} as const;

/** More than a person has windows. */
const MOST_WATCHERS = 16;
/** A sign of life, ms: a page that gets none for three times as long knows that it is cut off. */
const HEARTBEAT_MS = 5_000;
/** What a client may leave unread before it is cut off, in bytes; it comes back by itself. */
const MOST_UNREAD = 4 * 2 ** 20;

export interface MapServer {
    /** `http://127.0.0.1:8740/` */
    readonly url: string;
    /** Ends all connections. */
    close(): Promise<void>;
}

export interface ServeOptions {
    /** Made with what it has to call when there is something new. Runs only while somebody looks. */
    readonly follow: (show: (sight: Sight) => void) => Follow;
    /** 0 for any that is free. */
    readonly port: number;
}

/**
 * Listens on 127.0.0.1.
 *
 * @throws CliError When the port is taken, or not to be had.
 */
export async function serveMap(options: ServeOptions): Promise<MapServer> {
    const watchers = new Watchers(options.follow);
    const files = pageFiles();
    const server = createServer((request, response) => answer(request, response, files, watchers));
    await listen(server, options.port);
    const { port } = server.address() as AddressInfo;
    return {
        url: `http://127.0.0.1:${port}/`,
        close: () =>
            new Promise((resolve) => {
                watchers.close();
                server.close(() => resolve());
                server.closeAllConnections();
            }),
    };
}

function listen(server: Server, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => {
            const why =
                error.code === "EADDRINUSE"
                    ? "is taken"
                    : error.code === "EACCES"
                      ? "is not for ordinary users"
                      : `cannot be had (${error.message})`;
            const remedy = "choose another with --port, or any that is free with --port 0";
            reject(new CliError(`port ${port} of 127.0.0.1 ${why}; ${remedy}`, EXIT.no));
        });
        server.listen({ host: "127.0.0.1", port }, resolve);
    });
}

interface PageFile {
    readonly type: string;
    readonly body: string;
}

function pageFiles(): ReadonlyMap<string, PageFile> {
    const file = (name: string) => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
    return new Map([
        ["/", { type: "text/html; charset=utf-8", body: file("page.html") }],
        ["/page.css", { type: "text/css; charset=utf-8", body: file("page.css") }],
        ["/palette.css", { type: "text/css; charset=utf-8", body: paletteCss() }],
        ["/page.js", { type: "text/javascript; charset=utf-8", body: file("page.js") }],
        ["/icon.svg", { type: "image/svg+xml", body: file("icon.svg") }],
    ]);
}

const paletteCss = () =>
    PALETTE.map(({ fill, ink }, index) => `.c${index} { background: ${fill}; color: ${ink}; }\n`).join("");

/** Names by which this machine calls itself. The port may be another one: a tunnel's, on the person's own machine. */
export const isLoopback = (host: string | undefined) =>
    /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host ?? "");

function answer(
    request: IncomingMessage,
    response: ServerResponse,
    files: ReadonlyMap<string, PageFile>,
    watchers: Watchers,
): void {
    const send = (status: number, type: string, body: string, headers = {}) => {
        response.writeHead(status, { ...HEADERS, "content-type": type, ...headers });
        response.end(request.method === "HEAD" ? undefined : body);
    };
    const refuse = (status: number, text: string, headers = {}) =>
        send(status, "text/plain; charset=utf-8", `${text}\n`, headers);
    const [pathname = "/"] = (request.url ?? "/").split("?");
    const file = files.get(pathname);
    if (!isLoopback(request.headers.host)) {
        // 421: "misdirected request".
        refuse(421, "This page is for localhost, 127.0.0.1 and [::1] alone.");
    } else if (request.method !== "GET" && request.method !== "HEAD") {
        refuse(405, "There is nothing to change here.", { allow: "GET, HEAD" });
    } else if (file !== undefined) {
        send(200, file.type, file.body);
    } else if (pathname !== "/events" || request.method === "HEAD") {
        refuse(404, "There is nothing here.");
    } else if (watchers.full) {
        refuse(503, `${MOST_WATCHERS} windows watch already.`);
    } else {
        watchers.add(request, response);
    }
}

/** The pages that are open. The first one to come starts the following, and the last one to go ends it. */
class Watchers {
    readonly #responses = new Set<ServerResponse>();
    readonly #follow: Follow;
    readonly #heart: NodeJS.Timeout;
    #running: AbortController | undefined;

    constructor(follow: ServeOptions["follow"]) {
        this.#follow = follow((sight) => this.#send(eventOf(sight)));
        this.#heart = setInterval(() => this.#send("event: beat\ndata:\n\n"), HEARTBEAT_MS);
        this.#heart.unref();
    }

    get full(): boolean {
        return this.#responses.size >= MOST_WATCHERS;
    }

    add(request: IncomingMessage, response: ServerResponse): void {
        response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
        response.write(`retry: 1000\n\n${eventOf(this.#follow.sight)}`);
        this.#responses.add(response);
        request.once("close", () => this.#remove(response));
        if (this.#running === undefined) {
            this.#running = new AbortController();
            void this.#follow.run(this.#running.signal);
        }
    }

    #remove(response: ServerResponse): void {
        this.#responses.delete(response);
        if (this.#responses.size === 0) this.#stop();
    }

    #stop(): void {
        this.#running?.abort();
        this.#running = undefined;
    }

    #send(event: string): void {
        for (const response of this.#responses) {
            if (response.writableLength > MOST_UNREAD) response.destroy();
            else response.write(event);
        }
    }

    close(): void {
        clearInterval(this.#heart);
        this.#stop();
    }
}

/** JSON has no line breaks, so one `data` line holds it. The age is the server's to say: clocks differ. */
function eventOf(sight: Sight): string {
    const { seenAt, ...rest } = sight;
    const age = seenAt === undefined ? undefined : Math.max(0, Date.now() - seenAt);
    return `event: sight\ndata: ${JSON.stringify({ ...rest, age })}\n\n`;
}
