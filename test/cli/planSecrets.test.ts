/** What a preview says of services that use secrets: all but the secrets. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import { plainText } from "../../cli/plan/words.ts";
import { payload } from "../../components/remote.ts";
import { parseSettings } from "../../config.ts";
import { engineSpec, specText } from "../../model/engineSpec.ts";
import { heldBy, holdsSecret, shownLogin, shownOf } from "../../model/held.ts";
import { beside } from "./beside.ts";
import { previewFrom } from "./planMade.ts";

const KEY = "the deploy key";
const PREFIX = "urn:pulumi:dev::swarm::";

const base = {
    secrets: { db: "one", token: "two", user: "ada" },
    configs: { motd: "hello" },
    registries: { "registry.example.com": { username: { secret: "user" }, password: { secret: "token" } } },
    services: {
        web: {
            image: "registry.example.com/web",
            replicas: 2,
            env: { LEVEL: "info", PASSWORD: { secret: "db" } },
            secrets: ["db"],
            configs: ["motd"],
        },
    },
};
type Config = Omit<typeof base, "services"> & { readonly services: Record<string, unknown> };

/** The inputs that the program gives to the component and to the command. */
function inputsOf(config: Config) {
    const parsed = parseSettings({ sshFrom: ["203.0.113.7/32"], ...config }, ["secrets"]);
    const settings = "settings" in parsed ? parsed.settings : assert.fail(parsed.problems.join("\n"));
    const [service] = settings.services;
    assert.ok(service);
    const isHidden = holdsSecret(service, settings);
    const text = specText(engineSpec(service, heldBy(settings, KEY)));
    const spec = JSON.parse(JSON.stringify(engineSpec(service, shownOf(settings, KEY))));
    const login = shownLogin(service, settings, KEY);
    return {
        component: isHidden
            ? { shown: { web: { timeout: service.timeout, ...(login && { login }), spec } } }
            : {},
        command: { stdin: isHidden ? "[secret]" : payload("service", [["limit", service.timeout]], text) },
    };
}

function changes(before: Config | undefined, after: Config) {
    const [old, now] = [before && inputsOf(before), inputsOf(after)];
    const step = (type: string, urn: string, kind: "component" | "command") => ({
        op: old ? "update" : "create",
        urn: `${PREFIX}${urn}`,
        ...(old && {
            oldState: { type, inputs: old[kind] },
            diffReasons: kind === "command" ? ["stdin"] : ["shown"],
        }),
        newState: { type, inputs: now[kind] },
    });
    const preview = previewFrom([
        step("swarm:index:Services", "swarm:index:Services::services", "component"),
        step("command:remote:Command", "swarm:index:Services$command:remote:Command::web", "command"),
    ]);
    const [service] = planOf(preview, beside).services;
    assert.ok(service);
    return { ...service, text: service.details.map(plainText).join(", ") };
}

const web = base.services.web;
const rows: readonly (readonly [what: string, config: Config, text: string, effect: string])[] = [
    [
        "another value: the variable and the file that have it",
        { ...base, secrets: { ...base.secrets, db: "another" } },
        "variable PASSWORD has another value, secret db has another value",
        "roll",
    ],
    ["another content", { ...base, configs: { motd: "bye" } }, "config motd has another value", "roll"],
    [
        "an option that is no secret",
        { ...base, services: { web: { ...web, replicas: 3 } } },
        "replicas 2 → 3",
        "more",
    ],
    [
        "another target",
        { ...base, services: { web: { ...web, secrets: [{ source: "db", target: "/etc/db" }] } } },
        "- secret db, + secret db at /etc/db",
        "roll",
    ],
    [
        "another login",
        { ...base, secrets: { ...base.secrets, token: "renewed" } },
        "another login at registry.example.com",
        "none",
    ],
    [
        "another registry",
        { ...base, services: { web: { ...web, image: "nginx" } } },
        "image registry.example.com/web → nginx, no login at registry.example.com",
        "roll",
    ],
    [
        "no secret any more",
        {
            ...base,
            services: { web: { image: "registry.example.com/web", replicas: 2, env: { LEVEL: "info" } } },
        },
        "- variable PASSWORD, - secret db, - config motd",
        "roll",
    ],
];

describe("a change is shown with all that is no secret", () => {
    for (const [what, config, text, effect] of rows) {
        test(what, () => {
            const change = changes(base, config);
            assert.equal(change.change, "changes");
            assert.equal(change.text, text);
            assert.equal(change.effect, effect);
        });
    }
});

test("a service whose input was readable and is none any more, and the other way", () => {
    const plain = { ...base, services: { web: { image: "nginx", replicas: 2, env: { LEVEL: "info" } } } };
    const secret = {
        ...plain,
        services: { web: { ...plain.services.web, env: { LEVEL: { secret: "db" } } } },
    };
    for (const [before, after] of [
        [plain, secret],
        [secret, plain],
    ] as const)
        assert.equal(changes(before, after).text, "variable LEVEL has another value");
});

test("a new service", () => {
    const { change, text } = changes(undefined, base);
    assert.equal(change, "comes");
    assert.equal(
        text,
        "image registry.example.com/web, replicas 2, variable LEVEL, variable PASSWORD, secret db, config motd, " +
            "a login at registry.example.com",
    );
});
