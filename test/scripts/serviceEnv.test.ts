/** How the values of a service's variables reach docker: by its environment where they can, by its arguments where not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/serviceLines.ts";
import { runScript } from "./harness.ts";

const variables = [
    ["PASSWORD", "hush hush = '\"$x"],
    ["EMPTY", ""],
    ["A1_B", "last"],
    ["lower", "in the arguments"],
    ["1ST", "no name for a shell"],
    ["PATH", "/nowhere"],
    ["DOCKER_HOST", "tcp://elsewhere"],
    ["HTTP_PROXY", "http://proxy"],
    ["LC_ALL", "de_DE"],
    ["UID", "1000"],
] as const;
const byEnvironment = ["PASSWORD", "EMPTY", "A1_B"];

const input: Line[] = [
    ["node", "node1"],
    ["stack", "swarm-dev"],
    ["service", "web"],
    ["image", "nginx"],
    ["mode", "replicated"],
    ["limit", 5],
    ...variables.map(([name, value]): Line => ["env", `${name}=${value}`]),
];

/** Shows with each change what docker was told and what it had in its environment; the service converges at once. */
const docker = (there: boolean) => `
    "service create "* | "service update "*)
        for word in "$@"; do printf 'word %s\\n' "$word"; done >"$dir/words"
        env >"$dir/environment"
        [ "$2" = update ] || : >"$dir/made"
        ;;
    "service inspect --format {{index .Spec.Labels \\"swarm.stack\\"}} "*)
        ${there ? 'echo "swarm-dev replicated"' : '[ -s "$dir/made" ] && echo "swarm-dev replicated" || exit 1'}
        ;;
    "service inspect --format {{with .UpdateStatus}}"*) : ;;
    "service inspect --format {{.ID}} "*) echo id1 ;;
    "service inspect --format {{index .Spec.Labels \\"swarm.image\\"}} "*) echo nginx ;;
    "service inspect --format {{.Spec.TaskTemplate.ContainerSpec.Image}} "*) env | grep -q hush && echo leaked || echo nginx ;;
    "service ls "*) echo 1/1 ;;
    "service ps --filter desired-state=running --format {{.ID}} "*) echo "task1 Running" ;;
    "service ps --filter desired-state=running -q "*) echo task1 ;;
    "inspect --format {{.Status.State}} "*) echo "running spec" ;;
    "service inspect --format {{json .Spec.TaskTemplate}} "*) echo spec ;;`;

for (const there of [false, true]) {
    test(`a service that is ${there ? "updated" : "made"}: its values are in docker's environment, for that call`, async () => {
        const run = await runScript("service", "create", input, {
            docker: docker(there),
            files: { words: "", environment: "", made: "" },
        });
        assert.equal(run.stderr, "");
        // The last question comes after the change, in an environment without the values.
        assert.equal(JSON.parse(run.stdout).image, "nginx");
        const option = there ? "--env-add" : "--env";
        const words = run.files.words?.split("\n").map((line) => line.replace(/^word /, "")) ?? [];
        assert.deepEqual(
            words.filter((_, index) => words[index - 1] === option),
            variables.map(([name, value]) => (byEnvironment.includes(name) ? name : `${name}=${value}`)),
        );
        const environment = run.files.environment?.split("\n") ?? [];
        for (const [name, value] of variables) {
            assert.equal(environment.includes(`${name}=${value}`), byEnvironment.includes(name), name);
        }
    });
}
