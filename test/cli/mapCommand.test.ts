import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { CliError } from "../../cli/errors.ts";
import { type MapOptions, map, type TerminalFacts, terminalStyle } from "../../cli/map/command.ts";
import { LoginError } from "../../cli/ssh.ts";
import { view } from "./mapViews.ts";

const folder = mkdtempSync(path.join(tmpdir(), "map-"));
after(() => rmSync(folder, { recursive: true }));

/** What the command prints, and what it ends with. `printed` is told what has come so far. */
async function ran(
    options: MapOptions,
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
        read: async () => view(),
        out: stream("stdout"),
        err: stream("stderr"),
        ...options,
    });
    return { status, ...said };
}

describe("swarm map", () => {
    test("draws in the terminal, without colours where there is none", async () => {
        const { status, stdout } = await ran({});
        assert.equal(status, 0);
        assert.match(stdout, /^Swarm lab\n4 nodes, all ready/);
        assert.match(stdout, /│ \[N\] nginx\.1 +│/);
    });

    test("reads the stack that it is told", async () => {
        const asked: unknown[] = [];
        const signal = AbortSignal.timeout(60_000);
        await ran({
            stack: "dev",
            signal,
            read: async (options) => {
                asked.push(options);
                return view();
            },
        });
        assert.deepEqual(asked, [{ stack: "dev", signal }]);
    });

    test("--json prints what was read", async () => {
        assert.deepEqual(JSON.parse((await ran({ json: true })).stdout), view());
    });

    test("--svg writes a file and prints nothing; - prints it", async () => {
        const file = path.join(folder, "map.svg");
        assert.deepEqual(await ran({ svg: file }), { status: 0, stdout: "", stderr: "" });
        const { stdout } = await ran({ svg: "-" });
        assert.equal(readFileSync(file, "utf8"), stdout);
        assert.match(stdout, /^<svg .*<\/svg>\n$/s);
        assert.equal(existsSync("-"), false);
    });

    test("a file that cannot be written is named", async () => {
        const svg = path.join(folder, "none", "map.svg");
        await assert.rejects(ran({ svg }), {
            name: "CliError",
            status: 1,
            message: `${svg} cannot be written: ENOENT: no such file or directory, open '${svg}'`,
        });
    });

    for (const [options, message] of [
        [{ svg: "a.svg", serve: true }, "--svg and --serve do not go together: choose one"],
        [
            { svg: "a.svg", serve: true, json: true },
            "--svg and --serve and --json do not go together: choose one",
        ],
        [{ svg: "" }, "--svg wants the name of a file, or - for standard output"],
        [{ port: 80 }, "--port is for --serve"],
        [
            { serve: true, port: 65_536 },
            "--port 65536: wanted a number from 0 to 65535, 0 for any that is free",
        ],
        [{ serve: true, port: -1 }, "--port -1: wanted a number from 0 to 65535, 0 for any that is free"],
        [{ serve: true, port: 1.5 }, "--port 1.5: wanted a number from 0 to 65535, 0 for any that is free"],
        [
            { serve: true, port: Number.NaN },
            "--port NaN: wanted a number from 0 to 65535, 0 for any that is free",
        ],
    ] as const) {
        test(message, async () => {
            const read = () => Promise.reject(new Error("nothing is to be read"));
            await assert.rejects(ran({ ...options, read }), { name: "CliError", status: 64, message });
        });
    }

    test("a cluster that cannot be read is the reader's to explain", async () => {
        const read = () => Promise.reject(new CliError("no manager answers", 2));
        await assert.rejects(ran({ read }), { message: "no manager answers", status: 2 });
    });

    test("--serve says where it is, serves until the signal, and says once what it cannot read", async () => {
        const ending = new AbortController();
        let reads = 0;
        let address = "";
        const result = await ran(
            {
                serve: true,
                port: 0,
                signal: ending.signal,
                read: async () => {
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
        const serving = ran({ serve: true, port: 0, read: () => Promise.reject(wrong) }, (text) => {
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

describe("the terminal's colours", () => {
    const stream = (isTTY: boolean, depth: number, columns?: number) =>
        ({ isTTY, columns, getColorDepth: () => depth }) as unknown as TerminalFacts;
    for (const [what, output, env, expected] of [
        ["a terminal with all", stream(true, 24, 100), {}, { width: 100, colours: 256 }],
        ["a terminal with 16", stream(true, 4, 100), {}, { width: 100, colours: 16 }],
        ["a terminal with none", stream(true, 1, 100), {}, { width: 100, colours: 0 }],
        ["NO_COLOR", stream(true, 24, 100), { NO_COLOR: "1" }, { width: 100, colours: 0 }],
        ["NO_COLOR, but empty", stream(true, 24, 100), { NO_COLOR: "" }, { width: 100, colours: 256 }],
        ["a pipe", stream(false, 24), {}, { width: 80, colours: 0 }],
        ["a pipe with FORCE_COLOR", stream(false, 8), { FORCE_COLOR: "1" }, { width: 80, colours: 256 }],
        ["both", stream(true, 24), { FORCE_COLOR: "1", NO_COLOR: "1" }, { width: 80, colours: 0 }],
    ] as const) {
        test(what, () => assert.deepEqual(terminalStyle(output, env), expected));
    }
});
