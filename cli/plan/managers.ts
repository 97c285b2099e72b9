/** The managers through the steps of what an `up` does, and the losses that they bear. */
import { quorumOf } from "../../model/quorum.ts";
import { namesOf, own, say, type Words } from "./words.ts";

/** Managers on the swarm's list after a step, and how many of them answer as far as the preview knows. */
export interface Managers {
    readonly members: number;
    readonly reachable: number;
    /** How many more may be lost with the quorum kept; -1 where there is none. */
    readonly bears: number;
}

export interface Step {
    readonly what: Words;
    /** Where the step changes them. */
    readonly managers?: Managers;
}

export function managersOf(members: number, reachable = members): Managers {
    const quorum = quorumOf({ members, reachable });
    return { members, reachable, bears: quorum.has ? quorum.bears : -1 };
}

export class Course {
    readonly steps: Step[] = [];
    readonly #states: Managers[];

    constructor(before: Managers) {
        this.#states = [before];
    }

    step(what: Words): void {
        this.steps.push({ what });
    }

    /** One for these, where there are any. */
    stepOf(what: string, who: readonly { readonly name: string }[]): void {
        if (who.length > 0) this.step(say`${own(what)}: ${namesOf(who)}`);
    }

    become(what: Words, managers: Managers): void {
        this.#states.push(managers);
        this.steps.push({ what, managers });
    }

    /** So many more, or fewer, one after another. @param answer Whether those that go could be reached. */
    change(what: Words, by: number, answer = true): void {
        const one = Math.sign(by);
        for (let left = by; left !== 0; left -= one) {
            const { members, reachable } = this.after;
            this.#states.push(managersOf(members + one, answer ? reachable + one : reachable));
        }
        if (by !== 0) this.steps.push({ what, managers: this.after });
    }

    get before(): Managers {
        return this.#states[0] as Managers;
    }

    get after(): Managers {
        return this.#states.at(-1) as Managers;
    }

    /** The state that bears the least, and of several such the one with most managers: each of them may fail. */
    get worst(): Managers {
        // Before there is a swarm, and after it, there is nothing to be lost.
        const swarms = this.#states.filter(({ members }) => members > 0);
        return swarms.toSorted((a, b) => a.bears - b.bears || b.members - a.members)[0] ?? this.before;
    }

    /** Every number of managers that there is, the one before first. */
    get path(): number[] {
        return this.#states
            .map(({ members }) => members)
            .filter((members, index, all) => members !== all[index - 1]);
    }
}
