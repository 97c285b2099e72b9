/**
 * usage: node smoke.ts services <OUTPUTS
 *        node smoke.ts ask PORTS <OUTPUTS
 *
 * OUTPUTS is `pulumi stack output --json`. The first prints the names of the services that publish a TCP port, one a
 * line. PORTS is what `docker service inspect --format '{{json .Endpoint.Ports}}'` prints of these, in their order.
 * The second asks every node for each port and prints a line for each; status 1 when one gives no good answer.
 */
import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const outputsSchema = z.object({
    nodes: z.array(z.object({ name: z.string(), publicIp: z.string() })),
    services: z.record(z.string(), z.object({ urls: z.array(z.string()) })),
});

const portsSchema = z
    .array(z.object({ PublishedPort: z.number(), Protocol: z.string(), PublishMode: z.string() }))
    .nullable();

export type Outputs = z.infer<typeof outputsSchema>;

/** One port of a service, to be asked for on one node. */
export interface Question {
    readonly service: string;
    readonly node: string;
    readonly url: string;
}

export interface Answer {
    readonly ok: boolean;
    /** What was seen: `HTTP 200`, `connection refused`. */
    readonly text: string;
}

/** For one try to connect, and for one answer. */
const TRY_MS = 3_000;
/** For a node that learns of a new service a moment later than the others. */
const LIMIT_MS = Number(process.env.SMOKE_SECONDS || 30) * 1000;

export function publishing({ services }: Outputs): string[] {
    return Object.entries(services)
        .filter(([, { urls }]) => urls.length > 0)
        .map(([name]) => name);
}

/**
 * @param ports Of each publishing service, in their order, the swarm's ports.
 * @returns a question for each node and port in mode ingress; those in mode host, where only nodes with a task answer.
 */
export function questions(outputs: Outputs, ports: readonly z.infer<typeof portsSchema>[]) {
    const names = publishing(outputs);
    if (names.length !== ports.length) {
        throw new Error(
            `the swarm told the ports of ${ports.length} services, asked for ${names.join(", ")}`,
        );
    }
    const asked: Question[] = [];
    const host: { service: string; port: number }[] = [];
    for (const [index, service] of names.entries()) {
        const inHostMode = (ports[index] ?? [])
            .filter(({ Protocol, PublishMode }) => Protocol === "tcp" && PublishMode === "host")
            .map(({ PublishedPort }) => PublishedPort);
        host.push(...inHostMode.map((port) => ({ service, port })));
        for (const url of outputs.services[service]?.urls ?? []) {
            const { hostname, port } = address(url);
            if (inHostMode.includes(port)) continue;
            const node = outputs.nodes.find(({ publicIp }) => publicIp === hostname)?.name ?? hostname;
            asked.push({ service, node, url });
        }
    }
    return { asked, host };
}

function address(url: string): { hostname: string; port: number } {
    const { hostname, port, protocol } = new URL(url);
    return { hostname, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
}

/**
 * What an error of a request says of the port. What answers is up: that it speaks another protocol, or has a certificate
 * for a name and not for the node's address, is no fault. Silence is one, and so is a port that nobody listens on.
 */
export function judge(code: string): Answer {
    if (/^(HPE_|ECONNRESET|EPIPE)/.test(code)) return { ok: true, text: "answers, not in HTTP" };
    if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code)) return { ok: true, text: "answers in TLS" };
    if (/^(EPROTO|ERR_SSL_)/.test(code)) return { ok: true, text: "answers, not in TLS" };
    if (/TIMEOUT|Timeout/.test(code))
        return { ok: false, text: `connects, and says nothing for ${TRY_MS / 1000} s` };
    return { ok: false, text: code };
}

/** Any answer below 500 is a good one: a service may have no page at `/`, or one for people who log in. */
async function once(url: string): Promise<Answer> {
    const refused = await connection(url);
    if (refused !== undefined) return { ok: false, text: refused };
    // Not fetch, which refuses ports of other protocols, such as 25 or 6000, before it asks.
    const { get } = url.startsWith("https:") ? https : http;
    const signal = AbortSignal.timeout(TRY_MS);
    return await new Promise((resolve) => {
        const asked = get(url, { agent: false, signal }, ({ statusCode = 0 }) => {
            resolve({ ok: statusCode < 500, text: `HTTP ${statusCode}` });
            asked.destroy();
        });
        asked.on("error", (error: NodeJS.ErrnoException) =>
            resolve(judge(signal.aborted ? "TimeoutError" : (error.code ?? error.name))),
        );
    });
}

/** Why there is no TCP connection to be had; undefined when there is one. */
function connection(url: string): Promise<string | undefined> {
    const { hostname, port } = address(url);
    return new Promise((resolve) => {
        const socket = connect({ host: hostname, port, timeout: TRY_MS });
        const end = (reason?: string) => {
            socket.destroy();
            resolve(reason);
        };
        socket.on("connect", () => end());
        socket.on("timeout", () => end("no connection"));
        socket.on("error", (error: NodeJS.ErrnoException) =>
            end(error.code === "ECONNREFUSED" ? "connection refused" : (error.code ?? error.message)),
        );
    });
}

/** Asks until there is a good answer, or the time is over. */
async function ask(url: string, limitMs = LIMIT_MS): Promise<Answer> {
    const deadline = Date.now() + limitMs;
    for (;;) {
        const answer = await once(url);
        if (answer.ok) return answer;
        if (Date.now() >= deadline) return { ok: false, text: `${answer.text}, for ${limitMs / 1000} s` };
        await sleep(500);
    }
}

async function main([verb, ports = ""]: readonly string[]): Promise<number> {
    const outputs = outputsSchema.parse(JSON.parse(await text(process.stdin)));
    if (verb === "services") {
        for (const name of publishing(outputs)) console.log(name);
        return 0;
    }
    const lines = ports.split("\n").filter((line) => line !== "");
    const { asked, host } = questions(
        outputs,
        lines.map((line) => portsSchema.parse(JSON.parse(line))),
    );
    for (const { service, port } of host) {
        console.log(`${service}: port ${port} is published in mode host, and not asked for`);
    }
    const answers = await Promise.all(
        asked.map(async (question) => ({ ...question, ...(await ask(question.url)) })),
    );
    for (const { service, node, url, ok, text: seen } of answers) {
        console.log(`${ok ? "ok  " : "FAIL"} ${service} through ${node}, ${url}: ${seen}`);
    }
    const failed = answers.filter(({ ok }) => !ok).length;
    console.log(`${answers.length - failed} of ${answers.length} answers are good.`);
    return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
