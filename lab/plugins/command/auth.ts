import { connect } from "node:net";
import ssh2, { type AnyAuthMethod, type ParsedKey } from "ssh2";
import type { Endpoint } from "./connection.ts";
import { goDialError } from "./goText.ts";

/** Answers the questions of keyboard-interactive login. */
type Finish = (answers: string[]) => void;

/** One way to log in, under the name that the SSH protocol has for it. */
interface Method {
    protocolName: string;
    method: AnyAuthMethod;
}

/** How a client logs in, and what it has tried so far. */
export interface Login {
    /** Asked by ssh2 for the next method; `false` when none is left. */
    next(methodsLeft: string[] | null): AnyAuthMethod | false;
    /** Protocol names of the methods tried, for the failure's text. */
    readonly tried: readonly string[];
}

/**
 * The order is the official plugin's: private key, password, keyboard-interactive with the password, agent.
 * Each protocol method is tried once: an agent's keys are not tried when a private key has been refused.
 *
 * @throws when the key cannot be read or the agent's socket is dead, before anything is dialled
 */
export async function prepareLogin(endpoint: Endpoint): Promise<Login> {
    const methods = await configuredMethods(endpoint);
    const tried: string[] = [];
    return {
        tried,
        next(methodsLeft) {
            if (tried.length === 0) {
                // Asks the server which methods it has.
                tried.push("none");
                return { type: "none", username: endpoint.user };
            }
            const next = methods.find(
                ({ protocolName }) => !tried.includes(protocolName) && methodsLeft?.includes(protocolName),
            );
            if (next === undefined) {
                return false;
            }
            tried.push(next.protocolName);
            return next.method;
        },
    };
}

async function configuredMethods(endpoint: Endpoint): Promise<Method[]> {
    const { user: username, password, privateKey } = endpoint;
    const methods: Method[] = [];
    if (privateKey !== undefined) {
        const key = parseKey(privateKey, endpoint.privateKeyPassword);
        methods.push({ protocolName: "publickey", method: { type: "publickey", username, key } });
    }
    if (password !== undefined) {
        methods.push({ protocolName: "password", method: { type: "password", username, password } });
        methods.push({
            protocolName: "keyboard-interactive",
            method: {
                type: "keyboard-interactive",
                username,
                prompt: (
                    _name: string,
                    _text: string,
                    _language: string,
                    prompts: unknown[],
                    finish: Finish,
                ) => finish(prompts.map(() => password)),
            } as AnyAuthMethod,
        });
    }
    const agent = endpoint.agentSocketPath ?? process.env.SSH_AUTH_SOCK;
    if (agent !== undefined && agent !== "") {
        await probeAgent(agent);
        methods.push({ protocolName: "publickey", method: { type: "agent", username, agent } });
    }
    return methods;
}

function parseKey(privateKey: string, passphrase: string | undefined): ParsedKey {
    const parsed = ssh2.utils.parseKey(privateKey, passphrase);
    if (parsed instanceof Error) {
        // Never with the key itself in the text: it goes to the terminal and to logs.
        const encrypted = /encrypted|passphrase/i.test(parsed.message) && passphrase === undefined;
        throw new Error(
            encrypted
                ? "ssh: this private key is passphrase protected"
                : `ssh: no key found: connection.privateKey cannot be read: ${parsed.message}`,
        );
    }
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    if (!key?.isPrivateKey()) {
        throw new Error("ssh: no key found: connection.privateKey holds a public key");
    }
    return key;
}

function probeAgent(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const socket = connect(path);
        socket.once("connect", () => {
            socket.destroy();
            resolve();
        });
        socket.once("error", (error) => reject(new Error(goDialError("unix", path, error))));
    });
}
