import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import type { Context } from "../protocol/provider.ts";
import { type Login, prepareLogin } from "./auth.ts";
import type { Connection, Endpoint } from "./connection.ts";
import { goDialError, joinHostPort } from "./goText.ts";

/** The delays of the official plugin (retry.Until of Pulumi's SDK). */
const FIRST_DELAY_MS = 100;
const DELAY_GROWTH = 1.5;
const MAX_DELAY_MS = 5000;

/** Connects and logs in, through the bastion if there is one. The caller ends the client. */
export async function dial(connection: Connection, context: Context): Promise<Client> {
    // What is wrong with the key, the agent or the pin is no matter of luck: said at once, not after retries.
    hostKeyPin(connection.hostKey);
    const login = await prepareLogin(connection);
    const target = joinHostPort(connection.host, connection.port);
    if (connection.proxy === undefined) {
        return retryDial("Dial", target, connection, context, async () =>
            handshake(
                await dialTcp(connection, context.signal),
                connection,
                await prepareLogin(connection),
                context,
            ),
        );
    }
    const { proxy } = connection;
    try {
        const bastion = await retryDial(
            "Dial proxy",
            joinHostPort(proxy.host, proxy.port),
            proxy,
            context,
            async () =>
                handshake(await dialTcp(proxy, context.signal), proxy, await prepareLogin(proxy), context),
        );
        try {
            const channel = await retryDial("Dial from proxy", target, connection, context, () =>
                forward(bastion, connection),
            );
            // One attempt: a second handshake on a channel that carried a failed one cannot succeed.
            const client = await handshake(channel, connection, login, context);
            client.once("close", () => bastion.end());
            return client;
        } catch (error) {
            bastion.end();
            throw error;
        }
    } catch (error) {
        throw new Error(`proxy: ${(error as Error).message}`);
    }
}

/**
 * Tries until it succeeds, `dialErrorLimit` is passed (N failures are borne, the next is final), or the
 * operation is cancelled or past its custom timeout.
 */
async function retryDial<T>(
    what: string,
    target: string,
    { dialErrorLimit }: Endpoint,
    context: Context,
    attempt: () => Promise<T>,
): Promise<T> {
    const start = Date.now();
    let delay = FIRST_DELAY_MS;
    let last = "nothing yet";
    for (let failures = 0; ; failures++) {
        try {
            context.signal.throwIfAborted();
            return await attempt();
        } catch (error) {
            throwIfAborted(failures);
            last = (error as Error).message;
            if (dialErrorLimit >= 0 && failures >= dialErrorLimit) {
                throw new Error(`after ${failures} failed attempts: ${last}`);
            }
        }
        context.status(
            `${what} ${failures + 1}/${dialErrorLimit < 0 ? "inf" : dialErrorLimit} failed: retrying`,
        );
        await sleep(delay, undefined, { signal: context.signal }).catch(() => throwIfAborted(failures + 1));
        delay = Math.min(delay * DELAY_GROWTH, MAX_DELAY_MS);
    }

    function throwIfAborted(failures: number): void {
        if (context.signal.aborted) {
            const seconds = ((Date.now() - start) / 1000).toFixed(1);
            const reason = (context.signal.reason as Error).message;
            throw new Error(
                `${reason}: dialling ${target} for ${seconds}s, ${failures} failed attempts, last: ${last}`,
            );
        }
    }
}

function dialTcp({ host, port, perDialTimeout }: Endpoint, signal: AbortSignal): Promise<Socket> {
    const address = joinHostPort(host, port);
    return new Promise((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true, keepAlive: true });
        const settle = (error?: Error) => {
            clearTimeout(timer);
            signal.removeEventListener("abort", onAbort);
            if (error === undefined) {
                resolve(socket);
            } else {
                socket.destroy();
                reject(error);
            }
        };
        const onAbort = () => settle(signal.reason as Error);
        const timer =
            perDialTimeout > 0
                ? setTimeout(
                      () => settle(new Error(`dial tcp ${address}: i/o timeout`)),
                      perDialTimeout * 1000,
                  )
                : undefined;
        signal.addEventListener("abort", onAbort);
        socket.once("connect", () => settle());
        // Stays after the connect: a socket without a listener would end the plugin with its error.
        socket.on("error", (error) => settle(new Error(goDialError("tcp", address, error))));
    });
}

