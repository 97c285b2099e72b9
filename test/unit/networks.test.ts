/** Overlay networks with options of their own: what is sent to make them, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { networkLines, networkMarks, rosterNetworkLines } from "../../model/networks.ts";

const parsed = (networks: unknown, names: readonly string[] = ["back", "front"]) =>
    parseSettings({
        sshFrom: ["203.0.113.7/32"],
        networks,
        services: { web: { image: "nginx", networks: names } },
    });

/** Name, mark and JSON of each. */
function made(networks: unknown): [string, string, unknown][] {
    const result = parsed(networks);
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    const { services, networks: own } = result.settings;
    return networkLines(services[0] as (typeof services)[0], own).map(([, line]) => {
        const [, name = "", mark = "", body = ""] = /^(\S+) (\S+) (.*)$/.exec(`${line}`) ?? [];
        assert.equal(networkMarks(result.settings)[name], mark);
        return [name, mark, JSON.parse(body)];
    });
}

test("a network without options is a plain one; the mark of others tells them apart, whatever their order", () => {
    const options = { attachable: true, driverOptions: { b: "2", a: "1" } };
    const [back, front] = made({ front: { ...options, internal: true } });
    assert.deepEqual(back, [
        "back",
        "-",
        {
            Name: "back",
            Driver: "overlay",
            Attachable: false,
            Internal: false,
            Options: {},
            Labels: { "swarm.stack": "" },
        },
    ]);
    const [name, mark, body] = front ?? [];
    assert.equal(name, "front");
    assert.deepEqual(body, {
        Name: "front",
        Driver: "overlay",
        Attachable: true,
        Internal: true,
        Options: { a: "1", b: "2" },
        Labels: { "swarm.stack": "", "swarm.options": mark },
    });
    const marks = [
        {},
        options,
        { ...options, driverOptions: { a: "1", b: "2" } },
        { ...options, driverOptions: { a: "1" } },
        { attachable: true },
        { internal: true },
    ].map((one) => made({ front: one })[1]?.[1]);
    assert.equal(marks[0], "-");
    assert.equal(marks[1], marks[2]);
    assert.equal(new Set(marks).size, 5);
});

test("the roster makes those that no service is on", () => {
    const result = parsed({ beside: { attachable: true }, front: { internal: true } });
    assert.ok("settings" in result);
    const { back, beside, front } = networkMarks(result.settings);
    const body =
        '{"Name":"beside","Driver":"overlay","Attachable":true,"Internal":false,"Options":{},"Labels":{"swarm.stack":"",' +
        `"swarm.options":"${beside}"}}`;
    assert.deepEqual(rosterNetworkLines(result.settings), [
        ["network", `back ${back}`],
        ["network", `beside ${beside} ${body}`],
        ["network", `front ${front}`],
    ]);
});

const NAME =
    "the name of an overlay network: lower-case letters, digits and inner hyphens, at most 63 characters, and none of " +
    "ingress, bridge, host, none";
const MAP = `a map from names of networks, each ${NAME}, to their options`;

describe("networks are refused with", () => {
    const rows: [networks: unknown, ...texts: string[]][] = [
        [["front"], `swarm:networks: ["front"]; allowed: ${MAP}`],
        [{ ingress: {} }, `swarm:networks: {"ingress":{}}: "ingress" cannot be a name; allowed: ${MAP}`],
        [
            { front: { attachable: "yes", subnet: "10.0.0.0/24", driverOptions: { "a b": "1" } } },
            'swarm:networks.front.attachable: "yes"; allowed: true or false',
            'swarm:networks.front.driverOptions: {"a b":"1"}: "a b" cannot be a name; allowed: a map from names of the ' +
                "driver's options to any text without NUL",
            "swarm:networks.front.subnet: unknown key; allowed: attachable, internal, driverOptions",
        ],
        [
            { front: { driverOptions: { encrypted: "" } } },
            'swarm:networks.front.driverOptions.encrypted: "": encrypted overlay networks speak ESP between nodes, which ' +
                "DigitalOcean's firewalls do not pass; allowed: any other option; encrypt in the application what must not be " +
                "read in the VPC",
        ],
    ];
    for (const [networks, ...texts] of rows) {
        test(JSON.stringify(networks), () => {
            const result = parsed(networks);
            assert.deepEqual("problems" in result && result.problems, texts);
        });
    }
});
