import { managersOf } from "../managers.ts";
import type { Rule } from "../rule.ts";

export const oddManagers: Rule = {
    name: "odd-managers",
    description: "The number of managers is odd.",
    level: "mandatory",
    stack: (resources) => {
        const names = managersOf(resources).map(({ name }) => name);
        const count = names.length;
        if (count % 2 === 1) return [];
        const wanted = "Allowed: 1, 3, 5 or 7";
        if (count === 0) {
            const has = resources.some(({ type }) => type === "swarm:index:Swarm");
            return has
                ? [{ text: `no droplet carries the managers' tag, so nobody leads the swarm. ${wanted}` }]
                : [];
        }
        const bears = count / 2 - 1;
        return [
            {
                text:
                    `there are ${count} managers (${names.join(", ")}): a majority of ${count} is ${count / 2 + 1}, so ` +
                    `they bear the loss of ${bears}, as ${count - 1} would, and are more to lose. ${wanted}`,
            },
        ];
    },
};
