/** Counts the managers through the steps of what an `up` does. */
import { quorumOf } from "../../model/quorum.ts";
import type { Words } from "./words.ts";

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

export interface Course {
    readonly steps: readonly Step[];
    readonly before: Managers;
    readonly after: Managers;
    /** The state that bears the least, and of several such the one with most managers: each of them may fail. */
    readonly worst: Managers;
    /** Every number of managers that there is, the one before first. */
    readonly path: readonly number[];
}

export function managersOf(members: number, reachable: number): Managers {
    if (members === 0) return { members, reachable, bears: -1 };
    const quorum = quorumOf({ members, reachable });
    return { members, reachable, bears: quorum.has ? quorum.bears : -1 };
}

export class Count {
    readonly steps: Step[] = [];
    readonly states: Managers[];

    constructor(start: Managers) {
        this.states = [start];
    }

    get now(): Managers {
        return this.states.at(-1) as Managers;
    }

    step(what: Words): void {
        this.steps.push({ what });
    }

    /** @param members How many more, or fewer, there are on the list. @param reachable The same of those that answer. */
    managers(what: Words, members: number, reachable = members): void {
        this.become(what, managersOf(this.now.members + members, this.now.reachable + reachable));
    }

    /** Fewer by one, so many times. @param answer Whether those that go could be reached. */
    fewer(what: Words, times: number, answer = true): void {
        for (let left = times - 1; left > 0; left -= 1) {
            const { members, reachable } = this.now;
            this.states.push(managersOf(members - 1, reachable - (answer ? 1 : 0)));
        }
        if (times > 0) this.managers(what, -1, answer ? -1 : 0);
    }

    become(what: Words, managers: Managers): void {
        this.states.push(managers);
        this.steps.push({ what, managers });
    }

    course(): Course {
        const [before] = this.states as [Managers];
        // Before there is a swarm, and after it, there is nothing to be lost.
        const swarms = this.states.filter(({ members }) => members > 0);
        const weaker = (a: Managers, b: Managers) =>
            b.bears < a.bears || (b.bears === a.bears && b.members > a.members) ? b : a;
        return {
            steps: this.steps,
            before,
            after: this.now,
            worst: swarms.reduce(weaker, swarms[0] ?? before),
            path: this.states
                .map(({ members }) => members)
                .filter((members, index, all) => index === 0 || members !== all[index - 1]),
        };
    }
}
