/** Asking the managers of a stack, until one answers. */

import { QUESTIONS, type SwarmFacts } from "../look/facts.ts";
import type { Access } from "./access.ts";
import { askDocker, DockerError } from "./dockerApi.ts";
import { CliError, EXIT } from "./errors.ts";
import { pickNode } from "./nodeRange.ts";
import { LoginError, onNode } from "./ssh.ts";
import { managersOf, type StackNode } from "./stackState.ts";

/** The next manager is asked when the one before has not answered for so long. */
const PATIENCE_MS = 3_000;

/** No manager answered, or none of those that did has a quorum. */
export class NoManager extends CliError {
    readonly noQuorum: boolean;

    constructor(text: string, noQuorum: boolean) {
        super(text, EXIT.unreachable);
        this.noQuorum = noQuorum;
    }
}

/** A node that has answered, and is no manager. */
export class NotManager extends DockerError {
    /** Private addresses of the managers that it knows of. */
    readonly managers: readonly string[];

    constructor(text: string, managers: readonly string[]) {
        super(text, 0);
        this.managers = managers;
    }
}

/**
 * Asks the managers in turn; the first answer counts. Where none answers as one, the others are
 * asked as well: a hand-over that was interrupted leaves managers that the state does not know as such.
 *
 * @param ask Must be a question only: a slow manager is not waited for, and two may be asked.
 * @throws LoginError At once when a manager shows a wrong host key. @throws NoManager With every one's reason.
 */
export async function askManagers<T>(
    access: Access,
    ask: (node: StackNode, signal: AbortSignal) => Promise<T>,
    options: { readonly signal?: AbortSignal; readonly patienceMs?: number } = {},
): Promise<T> {
    const managers = managersOf(access.state);
    const left = [...managers, ...access.state.nodes.filter((node) => !managers.includes(node))];
    /** Addresses of the managers that a worker knows of; of the other workers nobody is asked then. */
    let named: readonly string[] | undefined;
    const take = () => {
        const isNamed = ({ privateIp }: StackNode) => named?.includes(privateIp) ?? false;
        const next =
            left.find(isNamed) ?? left.find((node) => named === undefined || managers.includes(node));
        if (next) left.splice(left.indexOf(next), 1);
        return next;
    };
    const enough = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, enough.signal]) : enough.signal;
    const failures = new Map<StackNode, Error>();
    try {
        return await new Promise<T>((resolve, reject) => {
            let running = 0;
            const start = () => {
                const node = take();
                if (!node) {
                    if (running === 0) reject(noManager(managers, failures));
                    return;
                }
                running += 1;
                const timer = setTimeout(start, options.patienceMs ?? PATIENCE_MS);
                ask(node, signal)
                    .then(resolve, (error: Error) => {
                        running -= 1;
                        failures.set(node, error);
                        if (error instanceof NotManager && error.managers.length > 0)
                            named ??= error.managers;
                        if (options.signal?.aborted || (error instanceof LoginError && error.wrongHostKey))
                            reject(error);
                        else start();
                    })
                    .finally(() => clearTimeout(timer));
            };
            start();
        });
    } finally {
        enough.abort();
    }
}

/** Every manager's reason in one line; the lack of a quorum, if one says that, is the one that counts. */
export function noManager(
    managers: readonly StackNode[],
    failures: ReadonlyMap<StackNode, Error>,
): NoManager {
    if (managers.length === 0)
        return new NoManager("the stack has no manager on record; say: pulumi up", false);
    const reasons = managers
        .map((node) => {
            const error = failures.get(node);
            if (error instanceof LoginError) return error.why;
            return error === undefined ? `${node.name}: not asked` : plain(error.message);
        })
        .join("; ");
    const [left] =
        [...failures].find(([, error]) => error instanceof DockerError && isNoQuorum(error.message)) ?? [];
    if (left) {
        return new NoManager(
            `NO QUORUM: fewer managers are left than the majority, so nothing can be changed: ${reasons}. Bring the others ` +
                "back; if they are gone for good, go on from one that is left: pulumi config set swarm:recoverFrom " +
                `${left.name}, then: pulumi up --refresh. Tasks go on running meanwhile`,
            true,
        );
    }
    const all = `none of the ${managers.length} managers can be reached`;
    const what = managers.length === 1 ? "the manager cannot be reached" : all;
    return new NoManager(`${what}: ${reasons}. See: cli/bin/swarm doctor`, false);
}

