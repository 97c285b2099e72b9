/** The files that make `ssh`, and whatever runs it, reach a stack's nodes with pinned host keys. Text only. */
import type { StackState } from "./stackState.ts";

export interface SshFiles {
    readonly folder: string;
    /** The nodes as hosts of ssh, and nothing else: to be used with `ssh -F`, or to be included. */
    readonly hosts: string;
    /** The same, then the person's own and the machine's: for a shell in which other hosts are logged in to as well. */
    readonly config: string;
    readonly knownHosts: string;
    readonly key: string;
    /** Its public half, as a mark of what `key` holds. */
    readonly keyPublic: string;
    /** Which backend the stack's state is in. */
    readonly backend: string;
}

export function sshFiles(folder: string): SshFiles {
    return {
        folder,
        hosts: `${folder}/hosts`,
        config: `${folder}/config`,
        knownHosts: `${folder}/known_hosts`,
        key: `${folder}/deploy_key`,
        keyPublic: `${folder}/deploy_key.pub`,
        backend: `${folder}/backend`,
    };
}

/** What ssh calls a node: told from the nodes of any other stack, and not a name that DNS could know. */
export function hostAlias(node: string, stack: string): string {
    return `${node}.${stack}`;
}

/** Seconds until a host that says nothing counts as unreachable. */
export const CONNECT_SECONDS = 8;

/**
 * Only the key of the stack is offered, only the pinned host key is accepted, and nothing is asked for: neither an
 * agent nor a password, nor whether to trust a host.
 */
export function hostsText(state: StackState, files: SshFiles): string {
    // A HostName that is empty would have ssh refuse the whole file, and with it every other node.
    const known = state.nodes.filter(({ publicIp }) => publicIp !== "");
    const hosts = known.flatMap(({ name, publicIp }) => [
        `Host ${hostAlias(name, state.local)}`,
        `    HostName ${publicIp}`,
        `    HostKeyAlias ${hostAlias(name, state.local)}`,
        "",
    ]);
    return [
        "# Written by the swarm command from the stack's state, and written anew when that changes.",
        "",
        ...hosts,
        `Host *.${state.local}`,
        `    User ${state.sshUser}`,
        `    IdentityFile ${quoted(files.key)}`,
        "    IdentitiesOnly yes",
        "    IdentityAgent none",
        `    UserKnownHostsFile ${quoted(files.knownHosts)}`,
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        "    HostKeyAlgorithms ssh-ed25519",
        "    UpdateHostKeys no",
        "    CheckHostIP no",
        "    PasswordAuthentication no",
        "    BatchMode yes",
        "    ForwardAgent no",
        "    ControlMaster no",
        "    ControlPath none",
        `    ConnectTimeout ${CONNECT_SECONDS}`,
        "    ServerAliveInterval 10",
        "    ServerAliveCountMax 3",
        "",
    ].join("\n");
}

export function knownHostsText({ nodes, local }: StackState): string {
    return nodes
        .filter(({ hostKey }) => hostKey !== "")
        .map(({ name, hostKey }) => `${hostAlias(name, local)} ${hostKey}\n`)
        .join("");
}

/** With `ssh -F`, neither the person's own config nor the machine's is read unless it is included. */
export function configText(files: SshFiles): string {
    return [
        `Include ${quoted(files.hosts)}`,
        "Include ~/.ssh/config",
        "Include /etc/ssh/ssh_config",
        "",
    ].join("\n");
}

/** ssh knows tokens such as %h in paths. */
function quoted(path: string): string {
    return `"${path.replaceAll("%", "%%")}"`;
}
