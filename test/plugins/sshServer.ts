import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type AuthContext, type ParsedKey, type Connection as ServerConnection } from "ssh2";
import { makeKeys } from "../keys.ts";

/** A host to log in to, on loopback: real SSH, commands run by the local sh in a directory of their own. */
export interface SshHost {
    port: number;
    /** For `connection.hostKey`. */
    hostKey: string;
    /** A key that may log in. */
    privateKey: string;
    /** Commands that were run, in order. */
    readonly commands: string[];
    /** Logins that succeeded. */
    readonly logins: string[];
    /** Processes of commands still running. */
    readonly running: ReadonlySet<ChildProcess>;
    /** Breaks every connection. */
    hangUp(): void;
    close(): Promise<void>;
}

export interface SshHostOptions {
    /** Names of variables that `AcceptEnv` takes; others are refused. None when left out. */
    acceptEnv?: string[];
    /** Logs in with this password too. */
    password?: string;
    /** Ends a connection right after it was accepted, this many times. */
    hangUps?: number;
    /** Accepts a connection and then says nothing. */
    mute?: boolean;
    /** Fixed port, for a host that comes back where it was. */
    port?: number;
}

export async function startSshHost(options: SshHostOptions = {}): Promise<SshHost> {
    const host = makeKeys();
    const user = makeKeys();
    const userKey = ssh2.utils.parseKey(user.public) as ParsedKey;
    const directory = mkdtempSync(join(tmpdir(), "ssh-host-"));
    const commands: string[] = [];
    const logins: string[] = [];
    const running = new Set<ChildProcess>();
    const connections = new Set<ServerConnection>();
    let hangUps = options.hangUps ?? 0;

    const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
        connections.add(connection);
        // Small packets back and forth: without this each waits for a delayed acknowledgement.
        (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
        connection.on("close", () => connections.delete(connection));
        connection.on("error", () => {});
        if (hangUps > 0) {
            hangUps -= 1;
            connection.end();
            return;
        }
        connection.on("authentication", (login) => authenticate(login));
        connection.on("ready", () => {
            connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
                const onward = connect(destPort, destIP);
                onward.once("error", () => reject());
                onward.once("connect", () => {
                    const channel = accept();
                    channel.pipe(onward).pipe(channel);
                    channel.on("close", () => onward.destroy());
                });
            });
            let child: ChildProcess | undefined;
            onSignal(connection, (name) => {
                if (child?.pid !== undefined) {
                    process.kill(-child.pid, `SIG${name}` as NodeJS.Signals);
                }
            });
            connection.on("session", (acceptSession) =>
                serveSession(acceptSession(), (started) => {
                    child = started;
                }),
            );
        });
    });

    function authenticate(login: AuthContext): void {
        const methods = options.password === undefined ? ["publickey"] : ["publickey", "password"];
        const ok =
            (login.method === "publickey" &&
                login.key.data.equals(userKey.getPublicSSH()) &&
                (login.signature === undefined ||
                    userKey.verify(login.blob as Buffer, login.signature, login.hashAlgo) === true)) ||
            (login.method === "password" && login.password === options.password);
        if (ok) {
            if (login.method !== "publickey" || login.signature !== undefined) {
                logins.push(login.method);
            }
            login.accept();
        } else {
            login.reject(methods as never);
        }
    }

    function serveSession(session: ssh2.Session, onStarted: (child: ChildProcess) => void): void {
        const env: Record<string, string> = {};
        session.on("env", (accept, reject, { key, val }) => {
            if (options.acceptEnv?.includes(key)) {
                env[key] = val as unknown as string;
                accept?.();
            } else {
                reject?.();
            }
        });
        session.on("exec", (accept, _reject, { command }) => {
            commands.push(command);
            const channel = accept();
            const started = spawn("sh", ["-c", command], {
                cwd: directory,
                env: { PATH: process.env.PATH, ...env },
                detached: true,
            });
            onStarted(started);
            running.add(started);
            started.stdout?.on("data", (chunk) => channel.write(chunk));
            started.stderr?.on("data", (chunk) => channel.stderr.write(chunk));
            started.stdin?.on("error", () => {});
            channel.pipe(started.stdin as NodeJS.WritableStream);
            started.on("close", (code, signal) => {
                running.delete(started);
                if (code === null) {
                    channel.exit(String(signal).replace(/^SIG/, ""));
                } else {
                    channel.exit(code);
                }
                channel.end();
            });
        });
    }

    const listener = options.mute ? muteListener() : server;
    listener.listen(options.port ?? 0, "127.0.0.1");
    await once(listener as never, "listening");
    return {
        port: (listener.address() as AddressInfo).port,
        hostKey: host.public,
        privateKey: user.private,
        commands,
        logins,
        running,
        hangUp() {
            for (const connection of connections) {
                (connection as unknown as { _sock: Socket })._sock.destroy();
            }
        },
        async close() {
            for (const child of running) {
                process.kill(-(child.pid ?? 0), "SIGKILL");
            }
            for (const connection of connections) {
                connection.end();
            }
            await new Promise<void>((resolve) => {
                listener.close(() => resolve());
            });
            rmSync(directory, { recursive: true, force: true });
        },
    };
}

/** Takes connections and never says a word. */
function muteListener(): Server {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
    });
    const close = server.close.bind(server);
    server.close = (callback) => {
        for (const socket of sockets) {
            socket.destroy();
        }
        return close(callback);
    };
    return server;
}

/**
 * Signals for a session's process. ssh2's server drops them once stdin has ended, which OpenSSH's does not, so they
 * are taken a layer below (lib/server.js of ssh2 1.17: CHANNEL_REQUEST).
 */
function onSignal(connection: ServerConnection, handle: (name: string) => void): void {
    type Handler = (
        protocol: unknown,
        channel: number,
        type: string,
        wantReply: boolean,
        data: unknown,
    ) => void;
    const { _handlers: handlers } = (
        connection as unknown as { _protocol: { _handlers: { CHANNEL_REQUEST: Handler } } }
    )._protocol;
    const others = handlers.CHANNEL_REQUEST;
    handlers.CHANNEL_REQUEST = (protocol, channel, type, wantReply, data) =>
        type === "signal" ? handle(String(data)) : others(protocol, channel, type, wantReply, data);
}
