/** Asking one manager after another, over SSH, until one says what is in its swarm. Reads, and changes nothing. */
import { get } from "node:http";
import { text } from "node:stream/consumers";
import type ssh2 from "ssh2";
import { type Login, logIn } from "../components/ssh.ts";
import { QUESTIONS, type SwarmFacts } from "./facts.ts";
import { OneConnection } from "./oneConnection.ts";

/** A node that may be a manager, and how to log in there. */
export interface Candidate extends Login {
    readonly name: string;
}

/** What the swarm is, or why nobody could say. */
export type Looked = { readonly facts: SwarmFacts } | { readonly why: string };

/** For all together: a preview that nobody answers must not take longer for it. */
const LIMIT_MS = 10_000;

/** The next one is asked when the one before has not answered for so long. */
const PATIENCE_MS = 3_000;

/** Asks the candidates in their order; the first answer counts. */
export async function askInTurn(
    candidates: readonly Candidate[],
    options: { readonly limitMs?: number; readonly patienceMs?: number } = {},
): Promise<Looked> {
    const limitMs = options.limitMs ?? LIMIT_MS;
    const enough = new AbortController();
    const failures = new Map<string, string>();
    const limit = setTimeout(() => enough.abort(), limitMs);
    try {
        return await new Promise<Looked>((resolve) => {
            const giveUp = () => {
                const reasons = candidates.map(
                    ({ name }) => `${name}: ${failures.get(name) ?? `no answer in ${limitMs / 1000} s`}`,
                );
                resolve({ why: reasons.join("; ") });
            };
            enough.signal.addEventListener("abort", giveUp, { once: true });
            let next = 0;
            const start = () => {
                const candidate = candidates[next++];
                if (!candidate) return;
                const timer = setTimeout(start, options.patienceMs ?? PATIENCE_MS);
                ask(candidate, enough.signal)
                    .then(
                        (facts) => resolve({ facts }),
                        (error: Error) => {
                            failures.set(candidate.name, error.message);
                            if (failures.size === candidates.length) giveUp();
                            else if (!enough.signal.aborted) start();
                        },
                    )
                    .finally(() => clearTimeout(timer));
            };
            start();
        });
    } finally {
        clearTimeout(limit);
        enough.abort();
    }
}

/** @throws Error With the reason in a few words. */
async function ask(candidate: Candidate, signal: AbortSignal): Promise<SwarmFacts> {
    const client = await logIn(candidate, signal);
    try {
        const stream = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
            client.exec("docker system dial-stdio", (error, channel) =>
                error ? reject(error) : resolve(channel),
            ),
        );
        let said = "";
        stream.stderr.on("data", (chunk) => {
            said += chunk;
        });
        const agent = new OneConnection(stream);
        const read = async <T>(path: string): Promise<T> => {
            const answer = await new Promise<{ readonly status: number; readonly body: string }>(
                (resolve, reject) => {
                    const asked = get({ agent, host: "docker", path, signal }, (response) =>
                        text(response).then(
                            (body) => resolve({ status: response.statusCode ?? 0, body }),
                            reject,
                        ),
                    );
                    asked.on("error", (error) =>
                        reject(new Error(said.trim().split("\n").at(-1) || error.message)),
                    );
                },
            );
            const body = JSON.parse(answer.body);
            if (answer.status >= 400) throw new Error(`${body.message}`);
            return body as T;
        };
        const info = await read<SwarmFacts["info"]>("/info");
        if (!info.Swarm.ControlAvailable)
            throw new Error(`it is no manager (its swarm's state is ${info.Swarm.LocalNodeState})`);
        return {
            info,
            nodes: await read(QUESTIONS.nodes),
            services: await read(QUESTIONS.services),
            tasks: [],
            networks: await read(QUESTIONS.networks),
            secrets: await read(QUESTIONS.secrets),
            configs: await read(QUESTIONS.configs),
        };
    } finally {
        client.end();
    }
}