/** Docker's words without its prefix, and without its advice, which is meant for somebody on the machine. */
function plain(message: string): string {
    return message
        .replace(/rpc error: code = \w+ desc = /, "")
        .replace(/\. It's possible that too few managers are online\..*$/s, "");
}

function isNoQuorum(text: string): boolean {
    return /does not have a leader|no elected leader|lost quorum|context deadline exceeded/i.test(text);
}

/** All that the swarm says of itself, by one login. @throws DockerError, LoginError */
export async function swarmFacts(access: Access, node: StackNode, signal: AbortSignal): Promise<SwarmFacts> {
    return await askDocker(access, node, signal, async (api) => {
        const info = await api.get<SwarmFacts["info"]>("/info");
        refuseNonManager(node, info);
        return {
            info,
            nodes: await api.get(QUESTIONS.nodes),
            services: await api.get(QUESTIONS.services),
            tasks: await api.get(QUESTIONS.tasks),
            networks: await api.get(QUESTIONS.networks),
            secrets: await api.get(QUESTIONS.secrets),
            configs: await api.get(QUESTIONS.configs),
        };
    });
}

/** What gives a manager the key that it waits for. */
export function unlocking(node: string): string {
    return `unlock it: pulumi stack output unlockKey --show-secrets | swarm ssh ${node} -- docker swarm unlock`;
}

/** Seconds that a manager which the others do not reach may take to say why. */
const WHY_SECONDS = 3;

/**
 * The names of those among these managers that wait for the unlock key, as the others cannot tell. One that cannot be asked
 * does not count.
 *
 * @throws LoginError For a wrong host key.
 */
export async function lockedAmong(
    access: Access,
    nodes: readonly StackNode[],
    signal: AbortSignal | undefined,
): Promise<string[]> {
    const states = await Promise.all(
        nodes.map(async (node) => {
            try {
                return await onNode(access, node, "docker info --format '{{.Swarm.LocalNodeState}}'", {
                    ...(signal && { signal }),
                    limitMs: 2 * WHY_SECONDS * 1000,
                    more: ["-o", `ConnectTimeout=${WHY_SECONDS}`],
                });
            } catch (error) {
                if (!(error instanceof LoginError) || error.wrongHostKey) throw error;
                return undefined;
            }
        }),
    );
    return nodes.filter((_, index) => states[index]?.stdout.trim() === "locked").map(({ name }) => name);
}

/** @throws NotManager That says what the node is, where it is no manager. */
export function refuseNonManager(node: StackNode, { Swarm }: SwarmFacts["info"]): void {
    if (Swarm.ControlAvailable) return;
    // "error" without a text is the state of a node that was started again, for the rest of its engine's life.
    const isMember =
        Swarm.LocalNodeState === "active" ||
        (Swarm.LocalNodeState === "error" && Swarm.NodeID !== "" && !Swarm.Error);
    const what = isMember
        ? "it is a worker"
        : Swarm.LocalNodeState === "locked"
          ? `it is LOCKED since its engine was started again (swarm:autolock); ${unlocking(node.name)}`
          : `it is in no swarm (${Swarm.LocalNodeState})`;
    const managers = (Swarm.RemoteManagers ?? []).map(({ Addr }) => Addr.replace(/:\d+$/, ""));
    throw new NotManager(`${node.name}: ${what}${Swarm.Error ? `: ${Swarm.Error}` : ""}`, managers);
}

/** The first manager that answers as one. @throws LoginError, NoManager */
export async function activeManager(access: Access, signal: AbortSignal): Promise<StackNode> {
    return await askManagers(
        access,
        async (node, signal) => {
            refuseNonManager(node, await askDocker(access, node, signal, (api) => api.get("/info")));
            return node;
        },
        { signal },
    );
}

/**
 * Where commands go that name no node: the node that the environment chose (`swarm env --node`), or else the first
 * manager that answers.
 *
 * @throws CliError For a chosen node that there is none of. @throws LoginError, NoManager
 */
export async function activeNode(access: Access, signal: AbortSignal): Promise<StackNode> {
    const chosen = process.env.SWARM_NODE;
    return chosen ? pickNode(access.state.nodes, chosen) : await activeManager(access, signal);
}
