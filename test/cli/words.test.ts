/** What a person types, and what they are told when it is wrong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { environmentText, shellOf, unsetText } from "../../cli/commands/env.ts";
import { DockerError } from "../../cli/dockerApi.ts";
import { askManagers, NotManager, noManager } from "../../cli/managers.ts";
import { pickNode, pickNodes } from "../../cli/nodeRange.ts";
import { checkScaling, parseScaling, replicasKey, scaled } from "../../cli/scaling.ts";
import { loginError } from "../../cli/ssh.ts";
import { configText, hostsText, knownHostsText, sshFiles } from "../../cli/sshFiles.ts";
import { duration, table } from "../../cli/table.ts";
import { shellWord } from "../../cli/words.ts";
import { sources } from "./recordings.ts";

const { state } = sources("healthy");
const { nodes } = state;

describe("names and ranges", () => {
    const good: [words: string[], names: string[]][] = [
        [["node1"], ["node1"]],
        [["node[2:4]"], ["node2", "node3", "node4"]],
        [["node4,node1"], ["node4", "node1"]],
        [
            ["node3", "node[1:3]"],
            ["node3", "node1", "node2"],
        ],
    ];
    for (const [words, names] of good) {
        test(words.join(" "), () =>
            assert.deepEqual(
                pickNodes(nodes, words).map(({ name }) => name),
                names,
            ),
        );
    }

    const bad: [word: string, message: string][] = [
        ["node9", "there is no node node9; there are: node[1:4]"],
        ["node[3:6]", "there is no node node[5:6]; there are: node[1:4]"],
        ["web", "there is no node web; there are: node[1:4]"],
        [
            "node[4:1]",
            '"node[4:1]" runs backwards; say a name or a range such as node[2:4]; there are: node[1:4]',
        ],
        [
            "node[1-3]",
            '"node[1-3]" is not a range of the form name[first:last]; say a name or a range such as node[2:4]; there are: node[1:4]',
        ],
        [
            "Node 1",
            '"Node 1" is not a host name; say a name or a range such as node[2:4]; there are: node[1:4]',
        ],
        [
            "node1,",
            '"node1," has nothing between two commas, or a comma at an end; say a name or a range such as node[2:4]; there are: node[1:4]',
        ],
    ];
    for (const [word, message] of bad) {
        test(`refused: ${word}`, () =>
            assert.throws(() => pickNodes(nodes, [word]), { message, status: 64 }));
    }

    test("one node where one is wanted", () => {
        assert.equal(pickNode(nodes, "node2").name, "node2");
        assert.throws(() => pickNode(nodes, "node[1:2]"), {
            message: '"node[1:2]" is not the name of one node; there are: node[1:4]',
        });
    });
});

describe("why nobody could log in", () => {
    const node = { name: "node2", publicIp: "203.0.113.7" };
    const cases: [name: string, stderr: string, message: string][] = [
        [
            "another host key, as OpenSSH 9.2 says it",
            "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n" +
                "Host key verification failed.\r\n",
            "WRONG HOST KEY: another machine answers at node2 (203.0.113.7), or somebody is in between. Nothing was sent " +
                "there. Find out which before anything else; a node that was changed by hand is made anew by: " +
                "cli/bin/swarm replace node2",
        ],
        [
            "another kind of host key",
            "Unable to negotiate with 203.0.113.7 port 22: no matching host key type found. Their offer: ssh-rsa\r\n",
            "WRONG HOST KEY: another machine answers at node2 (203.0.113.7), or somebody is in between. Nothing was sent " +
                "there. Find out which before anything else; a node that was changed by hand is made anew by: " +
                "cli/bin/swarm replace node2",
        ],
        [
            "a key that is refused",
            "root@203.0.113.7: Permission denied (publickey).\r\n",
            "node2 (203.0.113.7): the login with the stack's key is refused; is swarm:sshUser right, and is the key still in " +
                "authorized_keys there?",
        ],
        [
            "nobody there",
            "ssh: connect to host 203.0.113.7 port 22: No route to host\r\n",
            "node2 (203.0.113.7): no SSH: No route to host; does the droplet run, and does swarm:sshFrom let this machine in?",
        ],
        [
            "no word at all",
            "",
            "node2 (203.0.113.7): no SSH: the connection ended; does the droplet run, and does swarm:sshFrom let this machine in?",
        ],
    ];
    for (const [name, stderr, message] of cases) {
        test(name, () => {
            const error = loginError(node, stderr);
            assert.equal(error.message, message);
            assert.equal(error.wrongHostKey, message.startsWith("WRONG HOST KEY"));
            assert.equal(error.status, 2);
        });
    }

    test("every manager's reason, in one line", () => {
        const managers = nodes.slice(0, 2);
        const [one, two] = managers as [(typeof nodes)[number], (typeof nodes)[number]];
        const away = loginError(one, "ssh: connect to host 198.18.12.5 port 22: Connection timed out\r\n");
        const error = noManager(
            managers,
            new Map<typeof one, Error>([
                [one, away],
                [two, new DockerError("node2: it is in no swarm (inactive)", 0)],
            ]),
        );
        assert.equal(
            error.message,
            "none of the 2 managers can be reached: node1 (198.18.12.5): no SSH: Connection timed out; node2: it is in no " +
                "swarm (inactive). See: cli/bin/swarm doctor",
        );
        assert.deepEqual([error.status, error.noQuorum], [2, false]);
    });

    test("a stack whose first up made no manager", async () => {
        const workers = nodes.filter(({ role }) => role === "worker");
        const access = { state: { ...state, nodes: workers }, files: sshFiles("/x") };
        const asked = askManagers(access, async ({ name }) => {
            throw new NotManager(`${name}: it is in no swarm (inactive)`, []);
        });
        await assert.rejects(asked, {
            message: "the stack has no manager on record; say: pulumi up",
            status: 2,
            noQuorum: false,
        });
    });

    test("no quorum, in capital letters", () => {
        const [one] = nodes as [(typeof nodes)[number]];
        const docker = new DockerError(
            "node1: rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers " +
                "are online. Make sure more than half of the managers are online.",
            500,
        );
        const error = noManager([one], new Map([[one, docker]]));
        assert.equal(
            error.message,
            "NO QUORUM: fewer managers are left than the majority, so nothing can be changed: node1: The swarm does not have a " +
                "leader. Bring the others back; if they are gone for good, go on from one that is left: pulumi config set " +
                "swarm:recoverFrom node1, then: pulumi up --refresh. Tasks go on running meanwhile",
        );
        assert.ok(error.noQuorum);
    });
});

describe("the files for ssh", () => {
    const files = sshFiles("/home/a b/50%/.swarm/x");

    test("hosts: only the stack's key, only pinned host keys", () => {
        const text = hostsText({ ...state, nodes: nodes.slice(0, 1) }, files);
        assert.equal(
            text.split("\n").slice(0, 13).join("\n"),
            [
                "# Written by the swarm command from the stack's state, and written anew when that changes.",
                "",
                "Host node1.swarm-lab-cli-a797d56a",
                "    HostName 198.18.12.5",
                "    HostKeyAlias node1.swarm-lab-cli-a797d56a",
                "",
                "Host *.swarm-lab-cli-a797d56a",
                "    User root",
                '    IdentityFile "/home/a b/50%%/.swarm/x/deploy_key"',
                "    IdentitiesOnly yes",
                "    IdentityAgent none",
                '    UserKnownHostsFile "/home/a b/50%%/.swarm/x/known_hosts"',
                "    GlobalKnownHostsFile /dev/null",
            ].join("\n"),
        );
        assert.match(text, /\n {4}StrictHostKeyChecking yes\n/);
        assert.match(text, /\n {4}UpdateHostKeys no\n/);
    });

    test("known_hosts holds the pinned keys and no other", () => {
        assert.equal(
            knownHostsText(state),
            nodes.map(({ name, hostKey }) => `${name}.swarm-lab-cli-a797d56a ${hostKey}\n`).join(""),
        );
    });

    test("the config for a person's shell keeps their own hosts", () => {
        assert.equal(
            configText(files),
            'Include "/home/a b/50%%/.swarm/x/hosts"\nInclude ~/.ssh/config\nInclude /etc/ssh/ssh_config\n',
        );
    });
});

describe("docker's way to a node", () => {
    const environment = {
        url: "ssh://node1.swarm-dev",
        config: "/it's/config",
        wrapper: "/repo/cli/wrapper",
    };

    test("lines for a POSIX shell", () => {
        assert.equal(
            environmentText(environment, "sh"),
            [
                "export DOCKER_HOST=ssh://node1.swarm-dev",
                "export SWARM_SSH_CONFIG='/it'\\''s/config'",
                `case ":$PATH:" in *:/repo/cli/wrapper:*) ;; *) export PATH=/repo/cli/wrapper:"$PATH" ;; esac`,
                "unset DOCKER_CONTEXT",
                "unset DOCKER_TLS_VERIFY",
                "unset DOCKER_CERT_PATH",
                "unset SWARM_NODE",
                '# eval "$(swarm env)"',
                "",
            ].join("\n"),
        );
        assert.match(environmentText({ ...environment, node: "node3" }, "sh"), /\nexport SWARM_NODE=node3\n/);
    });

    test("lines for fish, and back", () => {
        assert.equal(
            environmentText({ ...environment, node: "node3" }, "fish"),
            [
                "set -gx DOCKER_HOST 'ssh://node1.swarm-dev'",
                "set -gx SWARM_SSH_CONFIG '/it\\'s/config'",
                "set -gx SWARM_NODE 'node3'",
                "contains -- '/repo/cli/wrapper' $PATH; or set -gx PATH '/repo/cli/wrapper' $PATH",
                "set -e DOCKER_CONTEXT",
                "set -e DOCKER_TLS_VERIFY",
                "set -e DOCKER_CERT_PATH",
                "# swarm env --shell fish | source",
                "",
            ].join("\n"),
        );
        assert.equal(unsetText("sh"), "unset DOCKER_HOST\nunset SWARM_SSH_CONFIG\nunset SWARM_NODE\n");
        assert.deepEqual(
            [shellOf("/usr/bin/fish"), shellOf("/bin/bash"), shellOf(undefined)],
            ["fish", "sh", "sh"],
        );
    });
});

describe("swarm scale", () => {
    test("what it takes", () => {
        assert.deepEqual(parseScaling("web-1=12"), { service: "web-1", replicas: 12 });
        for (const word of ["web", "web=", "web=-1", "web=1.5", "=3", "web=x"]) {
            assert.throws(() => parseScaling(word), {
                message: `"${word}" does not say how many of what; say NAME=N, N a whole number from 0, such as nginx=3`,
                status: 64,
            });
        }
    });

    test("what the configuration has no place for", () => {
        const services = { web: { image: "nginx" }, agent: { image: "a", global: true } };
        checkScaling(services, { service: "web", replicas: 3 });
        assert.throws(() => checkScaling(services, { service: "wep", replicas: 3 }), {
            message: 'there is no service "wep" in the stack\'s config; there are: agent, web',
        });
        assert.throws(() => checkScaling({}, { service: "web", replicas: 3 }), {
            message: 'there is no service "web": the stack\'s config has none (swarm:services)',
        });
        assert.throws(() => checkScaling(services, { service: "agent", replicas: 3 }), {
            message: "agent is global: it runs once on each node, so it has no number to set",
        });
    });

    test("what the program would refuse is refused before anything is written", () => {
        const services = { nginx: { image: "nginx", replicas: 2 } };
        assert.deepEqual(scaled(services, [{ service: "nginx", replicas: 3 }]), {
            nginx: { image: "nginx", replicas: 3 },
        });
        assert.throws(() => scaled(services, [{ service: "nginx", replicas: 99_999 }]), {
            message: /^nothing was written: swarm:services\.nginx\.replicas.*99999/,
            status: 64,
        });
    });

    test("the key in the configuration", () => {
        assert.equal(replicasKey("web-1"), "swarm:services.web-1.replicas");
        assert.equal(replicasKey("a.b"), 'swarm:services["a.b"].replicas');
    });
});

test("words as a shell takes them", () => {
    assert.equal(
        ["ls", "a b", "it's", "$(x)", "--a=b"].map(shellWord).join(" "),
        "ls 'a b' 'it'\\''s' '$(x)' --a=b",
    );
});

test("tables: columns as wide as they need to be, a dash for what is empty", () => {
    assert.equal(
        table(["A", "LONG"], [["\u001b[31mred\u001b[39m", ""]]),
        "A    LONG\n\u001b[31mred\u001b[39m  -\n",
    );
});

test("durations: one unit, rounded down", () => {
    assert.deepEqual([-1, 0, 59.9, 60, 3599, 3600, 86_399, 86_400, 1e7].map(duration), [
        "0 s",
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h",
        "23 h",
        "1 d",
        "115 d",
    ]);
});
