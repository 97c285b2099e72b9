/** The plan for machines. Sentences are plain text; the shape is described in docs/plan.md. */

import { oneLine } from "../words.ts";
import type { Plan } from "./plan.ts";
import type { Words } from "./words.ts";
import { plainText } from "./words.ts";

const text = (lines: readonly Words[]) => lines.map(plainText);

export function planJson(plan: Plan): object {
    const { stack, operation, changes, failed, nodes, course, tasks, services, ports, cost } = plan;
    return {
        stack: oneLine(stack),
        operation,
        changes,
        failed,
        errors: plan.errors,
        violations: plan.violations,
        headline: plainText(plan.headline),
        nodes: nodes.all
            .filter(({ change, before, after }) => change !== "stays" || before?.role !== after?.role)
            .map(({ name, change, before, after, reasons }) => ({ name, change, before, after, reasons })),
        managers: { before: nodes.managersBefore, after: nodes.managersAfter },
        order: course.steps.map(({ what, managers }) => ({ what: plainText(what), managers })),
        tasks: { move: tasks.move, lines: text(tasks.lines) },
        quorum: { before: course.before, worst: course.worst, after: course.after, path: course.path },
        services: services.map(({ name, change, effect, details, before, after }) => ({
            name,
            change,
            effect,
            details: text(details),
            before,
            after,
        })),
        ports,
        cost,
        warnings: text(plan.warnings),
        others: text(plan.others),
        said: plan.said,
    };
}
