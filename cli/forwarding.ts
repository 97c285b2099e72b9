/** A local port that leads to a task, by ssh's own forwarding from the node that it runs on. */
import { type AddressInfo, createServer, isIPv4 } from "node:net";
import { openAccess } from "./access.ts";
import { CliError } from "./errors.ts";
import { onManager, placeOf } from "./places.ts";
import { inTerminal, onNode, sshArgs } from "./ssh.ts";

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
    process.stderr.write(
        `127.0.0.1:${local} leads to port ${port} of ${label} on ${node.name}, until Ctrl-C\n`,
    );
    return await inTerminal(
        "ssh",
        sshArgs(access, node, [
            "-N",
            "-T",
            ...["-o", "ExitOnForwardFailure=yes", "-L", `127.0.0.1:${local}:${address}:${port}`],
        ]),
        process.env,
    );
}

/** Free a moment ago: ssh takes it in the next, and says so where somebody was faster. */
async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}
