import { checksText } from "../doctor/checks.ts";
import { examine } from "../doctor/examine.ts";
import { EXIT } from "../errors.ts";
import { define, type JsonOption, json, jsonOption, type Verb } from "../options.ts";

export default (program: Verb) =>
    define(program, "doctor", {
        summary: "what is wrong, seen from this machine, and what helps",
        description:
            "Checks state and config, the token and what it may read, image, size and region, the droplet limit, whether " +
            "this machine may log in, each node's port 22 and host key, the ports between the nodes, full packets " +
            "through the overlay network, clocks, engines and disks, and whether members and services are what the stack says. " +
            "Changes nothing. Works before the first up, too.",
        more: "Exit status: 0 when nothing failed, 1 otherwise.",
        examples: ["swarm doctor --json | jq '.checks[] | select(.level == \"fail\")'"],
    })
        .addOption(jsonOption())
        .does(async (choice, options: JsonOption) => {
            const checks = await examine(choice);
            process.stdout.write(options.json ? json({ checks }) : checksText(checks));
            return checks.some(({ level }) => level === "fail") ? EXIT.no : EXIT.ok;
        });
