import { rmSync } from "node:fs";
import { Option } from "commander";
import { openAccess } from "../access.ts";
import { DOCKER_ELSEWHERE, dockerUrl, wrapperFolder } from "../dockerClient.ts";
import { EXIT } from "../errors.ts";
import { activeManager } from "../managers.ts";
import { pickNode } from "../nodeRange.ts";
import { define, type Verb } from "../options.ts";
import { shellWord } from "../words.ts";

export type Shell = "sh" | "fish";

interface Options {
    readonly node?: string;
    readonly shell?: Shell;
    readonly unset?: boolean;
}

export default (program: Verb) =>
    define(program, "env", {
        summary: "lines that lead this shell's docker to the cluster",
        description:
            "Prints lines for eval after which a plain docker talks to the active manager over SSH, with pinned host " +
            "keys. docker runs ssh, and cannot be told of a config; so a folder with an ssh that reads the right one " +
            "comes first on PATH. Other hosts are reached as before. Where the node has been replaced or is off, that ssh " +
            "says to ask for the lines again.",
        examples: [
            'eval "$(swarm env)" && docker service ls',
            'eval "$(swarm env --node node3)" && docker ps',
            'eval "$(swarm env --unset)"',
            "swarm env --shell fish | source",
        ],
    })
        .option("--node <node>", "this node instead of the active manager; swarm docker follows it, too")
        .addOption(new Option("--shell <shell>", "whose lines; default by $SHELL").choices(["sh", "fish"]))
        .option("--unset", "lines that take it back")
        .does(async (choice, { node, unset, ...options }: Options) => {
            const shell = options.shell ?? shellOf(process.env.SHELL);
            if (unset) {
                process.stdout.write(unsetText(shell));
                return EXIT.ok;
            }
            const access = await openAccess(choice);
            const target =
                node === undefined
                    ? await activeManager(access, choice.signal)
                    : pickNode(access.state.nodes, node);
            const { config, folder } = access.files;
            // What the ssh of these lines remembers of a node that has not answered.
            rmSync(`${folder}/away`, { force: true });
            const url = dockerUrl(access, target);
            process.stdout.write(environmentText({ url, config, wrapper: wrapperFolder, node }, shell));
            return EXIT.ok;
        });

/** The shell that the lines are for, by the name of the person's own. */
export function shellOf(SHELL: string | undefined): Shell {
    return SHELL?.endsWith("/fish") ? "fish" : "sh";
}

export interface DockerEnvironment {
    /** `ssh://node1.swarm-dev` */
    readonly url: string;
    /** ssh's config with the stack's nodes among the person's own hosts. */
    readonly config: string;
    readonly wrapper: string;
    /** The node that a person chose; undefined for the active manager. */
    readonly node?: string | undefined;
}

const fishWord = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const DIALECTS = {
    sh: {
        set: (name: string, value: string) => `export ${name}=${shellWord(value)}`,
        path: (folder: string) =>
            `case ":$PATH:" in *:${shellWord(folder)}:*) ;; *) export PATH=${shellWord(folder)}:"$PATH" ;; esac`,
        unset: (name: string) => `unset ${name}`,
        again: '# eval "$(swarm env)"',
    },
    fish: {
        set: (name: string, value: string) => `set -gx ${name} ${fishWord(value)}`,
        path: (folder: string) =>
            `contains -- ${fishWord(folder)} $PATH; or set -gx PATH ${fishWord(folder)} $PATH`,
        unset: (name: string) => `set -e ${name}`,
        again: "# swarm env --shell fish | source",
    },
} as const;

const linesText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** Lines for `eval`; may be evaluated again without PATH growing. */
export function environmentText({ url, config, wrapper, node }: DockerEnvironment, shell: Shell): string {
    const { set, path, unset, again } = DIALECTS[shell];
    return linesText([
        set("DOCKER_HOST", url),
        set("SWARM_SSH_CONFIG", config),
        ...(node === undefined ? [] : [set("SWARM_NODE", node)]),
        path(wrapper),
        ...DOCKER_ELSEWHERE.map(unset),
        ...(node === undefined ? [unset("SWARM_NODE")] : []),
        again,
    ]);
}

/** Lines that take it back. PATH keeps the folder, whose ssh is the ordinary one without SWARM_SSH_CONFIG. */
export function unsetText(shell: Shell): string {
    return linesText(["DOCKER_HOST", "SWARM_SSH_CONFIG", "SWARM_NODE"].map(DIALECTS[shell].unset));
}
