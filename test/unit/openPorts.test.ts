/** Ports that are open for what others deploy. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";

const parsed = (openPorts: unknown, services: unknown = {}) =>
    parseSettings({ sshFrom: ["203.0.113.7/32"], openPorts, services });

test("ports and ranges, sorted, each once", () => {
    const result = parsed([9443, "53/udp", "9000-9010/tcp", "9443/tcp", "53"]);
    assert.deepEqual("settings" in result && result.settings.openPorts, [
        { first: 53, last: 53, protocol: "tcp" },
        { first: 53, last: 53, protocol: "udp" },
        { first: 9000, last: 9010, protocol: "tcp" },
        { first: 9443, last: 9443, protocol: "tcp" },
    ]);
});

const ALLOWED = 'a port or a range of ports such as "8080", "53/udp" or "9000-9010/tcp", from 1 to 65535';
const OWN = "any port but 22/tcp, 2377/tcp, 7946/tcp, 7946/udp and 4789/udp";

describe("they are refused with", () => {
    const rows: [openPorts: unknown, ...texts: string[]][] = [
        ["9443", `swarm:openPorts: "9443"; allowed: a list, each ${ALLOWED}`],
        [
            ["9443:9443", "80/sctp", "0", "10-9", "all"],
            `swarm:openPorts[0]: "9443:9443"; allowed: ${ALLOWED}`,
            `swarm:openPorts[1]: "80/sctp"; allowed: ${ALLOWED}`,
            `swarm:openPorts[2]: "0": 0 is not a port; allowed: ${ALLOWED}`,
            `swarm:openPorts[3]: "10-9": the range 10-9 runs backwards; allowed: ${ALLOWED}`,
            `swarm:openPorts[4]: "all"; allowed: ${ALLOWED}`,
        ],
        [
            ["22", "2000-3000", "4789/udp", "7000-8000/udp", "4789/tcp", "22/udp"],
            `swarm:openPorts: "22/tcp": the nodes need 22/tcp themselves, for SSH; allowed: ${OWN}`,
            `swarm:openPorts: "2000-3000/tcp": the nodes need 2377/tcp themselves, for the swarm's managers; allowed: ${OWN}`,
            `swarm:openPorts: "4789/udp": the nodes need 4789/udp themselves, for the overlay networks; allowed: ${OWN}`,
            `swarm:openPorts: "7000-8000/udp": the nodes need 7946/udp themselves, for the swarm's gossip; allowed: ${OWN}`,
        ],
    ];
    for (const [openPorts, ...texts] of rows) {
        test(JSON.stringify(openPorts), () => {
            const result = parsed(openPorts);
            assert.deepEqual("problems" in result && result.problems, texts);
        });
    }

    test("more than a firewall has rules for", () => {
        const ports = Array.from({ length: 30 }, (_, index) => `${8000 + 2 * index}:80`);
        const open = Array.from({ length: 11 }, (_, index) => 9000 + index);
        const result = parsed(open, { web: { image: "nginx", ports } });
        assert.deepEqual("problems" in result && result.problems, [
            'swarm:services: "30 published ports and ranges of ports and 11 of swarm:openPorts"; allowed: at most 40 in ' +
                "the stack, since a DigitalOcean firewall takes 50 rules; ports that follow one another are one range",
        ]);
    });
});
