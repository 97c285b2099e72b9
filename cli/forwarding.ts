/** A local port that leads to a task, by ssh's own forwarding from the node that it runs on. */
import { spawn } from "node:child_process";
import { type AddressInfo, createServer, isIPv4 } from "node:net";
import { createInterface } from "node:readline";
import { type Access, openAccess } from "./access.ts";
import { CliError, EXIT } from "./errors.ts";
import { onManager, placeOf } from "./places.ts";
import { endStatus, loginError, onNode, spawnFailure, sshArgs } from "./ssh.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine } from "./words.ts";

/** Where a swarm's containers are reachable from their own node: a network of the engine's that each of them is in. */
const BRIDGE = "docker_gwbridge";

interface Attached {
    readonly [network: string]: { readonly IPAddress?: string };
}

/**
 * @param own The networks in the container's own description. @param bridged The addresses on the node's bridge, by container.
 * @returns the address by which the node reaches it; undefined where there is none, as on internal networks alone.
 */
export function addressOf(
    container: string,
    own: Attached,
    bridged: Readonly<Record<string, { readonly IPv4Address?: string }>>,
): string | undefined {
    if ("host" in own) return "127.0.0.1";
    const address = bridged[container]?.IPv4Address?.split("/")[0] ?? own.bridge?.IPAddress;
    return address !== undefined && isIPv4(address) ? address : undefined;
}

/** Opens the port, says where it is, and waits for its end. @returns the exit status. @throws CliError */
export async function forwardTo(options: {
    readonly task: string;
    readonly port: number;
    readonly local: number;
    readonly stack?: string;
    readonly signal: AbortSignal;
}): Promise<number> {
    const { task, port, signal } = options;
    const access = await openAccess({ stack: options.stack, signal });
    const place = await onManager(access, signal, (api) => placeOf(api, access, task));
    const { container, label, node } = place;
    const asked =
        `docker inspect -f '{{json .NetworkSettings.Networks}}' ${container} && ` +
        `docker network inspect -f '{{json .Containers}}' ${BRIDGE}`;
    const { status, stdout, stderr } = await onNode(access, node, asked, { signal });
    if (status !== 0) throw new CliError(`${node.name}: ${stderr.trim()}`);
    const [own = "{}", bridged = "{}"] = stdout.trim().split("\n");
    const address = addressOf(container, JSON.parse(own), JSON.parse(bridged));
    if (address === undefined)
        throw new CliError(`${node.name} does not reach ${label}: it is on internal networks alone`);
    const local = options.local || (await freePort());
    const opened = `127.0.0.1:${local} leads to port ${port} of ${label} on ${node.name}, until Ctrl-C`;
    return await forwarded(access, node, { local, to: `${address}:${port}`, opened, signal });
}

/** The line by which ssh says that the port is open: its own local command prints it, once it has the port. */
const OPEN = "the port is open";

/**
 * Runs ssh until it ends. No command runs on the node, so whatever is on standard error is ssh's own.
 *
 * @param opened What is said once the port is open. @throws CliError where it cannot be opened; LoginError.
 */
async function forwarded(
    access: Access,
    node: StackNode,
    options: {
        readonly local: number;
        readonly to: string;
        readonly opened: string;
        readonly signal: AbortSignal;
    },
): Promise<number> {
    const { local, to, opened, signal } = options;
    const args = [
        "-N",
        "-T",
        ...["-o", "ExitOnForwardFailure=yes", "-L", `127.0.0.1:${local}:${to}`],
        ...["-o", "PermitLocalCommand=yes", "-o", `LocalCommand=echo ${OPEN} >&2`],
    ];
    const child = spawn("ssh", sshArgs(access, node, args), { stdio: ["ignore", "ignore", "pipe"], signal });
    const said: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
        // "channel 2: open failed: connect failed: Connection refused"
        const [, refused] = /^channel \d+: open failed: (.*)$/.exec(line) ?? [];
        if (line === OPEN) process.stderr.write(`${opened}\n`);
        else if (refused !== undefined) process.stderr.write(`${to} on ${node.name}: ${oneLine(refused)}\n`);
        else said.push(line);
    });
    const status = await new Promise<number>((resolve, reject) => {
        child.on("error", (error) => (signal.aborted ? resolve(EXIT.no) : reject(spawnFailure(error))));
        child.on("close", (code, name) => resolve(endStatus(code, name)));
    });
    // What ssh says when it is told to end is no failure.
    if (status === 0 || signal.aborted) return status;
    const taken = said.map((line) => /^bind \[.*\]:\d+: (.*)$/.exec(line)?.[1]).find(Boolean);
    if (taken !== undefined)
        throw new CliError(`127.0.0.1:${local}: ${oneLine(taken)}; choose another port: --local PORT`);
    throw loginError(node, said.join("\n"));
}

/** Free a moment ago: ssh takes it in the next, and fails where somebody was faster. */
async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}
