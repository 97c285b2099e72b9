/** What the engine says of its steps while it runs, read from the lines of its non-interactive display. */

/** Operation, type, name, verb, and the time in brackets or the end of a failure; no text of the step's own. */
const LINE =
    /^ *[-+~]{1,2} +(\S+) (\S+) (?:([a-z]+ing|[a-z]+ed)( replacement| original)? \([\d.]+s\)|\*\*([a-z]+)( replacement| original)? failed(?: \([\d.]+s\))?\*\*)([^;]*)$/;

/**
 * The step that begins or ends with a line, as `creating Droplet w1`, `created replacement Droplet w1` or
 * `updating failed Command roster`; undefined for any other line, what a step says meanwhile included.
 */
export function stepOf(line: string): string | undefined {
    const [, type, name, verb, what, failed, failedWhat] = LINE.exec(line.replace(/; error: .*/, "")) ?? [];
    if (type === undefined) return undefined;
    const action = failed ? `${failed}${failedWhat ?? ""} failed` : `${verb}${what ?? ""}`;
    return `${action} ${type.split(":").at(-1)} ${name}`;
}

/** When in a run: at the step with this number, counted from 1, or at the first line that looks like this. */
export type Moment = number | RegExp;

/** Tells, line by line, whether the moment has come: a number counts steps, an expression is held against both. */
export function atMoment(moment: Moment): (line: string) => boolean {
    let steps = 0;
    let done = false;
    return (line) => {
        if (done) return false;
        const step = stepOf(line);
        if (step !== undefined) steps += 1;
        done =
            typeof moment === "number" ? step !== undefined && steps === moment : moment.test(step ?? line);
        return done;
    };
}
