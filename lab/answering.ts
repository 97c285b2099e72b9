import { setTimeout as sleep } from "node:timers/promises";
import Table from "cli-table3";
import { z } from "zod";
import { messageOf } from "./errors.ts";

/** What the program's stack puts out, as far as the lab looks at it. */
const outputsSchema = z.object({
    nodes: z.array(
        z.object({
            name: z.string(),
            role: z.string(),
            dropletId: z.union([z.string(), z.number()]),
            publicIp: z.ipv4(),
            nodeId: z.string(),
        }),
    ),
    services: z.record(z.string(), z.object({ urls: z.array(z.string()) })),
});

export type Outputs = z.infer<typeof outputsSchema>;
export type Node = Outputs["nodes"][number];

/** @throws Error when the program's outputs have another form. */
export function readOutputs(value: unknown): Outputs {
    return outputsSchema.parse(value);
}

/** One page to ask for, on one node. */
export interface Question {
    readonly node: Node;
    readonly url: string;
}

export interface Reply extends Question {
    readonly ok: boolean;
    /** Status and title of the page, or the last reason why there is none. */
    readonly text: string;
    /** Of the answer alone, without the tries before it. */
    readonly ms: number;
}

/** Every service's published pages, through every node: the routing mesh answers on all of them. */
export function questions(outputs: Outputs): Question[] {
    return outputs.nodes.flatMap((node) =>
        Object.values(outputs.services)
            .flatMap((service) => service.urls)
            .filter((url) => new URL(url).hostname === node.publicIp)
            .map((url) => ({ node, url })),
    );
}

const TRY_MS = 3_000;
const LIMIT_MS = 30_000;

/** Asks until there is a good answer, for at most 30 seconds. */
export async function askPage(question: Question, limitMs = LIMIT_MS): Promise<Reply> {
    const deadline = Date.now() + limitMs;
    for (;;) {
        const started = Date.now();
        const { ok, text } = await fetchOnce(question.url);
        const ms = Date.now() - started;
        if (ok) return { ...question, ok, text, ms };
        if (Date.now() >= deadline) {
            return { ...question, ok, text: `${text}, for ${limitMs / 1000} s`, ms };
        }
        await sleep(Math.min(500, Math.max(0, deadline - Date.now())));
    }
}

async function fetchOnce(url: string): Promise<{ ok: boolean; text: string }> {
    try {
        const answer = await fetch(url, {
            signal: AbortSignal.timeout(TRY_MS),
            headers: { connection: "close" },
        });
        const title = titleOf(await answer.text());
        return {
            ok: answer.ok,
            text: title === undefined ? `${answer.status}` : `${answer.status} ${title}`,
        };
    } catch (error) {
        if (error instanceof Error && error.name === "TimeoutError")
            return { ok: false, text: `no answer within ${TRY_MS / 1000} s` };
        // fetch says "fetch failed" and keeps the reason (ECONNREFUSED and the like) as its cause.
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        return { ok: false, text: (cause as NodeJS.ErrnoException).code ?? messageOf(cause) };
    }
}

/** Text of an HTML page's title, on one line. */
export function titleOf(html: string): string | undefined {
    return /<title[^>]*>([^<]*)<\/title>/i.exec(html)?.[1]?.trim().replaceAll(/\s+/g, " ");
}

/** The table that ends `make up`. */
export function table(replies: readonly Reply[]): string {
    const drawn = new Table({
        head: ["node", "role", "address", "ID", "answer", "ms"],
        colAligns: ["left", "left", "left", "left", "left", "right"],
        style: { head: [], border: [] },
    });
    for (const { node, url, text, ms } of replies) {
        drawn.push([node.name, node.role, new URL(url).host, node.nodeId, text, String(ms)]);
    }
    return drawn.toString();
}
