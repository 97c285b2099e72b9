import { connect } from "node:net";
import ssh2 from "ssh2";

/** The part of a remote command's `connection` that is needed to log in. */
export interface Login {
    readonly host: string;
    readonly port?: number;
    readonly user: string;
    readonly privateKey: string;
    /** The pinned host key, in authorized_keys form. */
    readonly hostKey: string;
}

export const WRONG_HOST_KEY =
    "WRONG HOST KEY: another machine answers, or the image ignores the host key it is given";

/** What a host is like that says nothing until the signal ends the wait. */
export const MUTE = "it accepts connections and says nothing";

/**
 * Logs in with the pinned host key.
 *
 * @param signal Ends whatever is under way, handshake and session alike: ssh2 has no deadline for either.
 * @throws Error With the reason in a few words.
 */
export function logIn(login: Login, signal: AbortSignal): Promise<ssh2.Client> {
    const pinned = login.hostKey.trim().split(/\s+/);
    let wrongHostKey = false;
    return new Promise((resolve, reject) => {
        const client = new ssh2.Client();
        // Each small packet would else wait 40 ms for the one before to be acknowledged: a look at the swarm took 0.5 s, not 0.1.
        const socket = connect({ host: login.host, port: login.port ?? 22, noDelay: true });
        const end = (why: string) => {
            client.end();
            socket.destroy();
            reject(new Error(why));
        };
        const abort = () => end(socket.connecting ? "no answer" : MUTE);
        if (signal.aborted) return abort();
        signal.addEventListener("abort", abort, { once: true });
        // A socket that was given to ssh2 is not its to watch before it has connected.
        socket.on("error", (error) => end(reason(error, false)));
        client.on("error", (error) => end(reason(error, wrongHostKey)));
        client.on("close", () => {
            signal.removeEventListener("abort", abort);
            end("it closed the connection");
        });
        client.on("ready", () => resolve(client));
        client.connect({
            sock: socket,
            username: login.user,
            privateKey: login.privateKey,
            readyTimeout: 0,
            algorithms: { serverHostKey: [pinned[0] as ssh2.ServerHostKeyAlgorithm] },
            hostVerifier: (key: Buffer) => {
                wrongHostKey = key.toString("base64") !== pinned[1];
                return !wrongHostKey;
            },
        });
    });
}

function reason(error: Error & { level?: string; code?: string }, wrongHostKey: boolean): string {
    if (wrongHostKey || /no matching host key/i.test(error.message)) return WRONG_HOST_KEY;
    if (error.level === "client-authentication") return "login refused";
    const codes: Record<string, string> = {
        ECONNREFUSED: "connection refused",
        EHOSTUNREACH: "no route to it",
        ETIMEDOUT: "no answer",
        ECONNRESET: "it closed the connection",
    };
    return codes[error.code ?? ""] ?? error.message;
}
