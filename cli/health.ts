/** Whether a cluster is healthy, and the one screen that says so. No I/O. */
import { compressNames } from "../model/names.ts";
import { opens, portsOf } from "../model/openings.ts";
import { type Quorum, quorumOf } from "../model/quorum.ts";
import type { Certificates } from "./certificates.ts";
import type { ClusterView, NodeView, ServiceView, TaskView } from "./clusterView.ts";
import { type Difference, drift, driftText, type Facts, withoutQuorum } from "./drift.ts";
import { EXIT } from "./errors.ts";
import { unlocking } from "./managers.ts";
import { byName } from "./stackState.ts";
import { duration, paint } from "./table.ts";
import type { Wanted } from "./wanted.ts";

export interface Health {
    /** 0 healthy, 1 degraded, 2 no quorum or unreachable. */
    readonly status: 0 | 1 | 2;
    readonly verdict: "healthy" | "degraded" | "no quorum" | "unreachable";
    readonly quorum?: Quorum;
    readonly reasons: readonly string[];
    /** What is worth knowing, and no reason to worry. */
    readonly notes: readonly string[];
    readonly drift: readonly Difference[];
}

/** A certificate that should long have been renewed is about to end. */
const CERTIFICATE_DAYS = 7;

export function healthOf(facts: Facts): Health {
    const { view, certificates, noManager, wanted } = facts;
    const differences = drift(facts);
    const notes = [
        ...view.problems,
        ...differences.filter(({ degrades }) => !degrades).map(driftText),
        ...uncomparedNotes(wanted),
        ...closedNotes(facts),
        ...view.services
            .filter(({ updateState }) => updateState === "rollback_completed")
            .map(({ name }) => `the last update of ${name} was rolled back`),
    ];
    if (noManager) {
        const verdict = noManager.noQuorum ? "no quorum" : "unreachable";
        const seen = differences.filter(({ degrades }) => degrades);
        const told = noManager.noQuorum ? seen.map(withoutQuorum) : seen;
        const reasons = [noManager.message, ...told.map(driftText)];
        return { status: EXIT.unreachable, verdict, reasons, notes, drift: differences };
    }
    const members = view.nodes.filter(({ role }) => role === "manager");
    const quorum = quorumOf({
        members: members.length,
        reachable: members.filter(({ reachability }) => reachability === "reachable").length,
    });
    const lacking = `${quorum.reachable} of ${quorum.members} managers are reachable, the majority is ${quorum.majority}`;
    const reasons = [
        ...(quorum.has ? [] : [lacking]),
        ...members
            .filter(({ reachability }) => reachability !== "reachable")
            .map(({ name, reachability }) =>
                facts.locked?.includes(name)
                    ? `the manager ${name} is LOCKED since its engine was started again (swarm:autolock); ${unlocking(name)}`
                    : `the manager ${name} is ${reachability}`,
            ),
        ...view.nodes
            .filter((node) => node.state !== "ready" && node.state !== "absent" && !isSaidAsDrift(node))
            .map(({ name, state }) => `${name} is ${state}`),
        ...view.services.flatMap((service) => [
            ...countReasons(service, view.tasks),
            // Of the stack's services the comparison knows better: an update that was set right has ended so all the same.
            ...(differences.some(({ service: about }) => about === service.name)
                ? []
                : updateReasons(service)),
        ]),
        ...differences.filter(({ degrades }) => degrades).map(driftText),
        ...certificateReasons(certificates, view.at),
    ];
    const engines = enginesOf(view).map(([version, names]) => `${version} on ${names}`);
    if (engines.length > 1) notes.push(`engine versions differ: ${engines.join("; ")}`);
    if (quorum.members === 2)
        notes.push("two managers bear no loss, and are twice as likely to have one as a single one");
    const told = { quorum, reasons, notes, drift: differences };
    if (!quorum.has) return { status: EXIT.unreachable, verdict: "no quorum", ...told };
    if (reasons.length > 0) return { status: EXIT.no, verdict: "degraded", ...told };
    return { status: EXIT.ok, verdict: "healthy", ...told };
}

