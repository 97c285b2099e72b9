import { Listr, type ListrTask, PRESET_TIMER } from "listr2";

/** Says how far a step is, in a few words; only the newest is of interest. */
export type Report = (progress: string) => void;

export interface Step {
    readonly title: string;
    /** Returns what is worth knowing of the outcome ("already there"), shown behind the title. */
    run(report: Report): Promise<string | undefined>;
}

/** Steps that need one another, in order. */
export interface Lane {
    readonly title: string;
    readonly steps: readonly Step[];
}

/** Progress in a plain log: often enough to see that it lives, seldom enough to be read afterwards. */
const PLAIN_INTERVAL_MS = 15_000;

/** The first failure of a run, kept since what is drawn shows every error at each level once more. */
interface Outcome {
    failure?: { readonly error: unknown };
}

/**
 * Runs the lanes side by side, each lane's steps one after another, with progress and elapsed time:
 * drawn in place on a terminal, as plain lines elsewhere and in CI. The first failure is thrown as it
 * came; other lanes may then still be at work, so the caller has to end the process.
 */
export async function runLanes(lanes: readonly Lane[]): Promise<void> {
    const drawn = canDraw();
    const outcome: Outcome = {};
    const run = new Listr(
        lanes.map((lane) => laneTask(lane, drawn, outcome)),
        {
            concurrent: true,
            // Signals end the command in main.ts, which knows what has to be said.
            registerSignalListeners: false,
            renderer: drawn ? "default" : "simple",
            rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false, collapseErrors: false },
        },
    );
    await run.run().catch((error: unknown) => {
        throw outcome.failure === undefined ? error : outcome.failure.error;
    });
}

/** Runs steps one after another. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await runLanes([{ title: step.title, steps: [step] }]);
}

/** Some terminals do not know their width, and drawing then breaks after each letter. */
function canDraw(): boolean {
    return process.stdout.isTTY === true && process.stdout.columns >= 40 && !process.env.CI;
}

function laneTask(lane: Lane, drawn: boolean, outcome: Outcome): ListrTask {
    const [only, ...more] = lane.steps;
    if (only !== undefined && more.length === 0) return stepTask(only, drawn, outcome);
    return {
        title: lane.title,
        task: (_context, self) =>
            self.newListr(
                lane.steps.map((step) => stepTask(step, drawn, outcome)),
                // Inherited otherwise.
                { concurrent: false },
            ),
    };
}

function stepTask(step: Step, drawn: boolean, outcome: Outcome): ListrTask {
    return {
        title: step.title,
        task: async (_context, self) => {
            let last = Date.now();
            const report: Report = (progress) => {
                if (!drawn && Date.now() - last < PLAIN_INTERVAL_MS) return;
                last = Date.now();
                self.output = drawn ? progress : `${step.title}: ${progress}`;
            };
            try {
                const note = await step.run(report);
                if (note) self.title = `${step.title}: ${note}`;
            } catch (error) {
                outcome.failure ??= { error };
                throw new Error("see below");
            }
        },
    };
}
