/**
 * The program's own user data and scripts on a droplet where it logs in as somebody else than root: what needs root goes
 * through sudo, Docker through its group.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launcher, payload } from "../../components/remote.ts";
import { imageRefs } from "../../lab/droplets/images/ensure.ts";
import { parseAnswer } from "../../model/answers.ts";
import type { Line } from "../../model/scriptInput.ts";
import { userData } from "../../model/userData.ts";
import { onlySsh } from "./support/filters.ts";
import { TestLab } from "./support/lab.ts";
import { connect, deployKey, execute, hostKey } from "./support/ssh.ts";
import { until } from "./support/wait.ts";

const lab = new TestLab("ssh-user", 3);

/** One that only this user data makes, and the one that the distribution's own configuration knows as its default. */
const logins = [
    [1, "ada"],
    [2, "debian"],
] as const;

before(async () => {
    await lab.start();
    for (const [id, sshUser] of logins) {
        const data = userData({
            hostKeyPrivate: hostKey.private,
            hostKeyPublic: hostKey.public,
            sshUser,
            deployKeyPublic: deployKey.public,
        });
        await lab.create(id, imageRefs().droplet, onlySsh, data);
    }
});
after(() => lab.remove());

for (const [id, user] of logins) {
    describe(`as ${user}`, () => {
        const about = (): Line[] => [
            ["node", `droplet${id}`],
            ["address", lab.privateIp(id)],
            ["range", "10.213.3.0/24"],
            ["limit", 60],
            ["minimum", "20.10.24"],
            ["stack", "swarm-dev"],
        ];
        let cluster: Line[];

        async function run(script: "swarm" | "join", lines: readonly Line[]): Promise<string> {
            const client = await connect(lab.publicIp(id), user);
            try {
                const command = launcher(script, "create", 120);
                return await execute(client, command, { stdin: payload(script, lines), quiet: true });
            } finally {
                client.end();
            }
        }

        test("a swarm is initialised, on an engine that carries the stack's name", async () => {
            await until(`${user} may log in`, async () => {
                (await connect(lab.publicIp(id), user)).end();
                return true;
            });
            const stdout = await run("swarm", [
                ...about(),
                ["pool", "10.200.0.0/16"],
                ["mask", 24],
                ["rotation", 0],
                ["autolock", "false"],
            ]);
            const answer = parseAnswer("swarm", { node: `droplet${id}`, resource: "swarm", stdout });
            assert.equal(answer.managers, lab.privateIp(id));
            // Of a file that root alone reads.
            assert.match(answer.ca, /^[0-9a-f]{64}$/);
            cluster = [
                ["cluster", answer.cluster],
                ["ca", answer.ca],
                ["token", answer.managerToken],
                ["manager", answer.managers],
                ["seed", answer.managers],
            ];
            assert.equal(
                await lab.shell(id, "docker info --format '{{json .Labels}}'"),
                '["swarm.stack=swarm-dev"]',
            );
        });

        test("its join hardens the host, and lets people in as the same user", async () => {
            const key = "ssh-ed25519 AAAA ada";
            const lines: Line[] = [...about(), ...cluster, ["role", "manager"], ["key", key]];
            await run("join", lines);
            assert.match(
                await lab.shell(id, "iptables -w 10 -t raw -S PREROUTING"),
                /^-A PREROUTING -d 169\.254\.169\.254\/32 ! -i lo -j DROP$/m,
            );
            assert.equal(await lab.shell(id, "apt-mark showhold | grep '^docker.io$'"), "docker.io");
            const keys = `/home/${user}/.ssh/authorized_keys`;
            assert.equal(
                await lab.shell(id, `stat -c '%U %a' ${keys}; sed -n '/^# begin/,$p' ${keys}`),
                `${user} 600\n# begin swarm keys\n${key}\n# end swarm keys`,
            );
        });

        test("without Docker's group it is said at once, with the remedy", async () => {
            await lab.shell(id, `gpasswd -d ${user} docker`, { quiet: true });
            await assert.rejects(
                run("join", [...about(), ...cluster, ["role", "manager"]]),
                new RegExp(
                    `droplet${id}: its user ${user} \\(swarm:sshUser\\) may not use Docker\\. On it run: sudo usermod -aG ` +
                        `docker ${user}$`,
                ),
            );
            await lab.shell(id, `sudo usermod -aG docker ${user}`);
            await run("join", [...about(), ...cluster, ["role", "manager"]]);
        });

        test("without sudo it is said at once", async () => {
            await lab.shell(id, "rm /etc/sudoers.d/90-cloud-init-users");
            await assert.rejects(
                run("join", [...about(), ...cluster, ["role", "manager"]]),
                new RegExp(
                    `droplet${id}: its user ${user} \\(swarm:sshUser\\) cannot become root: sudo: a password is required\\. ` +
                        "Choose an image with sudo, ",
                ),
            );
        });
    });
}