/** A node of the stack's that is down, unless the droplet is what is said of it. */
function isSaidAsDrift({ wantedRole, state, dropletStatus }: NodeView): boolean {
    const isDown = state === "down" || state === "disconnected";
    return wantedRole !== undefined && isDown && (dropletStatus === undefined || dropletStatus === "active");
}

/** Services of which only that they are there is known to be right. */
export function uncomparedNotes({ encrypted, older }: Wanted): string[] {
    const notes: [names: readonly string[], why: string][] = [
        [encrypted, "are kept secret, and cannot be read here, so they are not compared with the swarm"],
        [older, "were written by an older version of the program, and are compared after the next pulumi up"],
    ];
    return notes.flatMap(([names, why]) =>
        names.length > 0 ? [`the options of ${names.join(", ")} ${why}`] : [],
    );
}

/** Ports that a service publishes, whoever made it, and that nobody reaches from outside. */
function closedNotes({ swarm, openPorts, openPortsInConfig = 0 }: Facts): string[] {
    if (!openPorts) return [];
    const passes = (port: number, protocol: string) =>
        openPorts.some((open) => {
            const [range = "", of] = open.split("/");
            return of === protocol && opens({ ports: portsOf(range) }, port);
        });
    return (swarm?.services ?? [])
        .flatMap(({ Spec, Endpoint }) =>
            (Endpoint?.Ports ?? []).flatMap(({ PublishedPort, Protocol }) =>
                PublishedPort === undefined || passes(PublishedPort, Protocol)
                    ? []
                    : [{ service: Spec.Name, port: `${PublishedPort}/${Protocol}` }],
            ),
        )
        .map(
            ({ service, port }, index) =>
                `${service} publishes ${port}, which the firewall does not let in; to open it: ` +
                `pulumi config set --path 'swarm:openPorts[${openPortsInConfig + index}]' ${port}, then pulumi up`,
        );
}

function countReasons(service: ServiceView, tasks: readonly TaskView[]): string[] {
    if (service.running >= service.wanted) return [];
    const why = whyNot(service, tasks);
    return [`${service.name} runs ${service.running} of ${service.wanted}${why ? `: ${why}` : ""}`];
}

/** Only of what is under way or has stopped half-way: how a past update has ended is no state of the service. */
function updateReasons({ name, updateState = "" }: ServiceView): string[] {
    return /paused|rollback_started/.test(updateState)
        ? [`the last update of ${name} is ${updateState.replaceAll("_", " ")}`]
        : [];
}