/**
 * Key exchange and login. Without a deadline, as the official plugin has it: a host that accepts the connection and then
 * says nothing holds the operation until it is cancelled, or past its custom timeout.
 */
function handshake(stream: Duplex, endpoint: Endpoint, login: Login, context: Context): Promise<Client> {
    const pin = hostKeyPin(endpoint.hostKey);
    let mismatch = false;
    const client = new ssh2.Client();
    return new Promise((resolve, reject) => {
        const fail = (text: string) => {
            context.signal.removeEventListener("abort", onAbort);
            client.destroy();
            stream.destroy();
            reject(new Error(`ssh: handshake failed: ${text}`));
        };
        const onAbort = () => fail((context.signal.reason as Error).message);
        context.signal.addEventListener("abort", onAbort);
        client.once("ready", () => {
            context.signal.removeEventListener("abort", onAbort);
            resolve(client);
        });
        // The listeners stay: a client without one would throw on a late error and end the plugin.
        client.on("error", (error) => fail(handshakeError(error, mismatch, login)));
        client.on("close", () => fail("EOF"));
        client.connect({
            sock: stream as ConnectConfig["sock"],
            username: endpoint.user,
            readyTimeout: 0,
            authHandler: (methodsLeft, _partial, callback) =>
                callback(login.next(methodsLeft as string[] | null) as Parameters<typeof callback>[0]),
            ...(pin && {
                algorithms: { serverHostKey: [pin.type] },
                hostVerifier: (key: Buffer) => {
                    mismatch = !key.equals(pin.blob);
                    return !mismatch;
                },
            }),
        } as ConnectConfig);
    });
}

/**
 * The pinned key and its type, to which the offered algorithms are restricted. An RSA key so means the SHA-1
 * signature `ssh-rsa`, which servers of today refuse: the official plugin has it so, and what works in the lab
 * must work with it.
 */
function hostKeyPin(hostKey: string | undefined): { type: string; blob: Buffer } | undefined {
    if (hostKey === undefined) {
        return undefined;
    }
    const parsed = ssh2.utils.parseKey(hostKey);
    if (parsed instanceof Error || Array.isArray(parsed)) {
        throw new Error("failed to parse host key: ssh: no key found");
    }
    return { type: parsed.type, blob: parsed.getPublicSSH() };
}

function handshakeError(error: Error & { level?: string }, mismatch: boolean, login: Login): string {
    if (mismatch) {
        return "ssh: host key mismatch";
    }
    if (error.level === "client-authentication") {
        return (
            `ssh: unable to authenticate, attempted methods [${login.tried.join(" ")}], ` +
            "no supported methods remain"
        );
    }
    // The other side hung up while keys were exchanged: sshd does so while it starts, or at MaxStartups.
    return /closed|ended|ECONNRESET|lost before handshake/i.test(error.message) ? "EOF" : error.message;
}

/** The reasons of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 5.1) in the words of Go's ssh package. */
const REJECTIONS: Record<number, string> = {
    1: "administratively prohibited",
    2: "connect failed",
    3: "unknown channel type",
    4: "resource shortage",
};

function forward(bastion: Client, { host, port }: Endpoint): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        bastion.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
            if (error === undefined) {
                resolve(channel);
                return;
            }
            const reason = REJECTIONS[(error as { reason?: number }).reason ?? 0] ?? "unknown reason";
            const text = error.message.replace(/^\(SSH\) Channel open failure: /, "");
            reject(new Error(`ssh: rejected: ${reason} (${text})`));
        });
    });
}
