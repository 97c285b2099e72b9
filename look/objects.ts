/** Secrets and configs that the swarm lacks, or has and nothing asks for. */

import { OBJECT_KINDS, type ObjectKind } from "../model/contents.ts";
import { STACK_LABEL } from "../model/engineSpec.ts";
import { isOwnLabel } from "../model/stackNames.ts";
import type { By, Difference, Names } from "./differences.ts";
import type { ApiObject, SwarmFacts } from "./facts.ts";

export interface WantedObjects {
    readonly wanted: readonly WantedObject[];
    /** How many former ones stay, of each that is wanted. */
    readonly keep: number;
}

export interface WantedObject {
    readonly kind: ObjectKind;
    /** In the configuration. */
    readonly configName: string;
    /** In the swarm. */
    readonly name: string;
}

/** The name in the config, on each of them. */
const NAME_LABEL = "swarm.name";

export function objectDifferences(
    { wanted, keep }: WantedObjects,
    names: Names,
    facts: SwarmFacts,
    by: By,
): Difference[] {
    const [stack = ""] = names;
    return OBJECT_KINDS.flatMap((kind) => {
        const own = wanted.filter((object) => object.kind === kind);
        const here = facts[`${kind}s`];
        const missing = own.filter(({ name }) => !here.some(({ Spec }) => Spec.Name === name));
        const isUsed = usedBySomebodyElse(kind, names, facts);
        return [
            ...missing.map(
                ({ configName, name }): Difference => ({
                    text: here.some((object) => nameOf(object) === configName && isOurs(object, stack))
                        ? `the ${kind} ${configName} is another one in the swarm than in the ${by}`
                        : `the ${kind} ${configName} (${name}) is not in the swarm`,
                    mendedBy: { kind },
                }),
            ),
            ...leftOver(
                here.filter((object) => isOurs(object, stack)),
                own,
                keep,
            )
                // Said above.
                .filter((object) => !missing.some(({ configName }) => configName === nameOf(object)))
                // It can be removed by nobody while a service has it.
                .filter(({ ID }) => !isUsed.has(ID))
                .map(
                    ({ Spec }): Difference => ({
                        text: `the ${kind} ${Spec.Name} is this stack's, and not in the ${by}`,
                        mendedBy: { kind: "unused" },
                    }),
                ),
        ];
    });
}

/** As `unused.sh` finds them: of each that is wanted, the newest former ones stay. */
function leftOver(here: readonly ApiObject[], wanted: readonly WantedObject[], keep: number): ApiObject[] {
    const former = here
        .filter(({ Spec }) => !wanted.some(({ name }) => name === Spec.Name))
        .sort((a, b) => b.Version.Index - a.Version.Index);
    return former.filter((object) => {
        const alike = former.filter((other) => nameOf(other) === nameOf(object));
        const isWanted = wanted.some(({ configName }) => configName === nameOf(object));
        return !isWanted || alike.indexOf(object) >= keep;
    });
}

function nameOf({ Spec }: ApiObject): string | undefined {
    return Spec.Labels?.[NAME_LABEL];
}

function isOurs({ Spec }: ApiObject, stack: string): boolean {
    return isOwnLabel(Spec.Labels?.[STACK_LABEL], stack);
}

/** IDs of those that services have which are not the stack's own. */
function usedBySomebodyElse(kind: ObjectKind, names: Names, { services }: SwarmFacts): Set<string> {
    return new Set(
        services
            .filter(({ Spec }) => !names.has(Spec.Labels?.[STACK_LABEL]))
            .flatMap(({ Spec }) => {
                const { Secrets, Configs } = Spec.TaskTemplate.ContainerSpec ?? {};
                return kind === "secret"
                    ? (Secrets ?? []).map(({ SecretID }) => SecretID)
                    : (Configs ?? []).map(({ ConfigID }) => ConfigID);
            }),
    );
}
