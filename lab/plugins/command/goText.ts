/**
 * Texts as Go writes them. The official plugin is a Go program, its failures are known to people and to tests
 * by their words, and the lab's plugin answers in the same ones.
 */

const ESCAPES: Record<string, string> = {
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
};

/** What strconv.Quote leaves as it is: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** The `%q` of Go's fmt for a string. */
export function goQuote(text: string): string {
    let quoted = "";
    for (const character of text) {
        quoted += ESCAPES[character] ?? (PRINTABLE.test(character) ? character : escapeCodePoint(character));
    }
    return `"${quoted}"`;
}

function escapeCodePoint(character: string): string {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) {
        return `\\x${hex(code, 2)}`;
    }
    return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, width: number): string {
    return code.toString(16).padStart(width, "0");
}

/** Node's error codes of a failed connect, in the words of Go's syscall errors. */
const CONNECT_ERRORS: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset by peer",
    EHOSTUNREACH: "no route to host",
    ENETUNREACH: "network is unreachable",
    EHOSTDOWN: "host is down",
    ETIMEDOUT: "connection timed out",
    EACCES: "permission denied",
    ENOENT: "no such file or directory",
};

/** The text of a dial that failed: `dial tcp 10.0.0.1:22: connect: connection refused`. */
export function goDialError(network: "tcp" | "unix", address: string, error: NodeJS.ErrnoException): string {
    if (error.syscall === "getaddrinfo") {
        return `dial ${network}: lookup ${(error as { hostname?: string }).hostname ?? address}: no such host`;
    }
    const reason = CONNECT_ERRORS[error.code ?? ""];
    return `dial ${network} ${address}: ${reason === undefined ? error.message : `connect: ${reason}`}`;
}

/** Host and port joined as Go's net.JoinHostPort does: an IPv6 address in brackets. */
export function joinHostPort(host: string, port: number): string {
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
