import type { Client, ClientChannel } from "ssh2";

/**
 * Requests on a session's channel that ssh2 does not make, or not so.
 *
 * It sends environment variables without asking for a reply and the command right behind them. A variable of the
 * user's that the server refuses must keep the command from running at all, so the order has to be: ask, wait, run.
 * And it sends no signal once stdin has ended. For both this module reaches into ssh2 1.17 (lib/client.js:
 * `_protocol`, `_chanMgr`, a channel's `_callbacks`); it is the only one that does.
 */

export interface Variable {
    name: string;
    value: string;
    /** The command must not run without it. */
    required: boolean;
}

interface Channel {
    outgoing: { id: number; state: string };
    close(): void;
    /** One function per request in flight, called with whether it failed, in order. */
    _callbacks: ((failed: boolean | Error) => void)[];
}

interface Internals {
    _protocol: {
        env(channel: number, name: string, value: string, wantReply: boolean): void;
        exec(channel: number, command: string, wantReply: boolean): void;
        signal(channel: number, name: string): void;
    };
    _chanMgr: { _channels: Record<string, Channel | unknown> };
}

/**
 * Makes the client's next `exec` send these variables first.
 *
 * @param onRefused told of each variable that the server refused
 */
export function sendBeforeCommand(
    client: Client,
    variables: Variable[],
    onRefused: (variable: Variable) => void,
): void {
    if (variables.length === 0) {
        return;
    }
    const { _protocol: protocol, _chanMgr: channels } = client as unknown as Internals;
    const exec = protocol.exec;
    protocol.exec = (id, command, wantReply) => {
        protocol.exec = exec;
        const channel = Object.values(channels._channels).find(
            (candidate): candidate is Channel => (candidate as Channel).outgoing?.id === id,
        );
        if (channel === undefined) {
            throw new Error(`ssh2 has no channel ${id}: its inner workings are not those of 1.17`);
        }
        let waiting = variables.length;
        let refused = false;
        const replies = variables.map((variable) => (failed: boolean | Error) => {
            waiting -= 1;
            if (failed) {
                onRefused(variable);
                refused ||= variable.required;
            }
            if (waiting > 0) {
                return;
            }
            if (refused) {
                channel.close();
            } else {
                exec.call(protocol, id, command, wantReply);
            }
        });
        // The command's own reply is awaited already; those of the variables come before it.
        channel._callbacks.unshift(...replies);
        for (const { name, value } of variables) {
            protocol.env(id, name, value, true);
        }
    };
}

/** Asks the server to send a signal to the channel's process; it may not do so, and does not answer. */
export function sendSignal(client: Client, channel: ClientChannel, name: "TERM"): void {
    const { outgoing } = channel as unknown as Channel;
    if (outgoing.state === "open" || outgoing.state === "eof") {
        (client as unknown as Internals)._protocol.signal(outgoing.id, name);
    }
}
