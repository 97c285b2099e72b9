import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type ssh2 from "ssh2";
import { type Login, logIn, MUTE, WRONG_HOST_KEY } from "./ssh.ts";

/** How one attempt to run a command on a host ended. */
export type Attempt =
    | { readonly ok: true }
    | {
          readonly ok: false;
          readonly why: string;
          /** Milliseconds after which no more waiting will mend it. */
          readonly finalAfter?: number;
          /** What to do, where the host itself says it. */
          readonly remedy?: string;
      };

/** A handshake that stalls would otherwise hang: the command provider gives it no deadline. */
const ATTEMPT_MS = 15_000;

/**
 * Images that answer each command with a text until their first boot is over, DigitalOcean's own one with Docker among
 * them, switch on a firewall towards its end that refuses an address for as long as it begins six sessions in half a
 * minute (`ufw limit ssh`). Three attempts in that time leave room for the command that lifts the limit.
 */
const COUNTED_MS = 10_000;

const ANSWERED = "it answered";

/** Long enough for a node that is just rebooting. */
const SETTLED_MS = 120_000;

/** A wrong host key may belong to an sshd that cloud-init has yet to restart; after this long it will not change. */
const HOST_KEY_GRACE_MS = 60_000;

/**
 * A hook that lets a remote command start only when its host really runs commands.
 *
 * The command provider dials for itself, but it cannot tell a host that runs commands from an image that answers
 * each of them with "please wait" and status 0, it records that answer as success, and it hangs for ever on a host
 * that accepts a connection and then says nothing. A hook that fails stops the step before the provider is
 * called, nothing is recorded, and the next `pulumi up` tries again.
 *
 * @param node Name of the node, for the messages.
 * @param login Taken from here and not from what the hook is called with: there the secrets arrive wrapped twice.
 * @param limits Seconds that a new node has, and when its droplet was made. One that was made longer ago has
 *   `SETTLED_MS`: it has booted before, and whoever waits wants to know that it is broken.
 */
export function reachHook(
    node: string,
    login: { readonly [K in keyof Login]: pulumi.Input<Login[K]> },
    limits: { readonly timeout: number; readonly createdAt: pulumi.Output<string> },
): pulumi.ResourceHook {
    // Once a run: a login costs both sides more than most of the commands do.
    let reached: Promise<void> | undefined;
    return new pulumi.ResourceHook(`reach-${node}`, () => {
        reached ??= new Promise<{ login: Login; createdAt: string }>((resolve) => {
            pulumi
                .output({ login, createdAt: limits.createdAt })
                .apply((known) => resolve(known as { login: Login; createdAt: string }));
        }).then((known) =>
            reach(node, known.login, {
                timeoutMs: patience(limits.timeout * 1000, Date.now() - Date.parse(known.createdAt)),
                attempt: (host) => attempt(host),
                say: progress,
            }),
        );
        return reached;
    });
}

/**
 * How long to wait for a host, in milliseconds.
 *
 * @param timeoutMs What a new node has.
 * @param ageMs Since its droplet was made; NaN where that is not known.
 */
export function patience(timeoutMs: number, ageMs: number): number {
    return ageMs > timeoutMs ? Math.min(timeoutMs, SETTLED_MS) : timeoutMs;
}

/** Shown while it lasts and not kept: a line of progress is of no use in the summary. */
function progress(text: string): void {
    void pulumi.log.info(text, undefined, undefined, true);
}

/**
 * Attempts until the host runs a command, or the time is up.
 *
 * @throws Error that names the node, how long it was waited for, what was last seen, and what to do.
 */
export async function reach(
    node: string,
    login: Login,
    options: {
        readonly timeoutMs: number;
        readonly attempt: (login: Login) => Promise<Attempt>;
        readonly say: (text: string) => void;
        readonly now?: () => number;
        readonly pause?: (milliseconds: number) => Promise<void>;
    },
): Promise<void> {
    const now = options.now ?? (() => performance.now());
    const pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    const start = now();
    let nextWord = 5_000;
    let counting = false;
    for (let delay = 200; ; delay = Math.min(delay * 1.5, now() - start < 60_000 ? 1_000 : 5_000)) {
        const result = await options.attempt(login);
        if (result.ok) {
            return;
        }
        counting ||= result.why.startsWith(ANSWERED);
        const waited = now() - start;
        const since = `${Math.round(waited / 1000)} s`;
        const remedy = result.remedy ?? advice(result.why, node);
        if (waited >= Math.min(result.finalAfter ?? Number.POSITIVE_INFINITY, options.timeoutMs)) {
            const what =
                result.finalAfter === undefined
                    ? `waited ${since} for it to run commands over SSH; last seen: ${result.why}`
                    : `${result.why}${result.finalAfter > 0 ? `, for ${since}` : ""}`;
            throw new Error(`${node} (${login.host}): ${what}. ${remedy}`);
        }
        if (waited >= nextWord) {
            options.say(`${node}: waiting for SSH on ${login.host}, ${since}: ${result.why}`);
            nextWord = waited + 5_000;
        }
        await pause(Math.min(counting ? COUNTED_MS : delay, Math.max(options.timeoutMs - waited, 0)));
    }
}

