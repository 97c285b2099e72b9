/** Walks a cluster in the lab through the steps of a seed. */
import { removeFaults } from "./cloud.ts";
import { interrupted, recover, removeDroplets } from "./interrupt.ts";
import { textOf } from "./interruption.ts";
import { healthy } from "./oracle.ts";
import { LabStack } from "./stack.ts";
import { configOf, type Step, walk, wantedOf } from "./walk.ts";

/** What all stacks of walks have in common. */
const BASE = { sshFrom: ["0.0.0.0/0"], vpcIpRange: "10.127.16.0/24" };

/**
 * Takes the first so many steps of a seed's walk, each ending with the oracle, then destroys the stack. Says what it
 * does as it goes.
 *
 * @throws Error that says how to take the same walk again.
 */
export async function takeWalk(seed: number, steps: number): Promise<void> {
    const stack = await LabStack.make(`walk${seed}`, BASE);
    try {
        for (const [index, step] of walk(seed, steps).entries()) {
            const name = `seed ${seed}, step ${index + 1}: ${step.text}`;
            try {
                console.log(`${name}${await take(stack, step, index === steps - 1)}`);
            } catch (error) {
                const why = error instanceof Error ? error.message : `${error}`;
                const planned = step.interruption ? `, with ${textOf(step.interruption)}` : "";
                throw new Error(
                    `${name}${planned}\nthe same walk again: WALK_SEEDS=${seed} WALK_STEPS=${index + 1} make test-long\n${why}`,
                    { cause: error },
                );
            }
        }
    } catch (error) {
        // What went wrong first is what counts; what the clean-up says is only shown.
        await cleanUp(stack).catch(({ message }: Error) => console.error(message));
        throw error;
    }
    await cleanUp(stack);
}

async function cleanUp(stack: LabStack): Promise<void> {
    await removeFaults();
    await stack.remove();
}

/** Takes a step, and says how it went. */
async function take(stack: LabStack, { to, lose, interruption }: Step, last: boolean): Promise<string> {
    const started = performance.now();
    stack.configure({ ...BASE, ...configOf(to) });
    await removeDroplets(stack, lose);
    // What is gone is known to a refresh alone.
    const options = lose.length > 0 ? ["--refresh"] : [];
    let went = "";
    if (interruption) {
        const ran = await interrupted(stack, ["up", "--yes", "--skip-preview", ...options], interruption);
        const { cancelled, lost } = await recover(stack, options);
        went =
            `; ${textOf(interruption)} ${ran.hit ? `ended it with status ${ran.status}` : "never came"}` +
            `${cancelled ? ", cancel" : ""}${lost.length > 0 ? `, lost ${lost.map(({ name }) => name)}` : ""}`;
    } else {
        await stack.upOrThrow(options);
    }
    const upped = performance.now();
    await healthy(stack, { ...wantedOf(to), settled: last || interruption !== undefined });
    const seconds = (ms: number) => (ms / 1000).toFixed(0);
    return `${went}; ${seconds(upped - started)} s, asked for ${seconds(performance.now() - upped)} s`;
}
