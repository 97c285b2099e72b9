/** The plan as sections of sentences: the same for a terminal and for a comment, which lay them out. */
import { compressNames } from "../../model/names.ts";
import { isEverywhere } from "../../model/openings.ts";
import { dollars } from "../words.ts";
import type { Cost } from "./cost.ts";
import type { Managers } from "./count.ts";
import type { NodeState, Nodes, PlannedNode } from "./nodes.ts";
import type { Plan } from "./plan.ts";
import type { PortChange } from "./ports.ts";
import type { ServiceChange } from "./services.ts";
import { joined, listed, own, say, type Words } from "./words.ts";

export interface Section {
    readonly title: string;
    readonly lines: readonly Words[];
    /** Whether the lines are steps, one after another. */
    readonly numbered?: boolean;
}

/** All that there is to say of a plan with something to do, warnings apart. Empty sections are left out. */
export function sectionsOf(plan: Plan): Section[] {
    const sections: Section[] = [
        { title: "nodes", lines: nodeLines(plan.nodes) },
        { title: "order", lines: plan.course.steps.map(({ what }) => what), numbered: true },
        { title: "tasks", lines: plan.tasks.lines },
        { title: "quorum", lines: quorumLines(plan) },
        { title: "services", lines: plan.services.flatMap(serviceLine) },
        { title: "ports", lines: plan.ports.changes.map(portLine) },
        { title: "other", lines: plan.others },
        { title: "cost", lines: [costLine(plan.cost)] },
    ];
    return sections.filter(({ lines }) => lines.length > 0);
}

/** Nodes of which the same is to be said share a line. */
function nodeLines({ all }: Nodes): Words[] {
    const groups = new Map<string, { names: string[]; node: PlannedNode }>();
    for (const node of all) {
        if (nodeText(node, false) === undefined) continue;
        const key = JSON.stringify([node.change, node.before, node.after, node.reasons]);
        const group = groups.get(key) ?? { names: [], node };
        group.names.push(node.name);
        groups.set(key, group);
    }
    return [...groups.values()].map(({ names, node }) => {
        const text = nodeText(node, names.length > 1) as { mark: string; words: Words };
        return say`${text.mark} ${compressNames(names)}: ${text.words}`;
    });
}

/** Undefined for a node of which there is nothing to say. */
function nodeText(node: PlannedNode, many: boolean): { mark: string; words: Words } | undefined {
    const { change, before, after } = node;
    const role = (state: NodeState | undefined) => own(`${state?.role ?? "worker"}${many ? "s" : ""}`);
    const turned = before && after && before.role !== after.role;
    const roles = turned ? say`${role(before)} → ${role(after)}` : role(after ?? before);
    switch (change) {
        case "comes":
            return { mark: "+", words: joined([roles, ...droplet(after)]) };
        case "joins":
            return {
                mark: "+",
                words: say`${roles}, ${own(many ? "whose droplets are" : "whose droplet is")} there already`,
            };
        case "goes":
            return {
                mark: "-",
                words: node.isGone
                    ? say`${roles}, ${own(many ? "their droplets are" : "its droplet is")} gone already`
                    : roles,
            };
        case "lost":
            return {
                mark: "!",
                words: say`${roles}, ${own(many ? "their droplets are gone and are" : "its droplet is gone and is")} made anew`,
            };
        case "replaced":
            return { mark: "±", words: say`${roles}, ${replacedFor(node, many)}` };
        default:
            return turned ? { mark: "~", words: roles } : undefined;
    }
}

function droplet(state: NodeState | undefined): Words[] {
    return [
        ...(state?.size === undefined ? [] : [say`size ${state.size}`]),
        ...(state?.image === undefined ? [] : [say`image ${state.image}`]),
    ];
}

function replacedFor({ before, after, reasons }: PlannedNode, many: boolean): Words {
    const what = own(many ? "other droplets" : "another droplet");
    const why = [...reasons.filter((reason) => reason !== "id")].sort().map((reason): Words => {
        const [old, now] =
            reason === "image"
                ? [before?.image, after?.image]
                : reason === "size"
                  ? [before?.size, after?.size]
                  : [];
        return old === undefined || now === undefined
            ? say`${reason} changes`
            : say`${own(reason)} ${old} → ${now}`;
    });
    return why.length === 0 ? say`${what}, as asked for` : say`${what}: ${joined(why)}`;
}

function managersText({ members, reachable, bears }: Managers): Words {
    if (members === 0) return own("no manager");
    const there = reachable < members ? own(`, ${reachable} of them there,`) : own("");
    const who = members === 1 ? own("1 manager") : say`${members} managers${there}`;
    if (bears < 0) return say`${who} without a quorum`;
    const loss = bears === 0 ? own("no loss") : say`the loss of ${bears}`;
    return say`${who} ${own(members === 1 ? "bears" : "bear")} ${loss}`;
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
        ...(path.length > 2 ? [say`managers on the way: ${own(path.join(" → "))}`] : []),
    ];
}

const SERVICE_MARKS = {
    comes: "+",
    goes: "-",
    changes: "~",
    mended: "~",
    anew: "±",
    confirmed: "=",
} as const;

/** Of what is in the config as it was. */
const MENDED = own("the swarm has it otherwise than the config; it is set right");

function serviceLine({ name, change, details }: ServiceChange): Words[] {
    // Foreign to Markdown, where such a mark would begin a list.
    const mark = SERVICE_MARKS[change];
    if (change === "goes") return [say`${mark} ${name}`];
    if (change === "confirmed") return [say`${mark} ${name}: looked at again, nothing of it changes`];
    if (change === "mended") return [say`${mark} ${name}: ${MENDED}`];
    if (change === "anew") return [say`${mark} ${name}: made anew in the new swarm`];
    return [say`${mark} ${name}: ${joined(details)}`];
}

function sourcesText(sources: readonly string[]): Words {
    return isEverywhere(sources) ? own("everybody") : joined(sources.map((source) => say`${source}`));
}

function portLine({ port, change, before, after, services }: PortChange): Words {
    const of =
        services.length > 0 ? say` (${listed(services)})` : port === "22/tcp" ? own(" (SSH)") : own("");
    if (change === "opens") return say`${"+"} ${port}${of} opens to ${sourcesText(after)}`;
    if (change === "closes") return say`${"-"} ${port}${of} closes`;
    return say`${"~"} ${port}${of} is open to ${sourcesText(after)}, before to ${sourcesText(before)}`;
}

function costLine(cost: Cost): Words {
    if ("unknown" in cost) return say`unknown: ${cost.unknown}`;
    const { before, after, meanwhile } = cost;
    const both =
        meanwhile > Math.max(before, after)
            ? say`; ${own(dollars(meanwhile))} while old and new droplets are there`
            : own("");
    return before === after
        ? say`${own(dollars(after))} USD a month, as before${both}`
        : say`${own(dollars(before))} → ${own(dollars(after))} USD a month${both}`;
}
