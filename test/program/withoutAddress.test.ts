/**
 * A droplet without an address. The command plugin takes an empty host for the machine that it runs on: a swarm would be
 * initialised there, and it is the program that has to see to it that no command is made.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("runWithout.ts", import.meta.url));

describe("no command is made for a droplet", () => {
    for (const [what, key, which] of [
        ["without a public address", "ipv4Address", "public"],
        ["without a private address", "ipv4AddressPrivate", "private"],
    ] as const) {
        test(what, async () => {
            const args = ["--no-warnings", script, key];
            const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
            const { made, error } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as {
                made: string[];
                error: string;
            };
            assert.ok(made.includes("node1"), stdout);
            // One "swarm" is the component.
            const commands = made.filter((name) => /^(swarm|roster|nginx|.*-join)$/.test(name));
            assert.deepEqual(commands, ["swarm"]);
            assert.match(
                error,
                new RegExp(
                    `node1: waited \\d+ s for the API to give its droplet \\S+ a ${which} IPv4 address; last seen: there is ` +
                        "no such droplet\\. Look at it, then run: pulumi up --refresh$",
                ),
            );
        });
    }
});
