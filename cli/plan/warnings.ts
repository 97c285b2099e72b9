/** What an operator should know before the change is made. */
import { isEverywhere } from "../../model/openings.ts";
import { eligibleNodes, type Members } from "../../model/placement.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import { dropletCounts } from "./cost.ts";
import type { Course } from "./count.ts";
import { command, isLeaving, isLost, isMade, type Nodes, runs, swarmMadeAgain } from "./nodes.ts";
import { rejoiningSeed } from "./order.ts";
import type { PortChanges } from "./ports.ts";
import type { Preview } from "./preview.ts";
import type { ServiceChange } from "./services.ts";
import { emptiedNodes } from "./tasks.ts";
import { joined, listed, own, say, type Words } from "./words.ts";

/** What the account allows, as far as it could be looked up. */
export interface Limit {
    readonly droplets: number;
    readonly limit: number;
}

export interface WarningFacts {
    readonly preview: Preview;
    readonly nodes: Nodes;
    readonly course: Course;
    readonly services: readonly ServiceChange[];
    /** All services after the change; undefined where the config keeps them secret. */
    readonly specs?: readonly ServiceSpec[];
    readonly ports: PortChanges;
    readonly account?: Limit;
}

/** For an `up`; those that endanger the swarm come first. */
export function warningsOf(facts: WarningFacts): Words[] {
    return [
        ...swarmWarnings(facts),
        ...managerWarnings(facts),
        ...nodeWarnings(facts),
        ...serviceWarnings(facts),
        ...portWarnings(facts),
        ...limitWarnings(facts),
    ];
}

const namesOf = (nodes: readonly { readonly name: string }[]) => listed(nodes.map(({ name }) => name));

function swarmWarnings({ preview, nodes, course }: WarningFacts): Words[] {
    const warnings: Words[] = [];
    const had = nodes.managersBefore.length > 0;
    const madeAgain = swarmMadeAgain(preview, nodes);
    if (madeAgain === "kept") {
        warnings.push(
            say`${nodes.managersAfter[0] ?? ""} keeps the swarm that it is in, with its services, secrets and configs: a new one is made only where it is in none`,
        );
    }
    if (madeAgain === "new") {
        warnings.push(
            own(
                "a new swarm is made in place of this one: secrets and configs made by hand are gone, and all services start anew",
            ),
        );
    } else if (course.before.reachable > 0 && course.before.bears < 0 && !command(preview, "recover")) {
        warnings.push(
            say`more than half of the managers are lost, so nothing in the swarm can be changed and the up fails; if they are gone for good, name one that is left: ${"pulumi config set swarm:recoverFrom NAME"}`,
        );
    }
    if (command(preview, "recover")?.kind === "create") {
        warnings.push(
            say`where there is no leader, the swarm goes on from ${preview.config.recoverFrom ?? ""} alone; where there is one, nothing is done. Take the key out again afterwards: ${"pulumi config rm swarm:recoverFrom"}`,
        );
    }
    if (had && nodes.managersAfter.length === 0) {
        warnings.push(own("no manager is left: the swarm ends with the last one"));
    }
    const away = nodes.all.filter((node) => isLeaving(node));
    if (away.length > 0 && !runs(preview, "roster")) {
        warnings.push(
            say`${namesOf(away)} ${own(away.length === 1 ? "is" : "are")} deleted without being emptied: the roster does not run. With --target, say --target-dependents as well`,
        );
    }
    const strangers = nodes.all.filter((node) => isMade(node) && !node.runsJoin);
    if (strangers.length > 0) {
        warnings.push(
            say`the new ${own(strangers.length === 1 ? "droplet" : "droplets")} of ${namesOf(strangers)} ${own(strangers.length === 1 ? "joins" : "join")} no swarm yet: --target leaves that out without --target-dependents`,
        );
    }
    return warnings;
}

