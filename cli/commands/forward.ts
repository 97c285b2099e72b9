/** A local port that leads to a task, by ssh's own forwarding from the node that it runs on. */
import { spawn } from "node:child_process";
import { type AddressInfo, createServer, isIPv4 } from "node:net";
import { createInterface } from "node:readline";
import { openAccess } from "../access.ts";
import { ended } from "../children.ts";
import { CliError } from "../errors.ts";
import { define, type Verb, wholeNumber } from "../options.ts";
import { onManager, placeOf, WHICH_TASK } from "../places.ts";
import { loginError, onNode, sshArgs } from "../ssh.ts";
import { oneLine } from "../words.ts";

export default (program: Verb) =>
    define(program, "forward", {
        summary: "a local port that leads to a service, published or not",
        description:
            "Opens a port on 127.0.0.1 that leads through SSH into a task of a service, until Ctrl-C: also to a port that " +
            "is not published. It leads to that task alone: once that has ended, connections are refused, which is said.",
        examples: ["swarm forward db 5432 --local 15432", "swarm forward nginx.2 80"],
    })
        .argument("<service>", WHICH_TASK)
        .argument("<port>", "the port in the container", wholeNumber(1, 65_535))
        .option("--local <port>", "the local port; 0 for any that is free", wholeNumber(0, 65_535), 0)
        .does(async (choice, task: string, port: number, options: { readonly local: number }) => {
            const { signal } = choice;
            const access = await openAccess(choice);
            const { container, label, node } = await onManager(access, signal, (api) =>
                placeOf(api, access, task),
            );
            const asked =
                `docker inspect -f '{{json .NetworkSettings.Networks}}' ${container} && ` +
                `docker network inspect -f '{{json .Containers}}' ${BRIDGE}`;
            const { status, stdout, stderr } = await onNode(access, node, asked, { signal });
            if (status !== 0) throw new CliError(`${node.name}: ${oneLine(stderr)}`);
            const [own = "{}", bridged = "{}"] = stdout.trim().split("\n");
            const address = addressOf(container, JSON.parse(own), JSON.parse(bridged));
            if (address === undefined)
                throw new CliError(`${node.name} does not reach ${label}: it is on internal networks alone`);
            const local = options.local || (await freePort());
            const to = `${address}:${port}`;
            const settings = [
                "PermitLocalCommand=yes",
                `LocalCommand=echo ${OPEN} >&2`,
                "ExitOnForwardFailure=yes",
            ];
            const words = settings.flatMap((setting) => ["-o", setting]);
            const args = sshArgs(access, node, ["-N", "-T", ...words, "-L", `127.0.0.1:${local}:${to}`]);
            const child = spawn("ssh", args, { stdio: ["ignore", "ignore", "pipe"], signal });
            // No command runs on the node, so whatever is on standard error is ssh's own.
            const said: string[] = [];
            createInterface({ input: child.stderr }).on("line", (line) => {
                // "channel 2: open failed: connect failed: Connection refused"
                const [, refused] = /^channel \d+: open failed: (.*)$/.exec(line) ?? [];
                const opened = `127.0.0.1:${local} leads to port ${port} of ${label} on ${node.name}, until Ctrl-C`;
                if (line === OPEN) process.stderr.write(`${opened}\n`);
                else if (refused !== undefined)
                    process.stderr.write(`${to} on ${node.name}: ${oneLine(refused)}\n`);
                else said.push(line);
            });
            const end = await ended(child, "ssh");
            if (end === 0) return end;
            const taken = said.map((line) => /^bind \[.*\]:\d+: (.*)$/.exec(line)?.[1]).find(Boolean);
            if (taken === undefined) throw loginError(node, said.join("\n"));
            throw new CliError(`127.0.0.1:${local}: ${oneLine(taken)}; choose another port: --local PORT`);
        });

/** The line by which ssh says that the port is open: its own local command prints it, once it has the port. */
const OPEN = "the port is open";

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

/** Free a moment ago: ssh takes it in the next, and fails where somebody was faster. */
async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}
