/** The plan as sections of sentences: the same for a terminal and for a comment, which lay them out. */
import { compressNames } from "../../model/names.ts";
import { isEverywhere } from "../../model/openings.ts";
import { count, dollars } from "../words.ts";
import type { Cost } from "./cost.ts";
import type { Managers } from "./managers.ts";
import type { NodeChange, Nodes, PlannedNode } from "./nodes.ts";
import type { Plan } from "./plan.ts";
import type { PortChange } from "./ports.ts";
import type { ServiceChange, ServiceFacts } from "./services.ts";
import { joined, listed, own, say, type Words } from "./words.ts";

export interface Section {
    readonly title: string;
    readonly lines: readonly Words[];
    readonly numbered?: boolean;
}

/** All that there is to say of a plan with something to do, warnings apart. Empty sections are left out. */
export function sectionsOf(plan: Plan): Section[] {
    const sections: Section[] = [
        { title: "nodes", lines: nodeLines(plan.nodes) },
        { title: "order", lines: plan.course.steps.map(({ what }) => what), numbered: true },
        { title: "quorum", lines: quorumLines(plan) },
        { title: "services", lines: plan.services.map(serviceLine) },
        { title: "ports", lines: plan.ports.changes.map(portLine) },
        { title: "other", lines: plan.others },
        { title: "cost", lines: [costLine(plan.cost)] },
    ];
    return sections.filter(({ lines }) => lines.length > 0);
}

export function headlineOf({ operation, nodes, services, ports }: Plan): string {
    if (operation === "destroy") return `everything is destroyed: ${count(nodes.all.length, "node")}`;
    const nodeMarks = changedNodes(nodes).map(({ change }) => NODE_MARKS[change]);
    const serviceMarks = services.map(({ change }) => SERVICE_LINES[change][0]);
    const parts = [
        ...counted("node", nodeMarks),
        ...counted("service", serviceMarks),
        ...(ports.first ? [] : counted("port", Array(ports.changes.length).fill("~"))),
    ];
    return parts.join(", ") || "no node, service or port changes";
}

const VERBS = {
    "+": ["comes", "come"],
    "-": ["goes", "go"],
    "±": ["is made anew", "are made anew"],
    "!": ["is lost and made anew", "are lost and made anew"],
    "~": ["changes", "change"],
} as const;

function counted(noun: string, marks: readonly string[]): string[] {
    return Object.entries(VERBS).flatMap(([mark, [one, many]]) => {
        const number = marks.filter((other) => other === mark).length;
        return number === 0 ? [] : [`${count(number, noun)} ${number === 1 ? one : many}`];
    });
}

const NODE_MARKS: Readonly<Record<NodeChange, string>> = {
    comes: "+",
    joins: "+",
    goes: "-",
    gone: "-",
    lost: "!",
    replaced: "±",
    stays: "~",
};

export const changedNodes = ({ all }: Nodes) =>
    all.filter(({ change, before, after }) => change !== "stays" || before?.role !== after?.role);

/** Nodes of which the same is to be said share a line. */
function nodeLines(nodes: Nodes): Words[] {
    const groups = Map.groupBy(changedNodes(nodes), (node) => JSON.stringify([node.change, nodeText(node)]));
    return [...groups.values()].map((nodes) => {
        const [node] = nodes as [PlannedNode];
        const names = compressNames(nodes.map(({ name }) => name));
        // Foreign to Markdown, where such a mark would begin a list.
        return say`${NODE_MARKS[node.change]} ${names}: ${nodeText(node)}`;
    });
}

function nodeText({ change, before, after, reasons }: PlannedNode): Words {
    const roles = [...new Set([before?.role, after?.role])].filter((role) => role !== undefined);
    const role = own(roles.join(" → ") || "no member");
    const { size, image } = after ?? {};
    const known = Object.entries({ size, image }).flatMap(([what, slug]) =>
        slug ? [say`${own(what)} ${slug}`] : [],
    );
    if (change === "comes") return joined([role, ...known]);
    if (change === "joins") return say`${role}, its droplet is there already`;
    if (change === "gone") return say`${role}, its droplet is gone already`;
    if (change === "lost") return say`${role}, its droplet is gone and is made anew`;
    if (change !== "replaced") return role;
    const why = reasons
        .filter((reason) => reason !== "id")
        .toSorted()
        .map((reason): Words => {
            const [old, now] =
                reason === "image" || reason === "size" ? [before?.[reason], after?.[reason]] : [];
            return old && now ? say`${own(reason)} ${old} → ${now}` : say`${reason} changes`;
        });
    return say`${role}, another droplet${why.length > 0 ? say`: ${joined(why)}` : own(", as asked for")}`;
}