function managerWarnings({ preview, nodes, course }: WarningFacts): Words[] {
    const warnings: Words[] = [];
    const { managersBefore, managersAfter, all } = nodes;
    const old = all.filter(({ before }) => before?.role === "manager");
    const isStartOver = swarmMadeAgain(preview, nodes) === "new";
    const leaving = old.filter(isLeaving);
    const [only] = old;
    if (managersBefore.length === 1 && only && (isLeaving(only) || only.after?.role === "worker")) {
        warnings.push(
            only.change === "replaced"
                ? say`the only manager is replaced: the new ${only.name} joins as a second one and takes over the cluster's state, then the old one is demoted; until then the loss of either loses the swarm`
                : say`the only manager, ${only.name}, hands over: another one joins or is promoted, takes over the cluster's state, then ${only.name} is demoted; in between the loss of either loses the swarm`,
        );
    } else if (managersBefore.length === 1 && only && isLost(only) && !isStartOver) {
        warnings.push(
            say`the only manager, ${only.name}, is lost, and the swarm with it: this up ${own(only.isGone ? "stops at the first manager" : "makes its droplet anew and then stops")}, since nothing initialises a second swarm by itself. For a new one: ${"pulumi up --replace '**:Command::swarm'"}`,
        );
    } else if (leaving.length > 1 && leaving.length === old.length) {
        warnings.push(
            say`none of the managers of now stays: the cluster's state goes over to the new ones, which join before the old ones are demoted`,
        );
    }
    if (course.path.includes(2) && course.path.some((members) => members > 2) && course.worst.bears === 0) {
        warnings.push(
            own("there are two managers only for a moment: the loss of either then loses the quorum"),
        );
    }
    if (managersAfter.length > 0 && managersAfter.length % 2 === 0) {
        warnings.push(
            say`${managersAfter.length} managers bear no more losses than ${managersAfter.length - 1}, and ${own(managersAfter.length === 2 ? "the loss of either loses the quorum" : "there is one more to be lost")}`,
        );
    }
    const fewer = course.before.bears > course.after.bears && course.after.members > 0;
    if (fewer) {
        warnings.push(
            say`the quorum bears fewer losses than before: ${course.after.bears} instead of ${course.before.bears}`,
        );
    }
    const again = rejoiningSeed(nodes);
    if (again) {
        warnings.push(
            say`${again.name} leaves the swarm to join it again, and its tasks end without being moved before; to avoid that, make it a manager beside ${listed(managersBefore)} first, and take ${own(managersBefore.length === 1 ? "that one" : "those")} away with a second up`,
        );
    }
    const guarded = all.filter((node) => node.isProtected && isLeaving(node));
    if (guarded.length > 0) {
        warnings.push(
            say`${namesOf(guarded)} ${own(guarded.length === 1 ? "is" : "are")} protected, so the engine refuses this: set swarm:protectManagers to false and run an up first`,
        );
    }
    return warnings;
}

function nodeWarnings({ nodes, specs }: WarningFacts): Words[] {
    const warnings: Words[] = [];
    const had = nodes.all.filter(({ before }) => before !== undefined);
    const leaving = nodes.all.filter(isLeaving);
    if (had.length > 1 && leaving.length === had.length && nodes.managersAfter.length > 0) {
        warnings.push(
            say`all ${had.length} nodes are exchanged at once: twice as many droplets are there meanwhile; for portions, see docs/operations.md, "Roll"`,
        );
    }
    const volumes = (specs ?? []).filter(({ mounts }) => mounts.some(({ type }) => type === "volume"));
    if (leaving.length > 0 && volumes.length > 0) {
        warnings.push(
            say`volumes are on the nodes: what ${namesOf(volumes)} ${own(volumes.length === 1 ? "has" : "have")} stored on ${namesOf(leaving)} goes with ${own(leaving.length === 1 ? "its droplet" : "their droplets")}`,
        );
    }
    return warnings;
}

function membersAt({ all }: Nodes, when: "before" | "after"): Members {
    const states = all.flatMap((node) => {
        const state = node[when];
        return state ? [{ name: node.name, ...state }] : [];
    });
    const managers = states.filter(({ role }) => role === "manager");
    return {
        nodes: states.map(({ name, role }) => ({ name, role })),
        managerAvailability: managers.some(({ takesTasks }) => !takesTasks) ? "drain" : "active",
    };
}

