import { describe } from "node:test";
import { UNKNOWN } from "../../policy/rule.ts";
import { hostKeysPinned } from "../../policy/rules/hostKeysPinned.ts";
import { noSecretsInCommands } from "../../policy/rules/noSecretsInCommands.ts";
import { resource, stackTable, table, urn } from "./resources.ts";

const deploy = resource("privateKey", "deploy");
const host = resource("privateKey", "node1-host");
const otherHost = resource("privateKey", "node2-host");
const accountKey = resource("sshKey", "deploy", {}, { madeFrom: { publicKey: [deploy] } });
const node1 = resource("droplet", "node1", {}, { madeFrom: { userData: [host, deploy] } });

const MITM =
    "it would log in to whichever machine answers at that address, and give it the tokens of the swarm. Allowed: hostKey, " +
    "the public key that the droplet got by its user data";

const connecting = (...from: readonly ReturnType<typeof resource>[]) =>
    resource("remote", "roster", { connection: UNKNOWN }, { madeFrom: { connection: from } });

const unpinned = (to: string, key: string) => ({
    urn: urn("remote", "roster"),
    text: `the connection of command "roster" to ${to} is not made from its host key (${key}): ${MITM}`,
});

describe("host-keys-pinned", () => {
    const missing = `the connection of command "roster" has no hostKey: ${MITM}`;
    const roster = (connection: unknown) => resource("remote", "roster", { connection });
    table(hostKeysPinned, [
        ["pinned", roster({ host: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" }), []],
        ["pinned by a key that is unknown yet", roster({ host: "192.0.2.1", hostKey: UNKNOWN }), []],
        ["unknown as a whole", roster(UNKNOWN), []],
        ["not pinned", roster({ host: "192.0.2.1" }), [missing]],
        ["pinned by nothing", roster({ host: "192.0.2.1", hostKey: " " }), [missing]],
        ["without a connection", resource("remote", "roster"), [missing]],
    ]);
    const stack = [deploy, host, otherHost, accountKey, node1];
    stackTable(hostKeysPinned, [
        ["made from the node's own host key", [...stack, connecting(node1, deploy, host)], []],
        ["known, and looked at by itself", [...stack, resource("remote", "roster", { connection: {} })], []],
        [
            "made from the deploy key alone, which is in the user data, too",
            [...stack, connecting(node1, deploy)],
            [unpinned("node1", "node1-host")],
        ],
        [
            "made from another node's",
            [...stack, connecting(node1, deploy, otherHost)],
            [unpinned("node1", "node1-host")],
        ],
        [
            "to a droplet that was given no host key",
            [
                deploy,
                accountKey,
                resource("droplet", "node1"),
                connecting(resource("droplet", "node1"), deploy),
            ],
            [unpinned("node1", "none")],
        ],
        ["to nobody", [...stack, connecting(deploy, host)], [unpinned("no droplet", "none")]],
    ]);
});

const SPOKEN =
    "a failure prints a command's text, process lists show it, and the state has it in clear. Allowed: secrets on stdin alone";
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
const TOKEN = "SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c";
const API = `dop_v1_${"0123456789abcdef".repeat(4)}`;

const holds = (property: string, kind: string) => `"${property}" of command "x" holds ${kind}: ${SPOKEN}`;
const remote = (properties: Record<string, unknown>) => resource("remote", "x", properties);

describe("no-secrets-in-commands", () => {
    const secret = { secretOutputs: ["stdout", "stderr"] };
    const logs = (logging: string) =>
        `command "x" prints secrets (additionalSecretOutputs has stdout) and has logging ${logging}: they would be in the ` +
        'log of the up. Allowed: "none" or "stderr"';
    const swarm = resource("remote", "swarm", {}, secret);
    table(noSecretsInCommands, [
        ["a constant text", remote({ create: 'all=$(cat) && sh -c "$all"', update: "true" }), []],
        ["secrets on stdin", remote({ create: "cat", stdin: `token ${TOKEN}\n${KEY}` }), []],
        [
            "a text that is unknown yet",
            remote({ create: UNKNOWN, environment: { A: UNKNOWN }, triggers: [UNKNOWN] }),
            [],
        ],
        [
            "names of variables",
            remote({
                create: 'docker login --password-stdin; curl -u "$USER:$PASSWORD"; tool --token "$TOKEN"',
            }),
            [],
        ],
        [
            "a join token",
            remote({ create: `docker swarm join --token ${TOKEN}` }),
            [holds("create", "a join token of a swarm"), holds("create", "a password as an option")],
        ],
        ["a private key", remote({ update: `echo '${KEY}'` }), [holds("update", "a private key")]],
        [
            "an unlock key",
            remote({ create: "SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8" }),
            [holds("create", "an unlock key of a swarm")],
        ],
        [
            "a token in the environment",
            resource("local", "x", { environment: { T: API } }),
            [holds("environment", "a token of DigitalOcean's API")],
        ],
        [
            "a token in a trigger",
            remote({ triggers: ["1", API] }),
            [holds("triggers", "a token of DigitalOcean's API")],
        ],
        [
            "a token in a delete",
            resource("local", "x", { delete: `curl -H 'Authorization: Bearer ${API}'` }),
            [holds("delete", "a token of DigitalOcean's API"), holds("delete", "a credential in a header")],
        ],
        ...[
            "docker build --secret id=npm,src=.npmrc .",
            'docker build --secret "id=npm" .',
            "mysql -p -u root",
            "mysqldump --port=3306 -P 3306",
            "mkdir -p /srv/mysql; cp -pr a b",
            'curl -u "$USER:$PASSWORD" https://example.com/',
            'curl -H "Authorization: Bearer $TOKEN"',
            "export PASSWORD=$(cat file) DB_PASSWORD_FILE=/run/secrets/db",
            "docker swarm join --token $TOKEN",
        ].map((create): readonly [string, ReturnType<typeof remote>, string[]] => [
            `nothing secret: ${create}`,
            remote({ create }),
            [],
        ]),
        ...(
            [
                ["mysql -uroot -psecret", "a password as an option"],
                ["mysqldump --all-databases -p'secret' | gzip", "a password as an option"],
                ["mariadb -h db -psecret", "a password as an option"],
                ["sshpass -p secret ssh x", "a password as an option"],
                ["curl -u ada:lovelace https://example.com/", "a password as an option"],
                ["x --secret lovelace", "a password as an option"],
                ["x --client-secret=lovelace", "a password as an option"],
                ["x --api-key lovelace", "a password as an option"],
                ["curl -H 'Authorization: Bearer lovelace'", "a credential in a header"],
                ["curl -H 'authorization: Basic YWRhOng='", "a credential in a header"],
                ["curl -H 'X-Auth-Token: lovelace'", "a credential in a header"],
                ["PGPASSWORD=lovelace psql", "a password in a variable"],
                ["MYSQL_PWD=lovelace mysql", "a password in a variable"],
            ] as const
        ).map(([create, kind]): readonly [string, ReturnType<typeof remote>, string[]] => [
            create,
            remote({ create }),
            [holds("create", kind)],
        ]),
        [
            "a password in a URL",
            remote({ create: "git clone https://ada:lovelace@example.com/x" }),
            [holds("create", "a password in a URL")],
        ],
        [
            "a password as an option",
            remote({ create: "docker login -u ada --password lovelace" }),
            [holds("create", "a password as an option")],
        ],
        [
            "a token of Docker Hub",
            remote({ create: "x dckr_pat_abcdefghijklmnopqrstuvwxyz1" }),
            [holds("create", "a token of Docker Hub")],
        ],
        [
            "a token of GitHub",
            remote({ create: `x ghp_${"a1".repeat(18)}` }),
            [holds("create", "a token of GitHub")],
        ],
        [
            "a token of Pulumi Cloud",
            remote({ create: `x pul-${"a1".repeat(20)}` }),
            [holds("create", "a token of Pulumi Cloud")],
        ],
        [
            "an access key of AWS",
            remote({ create: "x AKIAIOSFODNN7EXAMPLE" }),
            [holds("create", "an access key of AWS")],
        ],
        [
            "twice the same, said once",
            remote({ triggers: [API, API] }),
            [holds("triggers", "a token of DigitalOcean's API")],
        ],
        ["secret output that is not logged", resource("remote", "x", { logging: "none" }, secret), []],
        ["secret output, errors logged", resource("remote", "x", { logging: "stderr" }, secret), []],
        [
            "secret output that is logged",
            resource("remote", "x", { logging: "stdout" }, secret),
            [logs('"stdout"')],
        ],
        ["secret output, logged by default", resource("remote", "x", {}, secret), [logs("nothing")]],
        ["plain output that is logged", remote({}), []],
    ]);

    const made = (property: string, from: string) => ({
        urn: urn("remote", "x"),
        text: `"${property}" of command "x" is made from ${from}: ${SPOKEN}`,
    });
    const from = (property: string, ...sources: readonly ReturnType<typeof resource>[]) =>
        resource("remote", "x", { [property]: UNKNOWN }, { madeFrom: { [property]: sources } });
    stackTable(noSecretsInCommands, [
        ["made from a droplet", [from("triggers", node1)], []],
        ["stdin made from a key and from tokens", [from("stdin", deploy, swarm)], []],
        ["made from a plain command's output", [from("create", resource("remote", "roster"))], []],
        ["made from a private key", [from("create", deploy)], [made("create", '"deploy", a private key')]],
        [
            "made from secret output and a private key",
            [from("environment", swarm, host)],
            [made("environment", '"swarm", whose output is secret, "node1-host", a private key')],
        ],
    ]);
});
