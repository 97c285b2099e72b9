import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CliError } from "../../cli/errors.ts";
import { type MapOptions, map } from "../../cli/map/command.ts";
import { LoginError } from "../../cli/ssh.ts";
import { view } from "./mapViews.ts";

/** What the command prints, and what it ends with. `printed` is told what has come so far. */
async function ran(
    options: Partial<MapOptions>,
    printed: (text: string) => void = () => {},
): Promise<{ status: number; stdout: string; stderr: string }> {
    const said = { stdout: "", stderr: "" };
    const stream = (name: keyof typeof said) => ({
        write: (text: string | Uint8Array) => {
            said[name] += text;
            printed(said[name]);
            return true;
        },
    });
    const status = await map({
        port: 0,
        signal: AbortSignal.timeout(60_000),
        read: async () => view(),
        out: stream("stdout"),
        err: stream("stderr"),
        ...options,
    });
    return { status, ...said };
}

describe("swarm map", () => {
    test("says where the page is, serves until the signal, and says once what it cannot read", async () => {
        const ending = new AbortController();
        let reads = 0;
        let address = "";
        const result = await ran(
            {
                signal: ending.signal,
                stack: "dev",
                read: async ({ stack }) => {
                    assert.equal(stack, "dev");
                    reads += 1;
                    if (reads === 3) ending.abort();
                    throw new CliError("no manager answers", 2);
                },
            },
            (text) => {
                if (address !== "") return;
                address = /http:\S+/.exec(text)?.[0] ?? "";
                void watch(address);
            },
        );
        assert.deepEqual(result, {
            status: 0,
            stdout: `The map is at ${address} until Ctrl-C.\n`,
            stderr: "swarm: no manager answers\n",
        });
        assert.equal(reads, 3);
        await assert.rejects(fetch(address));
    });

    test("a wrong host key ends it", async () => {
        const wrong = new LoginError("node1: WRONG HOST KEY", "", true);
        const serving = ran({ read: () => Promise.reject(wrong) }, (text) => {
            void watch(/http:\S+/.exec(text)?.[0] ?? "");
        });
        await assert.rejects(serving, wrong);
    });
});

/** Looks at the page's events until they end, as a browser would. */
async function watch(address: string): Promise<void> {
    const answer = await fetch(`${address}events`);
    await answer.body?.pipeTo(new WritableStream()).catch(() => {});
}
