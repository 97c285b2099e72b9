/** A client that asks for nginx's page without pause, while nodes come and go. */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import Table from "cli-table3";
import { type Droplet, droplets } from "./cloud.ts";
import type { LabStack, NodeOutput } from "./stack.ts";

/** A request that takes longer has failed. */
const TIMEOUT_MS = 2_000;

/** Between two beginnings of requests to one address: the cluster under test needs the same two cores. */
const LEAST_MS = 25;

/** How often the client looks which droplets there are. */
const LOOK_MS = 500;

/** How often Docker's nodes compare their tables (networkdb's bulk sync), and some time for it. */
const GOSSIP_MS = 35_000;

/** How the requests to one address went. Times are milliseconds since the client's start. */
export interface Asked {
    readonly address: string;
    /** Name of the droplet. */
    readonly name: string;
    requests: number;
    /** Failures after the first answer: before it, the node was not a member yet. */
    readonly failures: { readonly at: number; readonly why: string }[];
    /** Undefined until there was one. */
    firstAnswer: number | undefined;
    lastAnswer: number | undefined;
}

/** Refused only, and for no longer than a message of Docker's gossip may be missed. */
function missedGossip({ failures }: Asked): boolean {
    const [first, last] = [failures[0], failures.at(-1)];
    return (
        first !== undefined &&
        last !== undefined &&
        last.at - first.at < GOSSIP_MS &&
        failures.every(({ why }) => why === "ECONNREFUSED")
    );
}

/**
 * Asks each living droplet of a stack, one request after another, droplets side by side, each over a connection of
 * its own. A droplet counts from its first answer, and to its end.
 */
export class Load {
    readonly asked = new Map<string, Asked>();
    readonly #started = performance.now();
    readonly #stop = new AbortController();
    readonly #work: Promise<void>;
    readonly #clients = new Map<string, { readonly gone: AbortController; readonly work: Promise<void> }>();
    readonly #port: number;

    private constructor(stack: LabStack, port: number) {
        this.#port = port;
        this.#work = stack.names().then(({ tags }) => this.#follow(tags.all));
    }

    /** @param port Where nginx is published; default 80. */
    static start(stack: LabStack, port = 80): Load {
        return new Load(stack, port);
    }

    /** Ends all clients; a request under way counts still. */
    async stop(): Promise<void> {
        this.#stop.abort();
        await this.#work;
        await Promise.all([...this.#clients.values()].map(({ work }) => work));
    }

    /**
     * Failures through nodes that were there before and still are, a text a node: there should be none. Docker's nodes
     * tell each other of tasks by UDP, and one that has missed a message knows of no task, and refuses, until it
     * compares its tables with another node's. So a single node may have refused for as long as that takes.
     */
    failedThrough(nodes: readonly Pick<NodeOutput, "publicIp">[]): string[] {
        const failed = nodes
            .map(({ publicIp }) => this.asked.get(publicIp))
            .filter((asked) => asked !== undefined && asked.failures.length > 0) as Asked[];
        const [only] = failed;
        if (failed.length === 1 && only && missedGossip(only)) return [];
        return failed.map(({ name, requests, failures }) => `${name}: ${failures.length} of ${requests}`);
    }

    /** One line a node: requests, failures, and when and why the first and the last of them failed. */
    table(): string {
        const table = new Table({
            head: ["node", "address", "answers", "requests", "failed", "when and why"],
            style: { head: [], border: [] },
        });
        for (const { name, address, requests, failures, firstAnswer, lastAnswer } of this.asked.values()) {
            const span =
                firstAnswer === undefined ? "none" : `${seconds(firstAnswer)} to ${seconds(lastAnswer)}`;
            table.push([name, address, span, requests, failures.length, reasons(failures)]);
        }
        return table.toString();
    }

    /** Keeps one client for each droplet that the API lists, and ends it when the droplet is gone. */
    async #follow(tag: string): Promise<void> {
        while (!this.#stop.signal.aborted) {
            const living = new Map((await droplets(tag)).flatMap((droplet) => addressOf(droplet)));
            for (const [address, name] of living) {
                if (!this.#clients.has(address)) this.#begin(address, name);
            }
            for (const [address, { gone }] of this.#clients) {
                if (!living.has(address)) gone.abort();
            }
            await sleep(LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
        }
    }

    #begin(address: string, name: string): void {
        const asked: Asked = {
            address,
            name,
            requests: 0,
            failures: [],
            firstAnswer: undefined,
            lastAnswer: undefined,
        };
        this.asked.set(address, asked);
        const gone = new AbortController();
        const ended = AbortSignal.any([gone.signal, this.#stop.signal]);
        this.#clients.set(address, { gone, work: this.#ask(asked, ended) });
    }

    async #ask(asked: Asked, ended: AbortSignal): Promise<void> {
        while (!ended.aborted) {
            const began = performance.now();
            const at = Math.round(began - this.#started);
            const why = await once(asked.address, this.#port);
            if (why === undefined) {
                asked.firstAnswer ??= at;
                asked.lastAnswer = at;
                asked.requests += 1;
            } else if (asked.firstAnswer !== undefined) {
                asked.failures.push({ at, why });
                asked.requests += 1;
            }
            const left = LEAST_MS - (performance.now() - began);
            if (left > 0) await sleep(left);
        }
    }
}

function addressOf(droplet: Droplet): [string, string][] {
    return droplet.networks.v4
        .filter(({ type }) => type === "public")
        .map(({ ip_address }) => [ip_address, droplet.name]);
}

/** Why the page did not come, or undefined when it did. */
function once(host: string, port: number): Promise<string | undefined> {
    return new Promise((resolve) => {
        const request = get({ host, port, agent: false, timeout: TIMEOUT_MS }, (answer) => {
            let text = "";
            answer.setEncoding("utf8");
            answer.on("data", (part: string) => {
                text += part;
            });
            answer.on("error", (error) => resolve(`cut off: ${error.message}`));
            answer.on("end", () =>
                resolve(
                    answer.statusCode === 200 && text.includes("Welcome to nginx!")
                        ? undefined
                        : `status ${answer.statusCode}`,
                ),
            );
        });
        request.on("timeout", () => {
            resolve(`no answer in ${TIMEOUT_MS / 1000} s`);
            request.destroy();
        });
        request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
}

const seconds = (ms: number | undefined) => (ms === undefined ? "" : `${(ms / 1000).toFixed(1)} s`);

/** Failures by reason, each with its number and its first and last time. */
function reasons(failures: Asked["failures"]): string {
    return [...Map.groupBy(failures, ({ why }) => why)]
        .map(
            ([why, times]) =>
                `${times.length} × ${why}, ${seconds(times[0]?.at)} to ${seconds(times.at(-1)?.at)}`,
        )
        .join("\n");
}