function managersText({ members, reachable, bears }: Managers): Words {
    if (members === 0) return own("no manager");
    const who = count(members, "manager");
    const there = reachable < members ? `, ${reachable} of them there,` : "";
    if (bears < 0) return own(`${who}${there} without a quorum`);
    const loss = bears === 0 ? "no loss" : `the loss of ${bears}`;
    return own(`${who}${there} ${members === 1 ? "bears" : "bear"} ${loss}`);
}

function quorumLines({ course, operation }: Plan): Words[] {
    const { before, worst, after, path } = course;
    if (operation === "destroy") return [say`before: ${managersText(before)}; after: none`];
    if (path.length === 1 && worst === before) {
        return [before.bears < 0 ? managersText(before) : say`${managersText(before)}, as before`];
    }
    return [
        say`before: ${managersText(before)}`,
        say`at the worst moment: ${managersText(worst)}`,
        say`after: ${managersText(after)}`,
        ...(path.length > 2 ? [own(`managers on the way: ${path.join(" → ")}`)] : []),
    ];
}

const SERVICE_LINES: Readonly<Record<ServiceChange["change"], readonly [mark: string, text: string]>> = {
    comes: ["+", ""],
    goes: ["-", "its tasks end"],
    changes: ["~", ""],
    mended: ["~", "the swarm has it otherwise than the config; it is set right"],
    anew: ["±", "made anew in the new swarm"],
    confirmed: ["=", "looked at again, nothing of it changes"],
    stays: ["", ""],
};

function serviceLine({ name, change, details, effect, after }: ServiceChange): Words {
    const [mark, text] = SERVICE_LINES[change];
    if (text !== "") return say`${mark} ${name}: ${own(text)}`;
    const tasks = change === "changes" ? effectText(effect, after) : "";
    return say`${mark} ${name}: ${joined(details)}${own(tasks && `; ${tasks}`)}`;
}

/** What becomes of the tasks, where the change itself does not say so. */
function effectText(effect: ServiceChange["effect"], after: ServiceFacts | undefined): string {
    const { parallelism = 1, startFirst = false } = after ?? {};
    const pace = { 0: "all at once", 1: "one after another" }[parallelism] ?? `${parallelism} at a time`;
    const texts: Readonly<Record<ServiceChange["effect"], string>> = {
        none: "no task is touched",
        more: "",
        fewer: "",
        misplaced: "tasks move whose node does not fit any more",
        roll: `tasks are exchanged ${pace}, the ${startFirst ? "new one started" : "old one stopped"} first`,
        again: "the job runs again",
        anew: "all tasks end, then new ones start",
        unknown: "whether tasks are exchanged cannot be told",
    };
    return texts[effect];
}

function portLine({ port, change, before, after, services }: PortChange): Words {
    const from = (sources: readonly string[]) => (isEverywhere(sources) ? own("everybody") : listed(sources));
    const ssh = port === "22/tcp" ? " (SSH)" : "";
    const of = services.length > 0 ? say` (${listed(services)})` : own(ssh);
    if (change === "opens") return say`${"+"} ${port}${of} opens to ${from(after)}`;
    if (change === "closes") return say`${"-"} ${port}${of} closes`;
    return say`${"~"} ${port}${of} is open to ${from(after)}, before to ${from(before)}`;
}

function costLine(cost: Cost): Words {
    if ("unknown" in cost) return say`unknown: ${cost.unknown}`;
    const { before, after, meanwhile } = cost;
    const change =
        before === after
            ? `${dollars(after)} USD a month, as before`
            : `${dollars(before)} → ${dollars(after)} USD a month`;
    const isMore = meanwhile > Math.max(before, after);
    return own(`${change}${isMore ? `; ${dollars(meanwhile)} while old and new droplets are there` : ""}`);
}
