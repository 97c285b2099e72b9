/** What an operator should know before the change is made. */
import { isEverywhere } from "../../model/openings.ts";
import type { Course } from "./managers.ts";
import { isDemoted, isLeaving, isMade, type Nodes, rejoiningSeed, wasManager } from "./nodes.ts";
import { type Facts, isStuck } from "./order.ts";
import { runs } from "./preview.ts";
import { listed, namesOf, own, say, type Words } from "./words.ts";

export interface Limit {
    readonly droplets: number;
    readonly limit: number;
}

/** For an `up`; those that endanger the swarm come first. */
export function warningsOf(facts: Facts, course: Course, account: Limit | undefined): Words[] {
    const rules = [...swarmRules(facts, course), ...otherRules(facts, account), ...portRules(facts)];
    return rules.filter((rule) => rule !== false);
}

type Rules = readonly (Words | false)[];

function swarmRules({ preview, nodes }: Facts, course: Course): Rules {
    const { all, madeAgain, seed, managersBefore } = nodes;
    const { before, after, worst, path } = course;
    const stuck = isStuck(course, { preview, nodes });
    const old = all.filter(wasManager);
    const leaving = old.filter(isLeaving);
    const turned = old.filter((node) => isLeaving(node) || isDemoted(node));
    const again = rejoiningSeed(nodes);
    const guarded = all.filter((node) => node.isProtected && isLeaving(node));
    return [
        madeAgain === "kept" &&
            say`${seed?.name ?? ""} keeps the swarm that it is in, with its services, secrets and configs: a new one is made only where it is in none`,
        madeAgain === "new" &&
            say`a new swarm is made in place of this one: secrets and configs made by hand are gone, and all services start anew`,
        stuck &&
            before.reachable === 0 &&
            say`the swarm is lost with all its managers (${listed(managersBefore)}): this up stops there, since nothing initialises a second swarm by itself. For a new one: ${"pulumi up --replace '**:Command::swarm'"}`,
        stuck &&
            before.reachable > 0 &&
            say`more than half of the managers are lost, so nothing in the swarm can be changed and the up fails; if they are gone for good, name one that is left: ${"pulumi config set swarm:recoverFrom NAME"}`,
        runs(preview, "recover") &&
            say`where there is no leader, the swarm goes on from ${preview.config.recoverFrom ?? ""} alone; where there is one, nothing is done. Take the key out again afterwards: ${"pulumi config rm swarm:recoverFrom"}`,
        managersBefore.length === 1 &&
            turned.length === 1 &&
            say`the only manager, ${namesOf(turned)}, hands over: another one takes over the cluster's state before it is demoted; in between the loss of either loses the swarm`,
        leaving.length > 1 &&
            leaving.length === old.length &&
            say`none of the managers of now stays: the cluster's state goes over to the new ones, which join before the old ones are demoted`,
        path.includes(2) &&
            path.some((members) => members > 2) &&
            worst.bears === 0 &&
            own("there are two managers only for a moment: the loss of either then loses the quorum"),
        after.members > 0 &&
            after.bears < before.bears &&
            say`the quorum bears fewer losses than before: ${after.bears} instead of ${before.bears}`,
        again !== undefined &&
            say`${again.name} leaves the swarm to join it again, and its tasks end without being moved before; to avoid that, make it a manager beside ${listed(managersBefore)} first, and exchange them with a second up`,
        guarded.length > 0 &&
            say`protected, so the engine refuses this: ${namesOf(guarded)}; set swarm:protectManagers to false and run an up first`,
    ];
}

function otherRules({ preview, nodes, services }: Facts, account: Limit | undefined): Rules {
    const { all, managersAfter } = nodes;
    const had = all.filter(({ before }) => before);
    const leaving = all.filter(isLeaving);
    const made = all.filter(isMade);
    const strangers = made.filter(({ runsJoin }) => !runsJoin);
    const keeping = services.filter(({ before }) => before?.volumes);
    const alone = services.filter(
        ({ effect, before, after }) =>
            effect === "roll" && before?.replicas === 1 && after?.replicas === 1 && !after.startFirst,
    );
    const anew = services.filter(({ effect, change }) => effect === "anew" && change !== "anew");
    return [
        leaving.length > 0 &&
            !runs(preview, "roster") &&
            say`deleted without being emptied, since the roster does not run: ${namesOf(leaving)}. With --target, say --target-dependents as well`,
        strangers.length > 0 &&
            say`new droplets that join no swarm yet: ${namesOf(strangers)}. --target leaves that out without --target-dependents`,
        had.length > 1 &&
            leaving.length === had.length &&
            managersAfter.length > 0 &&
            say`all ${had.length} nodes are exchanged at once: twice as many droplets are there meanwhile; for portions, see docs/operations.md, "Roll"`,
        leaving.some(({ before }) => before?.takesTasks) &&
            keeping.length > 0 &&
            say`volumes are on the nodes: what ${namesOf(keeping)} stored on ${namesOf(leaving)} goes with the droplets`,
        account !== undefined &&
            made.length > 0 &&
            account.droplets + made.length > account.limit &&
            say`${made.length} more droplets for the while, but the account allows ${account.limit} and has ${account.droplets}: exchange nodes in portions, or ask DigitalOcean for a higher limit`,
        alone.length > 0 &&
            say`one replica, which is stopped before the new one starts, so away for that moment: ${namesOf(alone)}`,
        anew.length > 0 && say`away while being made again: ${namesOf(anew)}`,
    ];
}

function portRules({ ports, services }: Facts): Rules {
    const goes = (name: string) => services.some((one) => one.name === name && one.change === "goes");
    return [
        ...ports.changes.flatMap(({ port, change, before, after, services: names }): Rules => {
            const still = names.filter((name) => !goes(name));
            const isSsh = port === "22/tcp";
            const opens = isSsh && isEverywhere(after) && !isEverywhere(before);
            return [
                opens && own("port 22 opens to everybody: anyone may knock, though only keys get in"),
                isSsh &&
                    !opens &&
                    after.length > 0 &&
                    before.some((range) => !after.includes(range)) &&
                    say`port 22 closes to some: the machine that runs Pulumi has to be within ${listed(after)}, or it locks itself out`,
                change === "closes" &&
                    still.length > 0 &&
                    say`${port} of ${listed(still)} closes at the very start of the up, before the service is updated`,
            ];
        }),
        ports.unknown && own("the firewall's rules are not known before the change is made"),
    ];
}

export function destroyWarnings({ all }: Nodes): Words[] {
    const guarded = all.filter(({ isProtected }) => isProtected);
    return [
        say`everything goes: the nodes with their tasks, volumes, secrets and configs; no node is emptied before`,
        ...(guarded.length > 0 ? [say`protected, so the engine refuses this: ${namesOf(guarded)}`] : []),
    ];
}
