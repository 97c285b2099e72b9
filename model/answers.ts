import { z } from "zod";

/** Empty where there is none. */
const unlockKey = z.string().regex(/^(SWMKEY-.+)?$/);

/**
 * What the remote scripts print as the last line of stdout. Parsed strictly: some images answer every command
 * with a text of their own and status 0, and such a text must never pass for a node ID or a token.
 */
const answers = {
    swarm: z.object({
        script: z.literal("swarm"),
        node: z.string(),
        cluster: z.string().min(1),
        ca: z.string(),
        managers: z.string().min(1),
        workerToken: z.string().startsWith("SWMTKN-"),
        managerToken: z.string().startsWith("SWMTKN-"),
        // Those of before these three are there read as a swarm's that has never had them.
        rotation: z.string().default("0"),
        unlockKey: unlockKey.default(""),
        formerUnlockKey: unlockKey.default(""),
    }),
    join: z.object({
        script: z.literal("join"),
        node: z.string(),
        id: z.string().regex(/^[a-z0-9]+$/),
        docker: z.string().min(1),
    }),
    recover: z.object({
        script: z.literal("recover"),
        node: z.string(),
        cluster: z.string().min(1),
        recovered: z.boolean(),
    }),
    roster: z.object({
        script: z.literal("roster"),
        node: z.string(),
        members: z.number(),
        removed: z.string(),
        foreign: z.string(),
    }),
    objects: z.object({ script: z.literal("objects"), node: z.string(), wanted: z.number() }),
    unused: z.object({ script: z.literal("unused"), node: z.string(), removed: z.number() }),
    service: z.object({
        script: z.literal("service"),
        node: z.string(),
        service: z.string(),
        id: z.string().min(1),
        image: z.string(),
        running: z.string(),
    }),
};

export type ScriptName = keyof typeof answers;
export type Answer<S extends ScriptName> = z.infer<(typeof answers)[S]>;

/**
 * The answer of `script` on `node`. Throws a text that quotes the beginning of what came instead, and how to
 * have the command run again: the engine has recorded it as done.
 *
 * `secret` keeps the text that came out of the message, for the script whose answer holds tokens.
 */
export function parseAnswer<S extends ScriptName>(
    script: S,
    args: {
        readonly node: string;
        readonly resource: string;
        readonly stdout: string;
        readonly secret?: boolean;
    },
): Answer<S> {
    const line = args.stdout.trimEnd().split("\n").at(-1) ?? "";
    const parsed = answers[script].safeParse(asJson(line));
    if (parsed.success && parsed.data.node === args.node) {
        return parsed.data as Answer<S>;
    }
    const came = args.secret ? "something else" : JSON.stringify(args.stdout.trim().slice(0, 200));
    throw new Error(
        `${args.node}: asked to run "${script}", it answered ${came}. ` +
            `Some images answer every command with a text until their first boot is over. ` +
            `Once it runs commands: pulumi up --replace '**:Command::${args.resource}'`,
    );
}

function asJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
