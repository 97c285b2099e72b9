/** What makes the docker of this machine talk to a node: lines for a shell. Text only. */
import { shellWord } from "./words.ts";

export type Shell = "sh" | "fish";

/** The shell that the lines are for, by the name of the person's own. */
export function shellOf(SHELL: string | undefined): Shell {
    return SHELL?.endsWith("/fish") ? "fish" : "sh";
}

export interface DockerEnvironment {
    /** `ssh://node1.swarm-dev` */
    readonly url: string;
    /** ssh's config with the stack's nodes among the person's own hosts. */
    readonly config: string;
    /** Folder with the `ssh` that reads it. */
    readonly wrapper: string;
    /** The node that a person chose; undefined for the active manager. */
    readonly node?: string;
    /** Variables that would lead docker elsewhere. */
    readonly elsewhere: readonly string[];
}

/** Lines for `eval`; may be evaluated again without PATH growing. */
export function environmentText(environment: DockerEnvironment, shell: Shell): string {
    const { url, config, wrapper, node, elsewhere } = environment;
    const gone = [...elsewhere, ...(node === undefined ? ["SWARM_NODE"] : [])];
    const set: [name: string, value: string][] = [
        ["DOCKER_HOST", url],
        ["SWARM_SSH_CONFIG", config],
        ...(node === undefined ? [] : [["SWARM_NODE", node] as [string, string]]),
    ];
    const lines =
        shell === "fish"
            ? [
                  ...set.map(([name, value]) => `set -gx ${name} ${fishWord(value)}`),
                  `contains -- ${fishWord(wrapper)} $PATH; or set -gx PATH ${fishWord(wrapper)} $PATH`,
                  ...gone.map((name) => `set -e ${name}`),
                  "# swarm env --shell fish | source",
              ]
            : [
                  ...set.map(([name, value]) => `export ${name}=${shellWord(value)}`),
                  `case ":$PATH:" in *:${shellWord(wrapper)}:*) ;; *) export PATH=${shellWord(wrapper)}:"$PATH" ;; esac`,
                  ...gone.map((name) => `unset ${name}`),
                  '# eval "$(swarm env)"',
              ];
    return lines.map((line) => `${line}\n`).join("");
}

/** Lines that take it back. PATH keeps the folder, whose ssh is the ordinary one without SWARM_SSH_CONFIG. */
export function unsetText(shell: Shell): string {
    return ["DOCKER_HOST", "SWARM_SSH_CONFIG", "SWARM_NODE"]
        .map((name) => (shell === "fish" ? `set -e ${name}\n` : `unset ${name}\n`))
        .join("");
}

function fishWord(text: string): string {
    return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
