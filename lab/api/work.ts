/**
 * Work that goes on after an answer was given: a droplet that is being made, a filter that is being
 * applied. Work on one droplet runs strictly one after another (a filter change waits for the machine
 * to exist, a deletion for its creation to end), work on different droplets side by side.
 */
export class Work {
    readonly #tails = new Map<string, Promise<void>>();
    readonly #pending = new Set<{ readonly what: string }>();

    /**
     * Runs `task` after all earlier tasks under `key`.
     * @param what names the work in {@link pending}, e.g. `create droplet 1002`
     * @returns a promise that settles as the task does; a caller that drops it must handle errors in the task
     */
    run<T>(key: string, what: string, task: () => Promise<T>): Promise<T> {
        const entry = { what };
        this.#pending.add(entry);
        const before = this.#tails.get(key) ?? Promise.resolve();
        const result = before.then(task).finally(() => {
            this.#pending.delete(entry);
            if (this.#tails.get(key) === tail) {
                this.#tails.delete(key);
            }
        });
        const tail = result.then(
            () => {},
            () => {},
        );
        this.#tails.set(key, tail);
        return result;
    }

    /** What is under way or queued now. */
    pending(): string[] {
        return [...this.#pending].map((entry) => entry.what);
    }

    /** Resolves to true when nothing is left, or to false after `timeout` ms. New work counts too. */
    async settled(timeout: number): Promise<boolean> {
        const end = performance.now() + timeout;
        while (this.#pending.size > 0) {
            const left = end - performance.now();
            if (left <= 0) {
                return false;
            }
            let timer: NodeJS.Timeout | undefined;
            const expired = new Promise<void>((resolve) => {
                timer = setTimeout(resolve, left);
            });
            await Promise.race([Promise.all(this.#tails.values()), expired]);
            clearTimeout(timer);
        }
        return true;
    }
}