/** Why the tasks that should run do not: of each slot what its task is about, and why the one before it ended. */
export function whyNot({ name }: ServiceView, tasks: readonly TaskView[]): string {
    const mine = tasks.filter(({ service }) => service === name);
    const counts = new Map<string, number>();
    for (const inSlot of Map.groupBy(mine, ({ slot, node }) => slot ?? node ?? "").values()) {
        const newestFirst = inSlot.toSorted((a, b) => b.since.localeCompare(a.since));
        const current = newestFirst.find(({ desired }) => desired === "running") ?? newestFirst[0];
        if (!current || current.state === "running") continue;
        const before = newestFirst.find(({ error }) => error !== undefined);
        const where = current.node ? ` on ${current.node}` : "";
        const text = current.error
            ? `${current.error}${where}`
            : `${current.state}${where}${before ? `, after: ${before.error}` : ""}`;
        counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return [...counts].map(([text, count]) => (count > 1 ? `${text} (${count} times)` : text)).join("; ");
}

function certificateReasons(certificates: Certificates | undefined, at: string): string[] {
    const ends = (certificates?.nodes ?? []).map(({ name, until }) => ({
        what: `the certificate of ${name}`,
        until,
    }));
    return [...ends, { what: "the swarm's root certificate", until: certificates?.root }].flatMap(
        ({ what, until }) => {
            if (until === undefined) return [];
            const left = (Date.parse(until) - Date.parse(at)) / 1000;
            if (left < 0) return [`${what} ended on ${until.slice(0, 10)}`];
            return left < CERTIFICATE_DAYS * 86_400 ? [`${what} ends in ${duration(left)}`] : [];
        },
    );
}

export function enginesOf({ nodes }: ClusterView): [version: string, names: string][] {
    const groups = Map.groupBy(nodes, ({ engineVersion }) => engineVersion);
    return [...groups].flatMap(([version, members]) =>
        version === undefined
            ? []
            : [[version, compressNames(members.map(({ name }) => name).sort(byName))] as [string, string]],
    );
}

export function healthText({ view, certificates }: Facts, health: Health): string {
    const colour = (["green", "yellow", "red"] as const)[health.status];
    const rows: [label: string, text: string][] = [
        ["stack", `${view.stack}, ${paint(colour, health.verdict)}`],
        ["cluster", view.clusterId || "-"],
    ];
    if (health.quorum) {
        const { members, reachable, has, bears } = health.quorum;
        const losses = bears === 0 ? "no loss" : `the loss of ${bears} more`;
        const stands = has ? `bears ${losses}` : paint("red", "is lost");
        const engines = enginesOf(view).map(([version, names], _, all) =>
            all.length === 1 ? version : `${version} on ${names}`,
        );
        rows.push(
            ["leader", view.leader ?? paint("red", "none")],
            ["managers", `${reachable} of ${members} reachable; the quorum ${stands}`],
            ["nodes", nodesLine(view)],
            ...servicesRows(view),
            ["engines", engines.join("; ")],
        );
    } else {
        rows.push(["nodes", `${compressNames(view.nodes.map(({ name }) => name))} on record`]);
    }
    if (certificates) rows.push(["certificates", certificatesLine(certificates, view.at)]);
    rows.push(["drift", health.drift.length === 0 ? "none" : `${health.drift.length}, see below`]);
    const width = Math.max(...rows.map(([label]) => label.length));
    return [
        ...rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`),
        ...block(health.reasons.map((text) => paint(colour, `! ${text}`))),
        ...block(health.notes.map((text) => `- ${text}`)),
        "",
    ].join("\n");
}

const block = (lines: readonly string[]) => (lines.length > 0 ? ["", ...lines] : []);

function nodesLine({ nodes }: ClusterView): string {
    const members = nodes.filter(({ state }) => state !== "absent");
    const states = [...Map.groupBy(members, ({ state }) => state)].map(([state, some]) => {
        return `${some.length} ${state} (${compressNames(some.map(({ name }) => name).sort(byName))})`;
    });
    return states.join(", ");
}

function servicesRows({ services, tasks }: ClusterView): [label: string, text: string][] {
    if (services.length === 0) return [["services", "none"]];
    const width = Math.max(...services.map(({ name }) => name.length));
    return services.map((service, index) => {
        const short = service.running < service.wanted;
        const count = paint(short ? "red" : "green", `${service.running}/${service.wanted}`);
        const why = short ? whyNot(service, tasks) : "";
        const line = [service.name.padEnd(width), count, service.ports.join(" "), why];
        return [index === 0 ? "services" : "", line.filter(Boolean).join("  ")];
    });
}

function certificatesLine({ root, nodes }: Certificates, at: string): string {
    const known = nodes
        .flatMap(({ name, until }) => (until === undefined ? [] : [{ name, until }]))
        .sort((a, b) => a.until.localeCompare(b.until));
    const parts = known.slice(0, 1).map(({ name, until }) => {
        const left = duration((Date.parse(until) - Date.parse(at)) / 1000);
        return `the first of ${known.length} nodes' ends in ${left} (${name}, ${until.slice(0, 10)})`;
    });
    const unread = nodes.filter(({ until }) => until === undefined).map(({ name }) => name);
    if (unread.length > 0) parts.push(`not read on ${compressNames(unread.sort(byName))}`);
    if (root) parts.push(`the root's on ${root.slice(0, 10)}`);
    return parts.join("; ") || "none could be read";
}