function advice(why: string, node: string): string {
    const replace = `cli/bin/swarm replace ${node}`;
    if (why === WRONG_HOST_KEY) {
        return `Do not log in there. Choose an image whose cloud-init installs ssh_keys, then: ${replace}`;
    }
    if (why.startsWith("login refused")) {
        return `Check swarm:sshUser, and that the image's cloud-init installs the keys it is given.`;
    }
    if (why.startsWith(ANSWERED)) {
        return `Its image answers commands with that text; wait until its first boot is over, or choose another image.`;
    }
    return `Check that the droplet runs and that swarm:sshFrom lets this machine in; a broken one is made anew by: ${replace}`;
}

/**
 * Answers that stay the same however long one waits, and what helps. The first is cloud-init's, where an image keeps
 * root out: it lets the key of root in for nothing but this text.
 */
const REFUSALS: readonly {
    readonly text: RegExp;
    readonly remedy: (user: string, named: string) => string;
}[] = [
    {
        text: /Please log ?in as the (?:user "?(?<user>[a-z_][a-z0-9_-]*)"?|"?(?<older>[a-z_][a-z0-9_-]*)"? user) rather than/,
        remedy: (user, named) =>
            `Its image lets ${named} in, and not ${user}: pulumi config set swarm:sshUser ${named}`,
    },
    {
        text: /Please log ?in as the user "?NONE"? rather than/,
        remedy: (user) => `Its image lets neither ${user} nor another user in: choose another swarm:image.`,
    },
    {
        text: /This account is currently not available/,
        remedy: (user) =>
            `${user} has no shell there: set swarm:sshUser to the user that its image is made for.`,
    },
    {
        text: /Password change required but no TTY available|You are required to change your password immediately/,
        remedy: (user) =>
            `The password of ${user} has expired in its image: make the image anew after "chage -d -1 ${user}" there, ` +
            "or set swarm:sshUser to another user.",
    },
];

/** Of an answer to a command, whatever it was; undefined for one that may change. */
function refusal(said: string, user: string): { finalAfter: number; remedy: string } | undefined {
    for (const { text, remedy } of REFUSALS) {
        const match = text.exec(said);
        if (match) {
            const named = match.groups?.user ?? match.groups?.older ?? "";
            return { finalAfter: 0, remedy: remedy(user, named) };
        }
    }
    return undefined;
}

/** Logs in and has the host echo a nonce; anything but the nonce is no answer. */
export async function attempt(login: Login, limitMs = ATTEMPT_MS): Promise<Attempt> {
    const nonce = randomBytes(8).toString("hex");
    const limit = AbortSignal.timeout(limitMs);
    let client: ssh2.Client;
    try {
        client = await logIn(login, limit);
    } catch (error) {
        const why = (error as Error).message;
        return { ok: false, why, ...(why === WRONG_HOST_KEY && { finalAfter: HOST_KEY_GRACE_MS }) };
    }
    try {
        return await new Promise<Attempt>((resolve) => {
            limit.addEventListener("abort", () => resolve({ ok: false, why: MUTE }), { once: true });
            client.on("close", () => resolve({ ok: false, why: "it closed the connection" }));
            client.exec(`echo ${nonce}`, (error, channel) => {
                if (error) return resolve({ ok: false, why: error.message });
                let said = "";
                let complaint = "";
                const answer = (): Attempt => {
                    const text = (said.trim() || complaint.trim()).slice(0, 100);
                    return said.trim() === nonce
                        ? { ok: true }
                        : {
                              ok: false,
                              why: `${ANSWERED} ${JSON.stringify(text)} to a command`,
                              ...refusal(`${said}\n${complaint}`, login.user),
                          };
                };
                channel.on("data", (data: Buffer) => {
                    said += data.toString();
                    // cloud-init's refusal holds the session for ten seconds more.
                    if (refusal(said, login.user)) resolve(answer());
                });
                channel.stderr.on("data", (data: Buffer) => {
                    complaint += data.toString();
                });
                channel.on("close", () => resolve(answer()));
            });
        });
    } finally {
        client.end();
    }
}
