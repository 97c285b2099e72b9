import assert from "node:assert/strict";
import ssh2 from "ssh2";
import { makeKeys } from "../../keys.ts";

// A CommonJS module whose names Node cannot tell beforehand.
const { Client, utils } = ssh2;

export type Connection = InstanceType<typeof Client>;

/** What everybody logs in with, and what every droplet of the tests is given by its user data to be known by. */
export const deployKey = makeKeys();
export const hostKey = makeKeys();

/** Logs in; any other host key than the injected one is refused. */
export function connect(host: string, username = "root"): Promise<Connection> {
    const pinned = utils.parseKey(hostKey.public);
    assert.ok(!(pinned instanceof Error));
    return new Promise((resolve, reject) => {
        const client = new Client();
        client.on("error", reject);
        client.on("close", () => reject(new Error(`${host} closed the connection`)));
        client.on("ready", () => resolve(client));
        client.connect({
            host,
            username,
            privateKey: deployKey.private,
            readyTimeout: 10_000,
            // A machine that is powered off does not say so.
            keepaliveInterval: 2000,
            hostVerifier: (key: Buffer) => key.equals(pinned.getPublicSSH()),
        });
    });
}

/**
 * Runs a command and returns what it said, trimmed; `quiet` leaves standard error out, unless it fails.
 *
 * @throws Error with the command, its status and its output when that status is not 0
 */
export function execute(
    client: Connection,
    command: string,
    options: { readonly quiet?: boolean; readonly stdin?: string } = {},
): Promise<string> {
    return new Promise((resolve, reject) => {
        let output = "";
        let errors = "";
        const lost = () => reject(new Error(`the connection closed during "${command}": ${output.trim()}`));
        client.once("close", lost);
        client.exec(command, (error, channel) => {
            if (error) return reject(error);
            channel.on("data", (data: Buffer) => {
                output += data;
            });
            channel.stderr.on("data", (data: Buffer) => {
                if (options.quiet) errors += data;
                else output += data;
            });
            channel.on("close", (status: number) => {
                client.off("close", lost);
                if (status === 0) resolve(output.trim());
                else reject(new Error(`"${command}": status ${status}: ${(output + errors).trim()}`));
            });
            channel.end(options.stdin ?? "");
        });
    });
}