function serviceWarnings({ nodes, services, specs }: WarningFacts): Words[] {
    const warnings: Words[] = [];
    const changes = new Map(services.map((service) => [service.name, service]));
    for (const { name, mode, constraints } of specs ?? []) {
        if (mode.kind !== "replicated") continue;
        const room = eligibleNodes({ constraints }, membersAt(nodes, "after")).length;
        const change = changes.get(name);
        const had = change?.change === "comes" ? undefined : (change?.before?.replicas ?? mode.replicas);
        const roomBefore = eligibleNodes(
            { constraints: [...(change?.before?.constraints ?? constraints)] },
            membersAt(nodes, "before"),
        ).length;
        // What was so before is no matter of this change.
        if (mode.replicas > room && (had === undefined || had <= roomBefore)) {
            warnings.push(
                room === 0
                    ? say`${name}: no node takes its tasks`
                    : say`${name} has ${mode.replicas} replicas for ${own(room === 1 ? "1 node that takes" : `${room} nodes that take`)} its tasks, so the loss of a node takes several at once`,
            );
        }
    }
    const alone = services.filter(
        ({ change, effect, before, after }) =>
            change === "changes" &&
            effect === "roll" &&
            before?.replicas === 1 &&
            after?.replicas === 1 &&
            !after.startFirst,
    );
    if (alone.length > 0) {
        warnings.push(
            say`${namesOf(alone)} ${own(alone.length === 1 ? "has" : "have")} one replica, which is stopped before the new one starts: away for that moment`,
        );
    }
    const anew = services.filter(({ effect, change }) => effect === "anew" && change !== "anew");
    if (anew.length > 0)
        warnings.push(
            say`${namesOf(anew)} ${own(anew.length === 1 ? "is" : "are")} away while being made again`,
        );
    return [...warnings, ...orderWarnings(nodes, services)];
}

/** The roster comes before the services, and counts with them as they are (docs/operations.md, "Grow and shrink"). */
function orderWarnings(nodes: Nodes, services: readonly ServiceChange[]): Words[] {
    const emptied = emptiedNodes(nodes);
    const easier = services.filter(
        ({ change, before, after }) =>
            change === "changes" &&
            before &&
            after &&
            ((after.replicas ?? 0) < (before.replicas ?? 0) ||
                before.constraints.join() !== after.constraints.join()),
    );
    return emptied.length > 0 && easier.length > 0
        ? [
              say`nodes are emptied before services change: the tasks of ${namesOf(easier)} have to find room as ${own(easier.length === 1 ? "it is" : "they are")} now. Where that is too little, change the services first: ${easier.length === 1 ? `pulumi up --target '**:Command::${easier[0]?.name}'` : "pulumi up --target ..."}`,
          ]
        : [];
}

function portWarnings({ ports, services }: WarningFacts): Words[] {
    const warnings: Words[] = [];
    for (const { port, change, before, after, services: names } of ports.changes) {
        if (port === "22/tcp") {
            if (isEverywhere(after) && !isEverywhere(before)) {
                warnings.push(own("port 22 opens to everybody: anyone may knock, though only keys get in"));
            } else if (before.some((range) => !after.includes(range)) && after.length > 0) {
                warnings.push(
                    say`port 22 closes to some: the machine that runs Pulumi has to be within ${joined(after.map((range) => say`${range}`))}, or it locks itself out`,
                );
            }
        } else if (change === "closes") {
            const gone = names.filter((name) =>
                services.some((one) => one.name === name && one.change === "goes"),
            );
            const still = names.filter((name) => !gone.includes(name));
            if (still.length > 0) {
                warnings.push(
                    say`${port} of ${listed(still)} closes at the very start of the up, before the service is updated`,
                );
            }
        }
    }
    if (ports.unknown) warnings.push(own("the firewall's rules are not known before the change is made"));
    return warnings;
}

function limitWarnings({ nodes, account }: WarningFacts): Words[] {
    const { made } = dropletCounts(nodes);
    if (!account || made === 0 || account.droplets + made <= account.limit) return [];
    return [
        say`${made} more droplets for the while, but the account allows ${account.limit} and has ${account.droplets}: exchange nodes in portions, or ask DigitalOcean for a higher limit`,
    ];
}

/** For a `destroy`. */
export function destroyWarnings({ all }: Nodes, specs: readonly ServiceSpec[] | undefined): Words[] {
    const volumes = (specs ?? []).some(({ mounts }) => mounts.some(({ type }) => type === "volume"));
    const guarded = all.filter(({ isProtected }) => isProtected);
    return [
        own(
            "everything goes: the nodes with their tasks, volumes, secrets and configs; no node is emptied before",
        ),
        ...(volumes ? [own("services keep data in volumes on these nodes")] : []),
        ...(guarded.length > 0
            ? [
                  say`${namesOf(guarded)} ${own(guarded.length === 1 ? "is" : "are")} protected, so the engine refuses this`,
              ]
            : []),
    ];
}
