import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { OBJECT_KINDS, type ObjectKind } from "../model/contents.ts";
import { type HeldObject, heldObjects, usesObjects } from "../model/held.ts";
import type { Line } from "../model/scriptInput.ts";
import type { ServiceSpec, Settings } from "../model/settings.ts";
import { kept } from "./kept.ts";
import type { Node } from "./nodes.ts";
import { type Differs, remoteScript } from "./remote.ts";

export interface ObjectsArgs {
    readonly settings: Settings;
    /** Value of the label `swarm.stack`. */
    readonly stack: pulumi.Output<string>;
    /** What the hashes in the names are made with; secret. */
    readonly key: pulumi.Output<string>;
    /** The manager that commands go to. */
    readonly seed: Node;
    /** What has to be done before anything is made. */
    readonly after: pulumi.Resource;
    /** A new swarm has nothing of the one before. */
    readonly swarm: pulumi.Resource;
    /** What the swarm lacks, or has too much. */
    readonly differing: Partial<Record<ObjectKind | "unused", Differs>>;
}

/** The script waits for two minutes at most; each of these takes less than a second. */
const TIMEOUT_SECONDS = 600;

/** What the scripts are told of one. */
export const objectLine = ({ kind, name, configName, content }: HeldObject): Line => [
    "object",
    `${kind} ${name} ${configName} ${content.toString("base64")}`,
];
export const unusedLine = ({ kind, name, configName }: HeldObject): Line => [kind, `${name} ${configName}`];

/** Undefined where there is nothing to make or to remove. */
export function objectsOf(name: string, args: ObjectsArgs): Objects | undefined {
    const isNeeded = args.differing.unused !== undefined || args.settings.services.some(usesObjects);
    return isNeeded ? new Objects(name, args) : undefined;
}

export type { Objects };

/**
 * Secrets and configs of the swarm, as far as services use them as files. None of them is ever changed: another content has
 * another name, is made before the services are updated, and what is left over is removed once they have been.
 */
class Objects extends pulumi.ComponentResource {
    /** What makes those of a kind; absent where no service uses any. */
    readonly made: Partial<Record<ObjectKind, command.remote.Command>> = {};
    readonly #args: ObjectsArgs;

    constructor(name: string, args: ObjectsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:Objects", name, {}, opts);
        this.#args = args;
        for (const kind of OBJECT_KINDS.filter((kind) => this.#uses(kind)))
            this.made[kind] = this.#make(kind);
        this.registerOutputs({});
    }

    /** What has to be done before a service is sent. */
    usedBy(service: ServiceSpec): command.remote.Command[] {
        return OBJECT_KINDS.filter((kind) => service[`${kind}s`].length > 0).flatMap(
            (kind) => this.made[kind] ?? [],
        );
    }

    /** @param after What uses them, and has to have been updated. */
    removeUnused(after: readonly pulumi.Resource[]): void {
        const { settings, differing } = this.#args;
        this.#run("unused", {
            differs: differing.unused,
            dependsOn: [this.#args.after, ...Object.values(this.made), ...after],
            lines: this.#lines(unusedLine).apply((lines) => [["keep", settings.keep] as const, ...lines]),
        });
    }

    #uses(kind: ObjectKind): boolean {
        return this.#args.settings.services.some((service) => service[`${kind}s`].length > 0);
    }

    #make(kind: ObjectKind): command.remote.Command {
        const { settings, differing, after } = this.#args;
        const lines = this.#lines(objectLine, kind);
        return this.#run(`${kind}s`, {
            differs: differing[kind],
            dependsOn: [after],
            lines: kind === "secret" ? pulumi.secret(lines) : pulumi.output(kept(lines, settings, "configs")),
        });
    }

    /** Names are in clear, whatever key they were made with. */
    #lines(line: (object: HeldObject) => Line, kind?: ObjectKind): pulumi.Output<Line[]> {
        const { settings, key } = this.#args;
        const objects = key.apply((text) => heldObjects(settings.services, settings, text));
        return pulumi.unsecret(
            objects.apply((all) =>
                all.filter((object) => kind === undefined || object.kind === kind).map(line),
            ),
        );
    }

    #run(
        name: "secrets" | "configs" | "unused",
        {
            lines,
            differs,
            dependsOn,
        }: { lines: pulumi.Output<Line[]>; differs?: Differs; dependsOn: pulumi.Resource[] },
    ): command.remote.Command {
        const { seed, stack, swarm } = this.#args;
        const input = pulumi
            .all([stack, lines])
            .apply(([label, rest]): Line[] => [["node", seed.name], ["stack", label], ...rest]);
        return remoteScript(
            name,
            {
                host: seed,
                script: name === "unused" ? "unused" : "objects",
                input,
                differs,
                timeout: TIMEOUT_SECONDS,
            },
            { parent: this, dependsOn, replaceWith: [swarm] },
        );
    }
}
