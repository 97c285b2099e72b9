/** The plan for machines. Sentences are plain text; the shape is described in docs/plan.md. */
import { oneLine } from "../words.ts";
import type { Plan } from "./plan.ts";
import { changedNodes, headlineOf } from "./sections.ts";
import { plainText } from "./words.ts";

export function planJson(plan: Plan): object {
    const { stack, operation, changes, failed, errors, violations, nodes, course, ports, cost } = plan;
    return {
        stack: oneLine(stack),
        operation,
        changes,
        failed,
        errors,
        violations,
        headline: headlineOf(plan),
        nodes: changedNodes(nodes).map(({ isProtected: _, runsJoin: __, ...rest }) => rest),
        managers: { before: nodes.managersBefore, after: nodes.managersAfter },
        order: course.steps.map(({ what, managers }) => ({ what: plainText(what), managers })),
        quorum: { before: course.before, worst: course.worst, after: course.after, path: course.path },
        services: plan.services.map(({ details, ...rest }) => ({ ...rest, details: details.map(plainText) })),
        ports,
        cost,
        warnings: plan.warnings.map(plainText),
        others: plan.others.map(plainText),
        said: plan.said,
    };
}
