/**
 * usage: pulumi up --plan ... | node planFit.ts FILE
 *
 * Passes on what `pulumi up` prints, as it comes. Where the plan does not fit, the engine prints the whole value that
 * differs, also one that is a secret, and in clear: that part is left out. FILE gets what differs and why, in
 * Markdown; it is not made when the plan fits.
 */
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** One place where program and plan part. */
export interface Misfit {
    /** `nginx (command:remote:Command)`. */
    readonly resource: string;
    readonly how: string;
}

const DIFFERS = /violates plan: /;
const UNPLANNED =
    /\berror: ([a-z-]+) is not allowed by the plan: (no steps were expected|no more steps were expected|this resource is constrained to)(.*)$/;
const UNSEEN = /expected resource operations for (\S+) but none were seen/;

/** Lines that hold no value of the program's and say how an update went: they are shown even after a misfit. */
const HARMLESS =
    /^(Updating \(.+\):|Resources:|Duration: \S+| {4}([+~-]+ ?)?\d+ (unchanged|errored|created|updated|replaced|deleted|changes\. \d+ unchanged))$/;

export class PlanFit {
    readonly #misfits = new Map<string, Misfit>();
    #heading = "";
    #hiding = false;
    /** Whether the update itself had begun, after the preview with which `pulumi up` starts. */
    began = false;

    /** @returns What may be shown of a line; undefined when nothing may. */
    line(text: string): string | undefined {
        if (text.startsWith("Updating (")) this.began = true;
        const differs = DIFFERS.exec(text);
        if (differs) {
            const hidden = this.#hiding;
            this.#hiding = true;
            const urn = /resource (urn:pulumi:\S+) violates plan: /.exec(text)?.[1];
            const how = howItDiffers(text.slice(differs.index + differs[0].length));
            if (urn !== undefined) this.#add({ resource: nameOf(urn), how });
            return hidden ? undefined : `${text.slice(0, differs.index + differs[0].length)}${how}`;
        }
        if (this.#hiding) {
            this.#seen(text);
            return HARMLESS.test(text) ? text : undefined;
        }
        this.#seen(text);
        return text;
    }

    #seen(text: string): void {
        const heading = /^ {2}(\S+) \((.+)\):$/.exec(text);
        if (heading) this.#heading = `${heading[2]} (${heading[1]})`;
        const unplanned = UNPLANNED.exec(text);
        if (unplanned && /^ {4}error: /.test(text)) {
            const [, step, why, rest = ""] = unplanned;
            const how =
                why === "this resource is constrained to"
                    ? `the plan allows${rest}, and not to ${step}`
                    : `to ${step} it was not planned`;
            this.#add({ resource: this.#heading || "a resource", how });
        }
        const unseen = UNSEEN.exec(text);
        if (unseen)
            this.#add({
                resource: nameOf(unseen[1] as string),
                how: "what was planned for it did not come up",
            });
    }

    #add(misfit: Misfit): void {
        this.#misfits.set(`${misfit.resource}\n${misfit.how}`, misfit);
    }

    get misfits(): readonly Misfit[] {
        return [...this.#misfits.values()];
    }
}

/** The kind of difference without its values: `its stdin would be another`. */
function howItDiffers(reason: string): string {
    const property = /^properties changed: [~+=-]{1,2}([\w.]+)/.exec(reason);
    if (property) return `its ${property[1]} would be another`;
    const kind = /^([\w ]+) changed\b/.exec(reason);
    return kind ? `its ${kind[1]} would be another` : "it would be another";
}

/** `nginx (command:remote:Command)` for a resource's URN. */
function nameOf(urn: string): string {
    const [, , types = "", ...name] = urn.split("::");
    return `${name.join("::")} (${types.split("$").at(-1)})`;
}

/** What a person has to know; undefined when the plan fits. */
export function misfitText(misfits: readonly Misfit[], began: boolean): string | undefined {
    if (misfits.length === 0) return undefined;
    return [
        began
            ? "**The approved plan stopped fitting on the way.** What had been done until then is done, and in the state."
            : "**The approved plan no longer fits, so nothing was changed.**",
        "",
        "What would differ from it:",
        "",
        ...misfits.map(({ resource, how }) => `- ${resource}: ${how}`),
        "",
        "Why: since the preview that was approved, the state or the cloud has changed, by another deployment, by a " +
            "`pulumi up` from somewhere else, or by hand; or commit or config are not those of the preview.",
        "",
        'What to do: "Re-run all jobs" makes a new plan, to be read and approved again.',
        "",
    ].join("\n");
}

if (import.meta.main) {
    const [file = ""] = process.argv.slice(2);
    const fit = new PlanFit();
    for await (const text of createInterface({ input: process.stdin })) {
        const shown = fit.line(text);
        if (shown !== undefined) process.stdout.write(`${shown}\n`);
    }
    const text = misfitText(fit.misfits, fit.began);
    if (text !== undefined) writeFileSync(file, text);
}
