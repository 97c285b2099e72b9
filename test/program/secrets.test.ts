/** Values of swarm:secrets: wherever they go they are secret, and nothing else is. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { readInput, valuesOf } from "../../model/scriptInput.ts";
import { COMMAND, dev, find, type Run, runProgram } from "./harness.ts";

const services = {
    both: { image: "registry.example.com/both", secrets: ["file"], env: { LEVEL: "info" } },
    file: { image: "nginx", secrets: [{ source: "file", target: "key", mode: "0400" }] },
    page: { image: "nginx", configs: ["page"] },
    plain: { image: "nginx", env: { LEVEL: "info" } },
    variable: { image: "nginx", env: { LEVEL: "info", PASSWORD: { secret: "variable" } } },
};
const config = {
    ...dev,
    secrets: { file: "in-a-file", variable: "in-a-variable", login: "at-a-registry", unused: "in-no-place" },
    configs: { page: "a page" },
    registries: { "registry.example.com": { username: "ada", password: { secret: "login" } } },
    services,
};
const values = Object.values(config.secrets);
const base64 = (text: string) => Buffer.from(text).toString("base64");

const up = (change: Record<string, unknown> = {}, preview = false) =>
    runProgram({ config: { ...config, ...change }, secretKeys: ["secrets"], preview });

/** Inputs that hold a text, in clear or in base64. */
function places({ resources }: Run, text: string): string[] {
    return resources.flatMap(({ name, inputs }) =>
        Object.entries(inputs)
            .filter(([, input]) => formsOf(text).some((form) => JSON.stringify(input)?.includes(form)))
            .map(([input]) => `${name} ${input}`),
    );
}
const formsOf = (text: string) => [
    text,
    base64(text),
    base64(`{"username":"ada","password":"${text}`).slice(32, -4),
];

const stdin = (run: Run, name: string) => `${find(run, COMMAND, name).inputs.stdin}`;
const shown = (run: Run) =>
    find(run, "swarm:index:Services", "services").inputs.shown as Record<string, never>;

interface Shown {
    readonly login?: string;
    readonly spec: { readonly TaskTemplate: { readonly ContainerSpec: { readonly Env: readonly string[] } } };
}

describe("a stack with secrets in every place", () => {
    test("each stands where it is sent to, and nowhere else; there it is secret", async () => {
        const run = await up();
        assert.deepEqual(
            values.map((value) => places(run, value)),
            [["secrets stdin"], ["variable stdin"], ["both stdin"], []],
        );
        for (const { name, inputs, secrets } of run.resources.filter(({ type }) => type === COMMAND)) {
            const isSecret = ["secrets", "both", "variable"].includes(name);
            // Joins and the like hold tokens.
            if (name in services || ["secrets", "configs", "unused", "roster"].includes(name))
                assert.equal(secrets.includes("stdin"), isSecret, name);
            assert.ok(inputs.stdin);
        }
    });

    test("what is no secret of these services is an input of their component", async () => {
        const run = await up();
        assert.deepEqual(find(run, "swarm:index:Services", "services").secrets, []);
        const { both, variable, ...rest } = shown(run) as Record<string, Shown>;
        assert.deepEqual(rest, {});
        const environment = (service: Shown | undefined) =>
            service?.spec.TaskTemplate.ContainerSpec.Env ?? [];
        assert.deepEqual(environment(both), ["LEVEL=info"]);
        assert.match(environment(variable).join(), /^LEVEL=info,PASSWORD=\[secret variable-[0-9a-f]{12}\]$/);
        assert.match(`${both?.login}`, /^registry\.example\.com [0-9a-f]{12}$/);
    });

    test("another value shows as another name, in the services that use it alone", async () => {
        const runs = [await up(), await up({ secrets: { ...config.secrets, file: "another" } })] as const;
        const changed = Object.keys(services).filter((name) => stdin(runs[0], name) !== stdin(runs[1], name));
        assert.deepEqual(changed, ["both", "file"]);
        const names = runs.map((run) => valuesOf(readInput(stdin(run, "unused")) ?? assert.fail(), "secret"));
        assert.match(`${names[0]}`, /^file-[0-9a-f]{12} file$/);
        assert.notDeepEqual(names[0], names[1]);
    });

    test("services have them by the names that they are made by", async () => {
        const run = await up();
        for (const [service, kind] of [
            ["file", "secrets"],
            ["page", "configs"],
        ] as const) {
            const [made] = valuesOf(readInput(stdin(run, kind)) ?? assert.fail(), "object");
            const name = made?.split(" ")[1] ?? assert.fail(kind);
            assert.ok(stdin(run, service).includes(`"${name}"`), `${service}: ${name}`);
        }
    });

    test("another login alone changes what its services are sent, and what is shown of them", async () => {
        const runs = [await up(), await up({ secrets: { ...config.secrets, login: "renewed" } })] as const;
        const changed = Object.keys(services).filter((name) => stdin(runs[0], name) !== stdin(runs[1], name));
        assert.deepEqual(changed, ["both"]);
        assert.notDeepEqual(shown(runs[0]), shown(runs[1]));
    });

    test("they are made after the roster and before their services; what is left goes last", async () => {
        const run = await up();
        const after = (name: string) =>
            find(run, COMMAND, name).dependencies.filter((other) => !other.startsWith("node1"));
        for (const kind of ["secrets", "configs"]) assert.ok(after(kind).includes("roster"), kind);
        for (const [service, kind] of [
            ["file", "secrets"],
            ["page", "configs"],
        ] as const)
            assert.ok(after(service).includes(kind), service);
        for (const service of Object.keys(services)) assert.ok(after("unused").includes(service), service);
        assert.ok(!after("plain").includes("secrets"));
    });

    test("a preview that does not know the key yet knows no name with a hash, and says so", async () => {
        const run = await up({}, true);
        for (const name of ["file", "page", "secrets", "configs", "unused"])
            assert.ok(!stdin(run, name).includes("file-"), name);
        assert.match(stdin(run, "plain"), /"Image": "nginx"/);
    });
});

test("without a secret or config that a service uses, there is nothing of them", async () => {
    const run = await up({ services: { plain: services.plain } });
    assert.deepEqual(
        run.resources.filter(({ name }) => ["objects", "secrets", "configs", "unused"].includes(name)),
        [],
    );
});

after(() => pulumi.runtime.disconnect());
