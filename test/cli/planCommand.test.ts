/** `swarm plan` in a process of its own, with stand-ins for `pulumi` and the API. */
import assert from "node:assert/strict";
import {
    chmodSync,
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type FakeAnswer, type FakeApi, fakeApi } from "../fakeApi.ts";
import { previewText, recordedFolder } from "./plans.ts";
import { runSwarm } from "./process.ts";

const root = path.join(import.meta.dirname, "..", "..");

let folder: string;
let api: FakeApi;
/** What the API says instead, by the beginning of a call. */
let answers: Record<string, FakeAnswer> = {};
before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-plan-"));
    const usual: Record<string, FakeAnswer> = {
        "GET /v2/sizes": { body: { sizes: [{ slug: "s-1vcpu-1gb", price_monthly: 6 }] } },
        "GET /v2/account": { body: { account: { droplet_limit: 5 } } },
        "GET /v2/droplets": { body: { droplets: [], meta: { total: 4 } } },
    };
    api = await fakeApi((call) => {
        const of = (set: Record<string, FakeAnswer>) =>
            Object.entries(set).find(([start]) => call.startsWith(start))?.[1];
        return of(answers) ?? of(usual);
    });
});
after(() => {
    api.close();
    rmSync(folder, { recursive: true, force: true });
});

/** A file with a preview of that name. */
async function preview(name: string): Promise<string> {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, await previewText(name));
    return file;
}

/** A folder for PATH whose `pulumi preview` prints a recording; each call and two variables are written down. */
function fakePulumi(
    name: string,
    answer: { preview?: string; events?: string; error?: string; status?: number; sleep?: boolean },
): string {
    const bin = path.join(folder, name);
    mkdirSync(bin);
    const { preview, events, error = "", status = 0, sleep = false } = answer;
    writeFileSync(path.join(bin, "error"), error);
    writeFileSync(
        path.join(bin, "pulumi"),
        `#!/bin/sh
echo "$*" >>'${bin}/calls'
echo "debug=$PULUMI_DEBUG_COMMANDS streaming=$PULUMI_ENABLE_STREAMING_JSON_PREVIEW" >>'${bin}/environment'
cat '${bin}/error' >&2
${sleep ? "exec sleep 60" : ""}
case $1 in
preview)
    while [ $# -gt 0 ]; do
        if [ "$1" = --event-log ]; then ${events === undefined ? ":" : `cat '${events}' >"$2"`}; echo "$2" >'${bin}/log'; fi
        shift
    done
    ${preview === undefined ? ":" : `cat '${preview}'`} ;;
config) echo '{}' ;;
esac
exit ${status}
`,
    );
    chmodSync(path.join(bin, "pulumi"), 0o755);
    return bin;
}

const run = (
    args: readonly string[],
    options: { bin?: string; env?: Record<string, string>; input?: string; cwd?: string } = {},
) =>
    runSwarm(["plan", ...args], {
        cwd: folder,
        ...options,
        env: { HOME: folder, DIGITALOCEAN_TOKEN: "t", DIGITALOCEAN_API_URL: api.url, ...options.env },
    });

describe("a file", () => {
    test("as text, with prices and the limit from the API", async () => {
        const { status, out, err } = await run([await preview("roll-manager")]);
        assert.deepEqual([status, err], [0, ""]);
        assert.match(out, /^stack {6}dev: 1 node is made anew\n/);
        assert.match(
            out,
            /^cost {7}24\.00 USD a month, as before; 30\.00 while old and new droplets are there$/m,
        );
        assert.doesNotMatch(out, /the account allows/);
    });

    test("where the account has no room for the while", async () => {
        answers = { "GET /v2/account": { body: { account: { droplet_limit: 4 } } } };
        const { out } = await run([await preview("roll-manager")]);
        answers = {};
        assert.match(out, /^! 1 more droplets for the while, but the account allows 4 and has 4:/m);
    });

    test("from standard input, as Markdown", async () => {
        const { status, out } = await run(["-", "--format", "markdown"], {
            input: readFileSync(await preview("scale-in"), "utf8"),
        });
        assert.equal(status, 0);
        assert.ok(out.startsWith("<!-- swarm-plan: dev -->\n### Plan for `dev`: 1 node goes\n"), out);
    });

    test("as JSON, by either option", async () => {
        for (const option of [["--json"], ["--format", "json"]]) {
            const { out } = await run([await preview("scale-in"), ...option]);
            assert.equal(JSON.parse(out).headline, "1 node goes");
        }
    });

    test("a name relative to where one is", async () => {
        copyFileSync(await preview("no-change"), path.join(folder, "mine.json"));
        assert.deepEqual(await run(["mine.json"]), { status: 0, out: "dev: nothing to do\n", err: "" });
    });

    test("nothing to do: nobody is asked", async () => {
        const had = api.calls.length;
        await run([await preview("no-change")]);
        assert.equal(api.calls.length, had);
    });

    test("a preview that has failed ends with status 1", async () => {
        const { status, out } = await run([await preview("config-error")]);
        assert.equal(status, 1);
        assert.match(
            out,
            /^The preview of dev failed:\n {2}The configuration of this stack has 4 problems:\n/,
        );
    });

    test("with --exit-code, 2 where there is something to do", async () => {
        assert.equal((await run([await preview("no-change"), "--exit-code"])).status, 0);
        assert.equal((await run([await preview("scale-in"), "--exit-code"])).status, 2);
        assert.equal((await run([await preview("config-error"), "--exit-code"])).status, 1);
    });

    test("with the log of events", async () => {
        const events = path.join(recordedFolder, "policy.events");
        const { status, out } = await run([await preview("policy"), "--events", events]);
        assert.equal(status, 1);
        assert.match(out, /^The preview of dev failed:\nviolated: swarm: odd-managers\n {2}An even number/);
    });
});

describe("what cannot be looked up is unknown, with the reason", () => {
    const cost = async (
        answer: Record<string, FakeAnswer>,
        env: Record<string, string> = {},
        bin?: string,
    ) => {
        answers = answer;
        const { status, out } = await run([await preview("scale-out")], { env, bin });
        answers = {};
        assert.equal(status, 0);
        return /^cost {7}(.*)$/m.exec(out)?.[1];
    };

    test("no token, no scope, a token that is refused", async () => {
        const refusal = (status: number, message: string) => ({ "GET /v2/": { status, body: { message } } });
        assert.equal(
            await cost(refusal(403, "You are missing the required permission sizes:read")),
            "unknown: GET /v2/sizes?page=1&per_page=200: 403 You are missing the required permission sizes:read; the token lacks the scope sizes:read",
        );
        assert.equal(
            await cost(refusal(401, "Unable to authenticate you")),
            "unknown: GET /v2/sizes?page=1&per_page=200: 401 Unable to authenticate you",
        );
        assert.equal(
            await cost({}, { DIGITALOCEAN_TOKEN: "" }, fakePulumi("tokenless", {})),
            "unknown: there is no DigitalOcean token: set DIGITALOCEAN_TOKEN, or: pulumi config set --secret digitalocean:token",
        );
        assert.match(
            (await cost({}, { DIGITALOCEAN_TOKEN: "" })) ?? "",
            /^unknown: there is no pulumi command on PATH/,
        );
    });

    test("only the limit: no warning, and no failure", async () => {
        assert.equal(
            await cost({ "GET /v2/account": { status: 403, body: { message: "no" } } }),
            "24.00 → 36.00 USD a month",
        );
    });
});

describe("without a file", () => {
    test("the preview is run, with what stays as it is and the log of events, which is removed", async () => {
        const bin = fakePulumi("runs", { preview: await preview("replicas-up") });
        const { status, out, err } = await run(
            ["--stack", "acme/dev", "--", "--refresh", "--target", "**:Droplet::node3"],
            {
                bin,
                env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
            },
        );
        assert.deepEqual([status, err], [0, ""]);
        assert.match(out, /^stack {6}dev: 1 service changes\n/);
        const log = readFileSync(path.join(bin, "log"), "utf8").trim();
        // After it come questions about the access to the API, for the prices.
        const [call] = readFileSync(path.join(bin, "calls"), "utf8").split("\n");
        assert.equal(
            call,
            `preview --json --show-sames --event-log ${log} --refresh --target **:Droplet::node3 --non-interactive --color never --stack acme/dev`,
        );
        const [environment] = readFileSync(path.join(bin, "environment"), "utf8").split("\n");
        assert.equal(environment, "debug=true streaming=");
        assert.throws(() => readFileSync(log), /ENOENT/);
    });

    test("violated policies come from the log", async () => {
        const events = path.join(recordedFolder, "policy.events");
        const bin = fakePulumi("policy", { preview: await preview("policy"), events, status: 1 });
        const { status, out } = await run([], { bin });
        assert.equal(status, 1);
        assert.match(out, /^The preview of dev failed:\nviolated: swarm: odd-managers\n/);
    });

    test("a failure without a reason in the JSON: what was said on standard error", async () => {
        const bin = fakePulumi("said", {
            preview: await preview("policy"),
            error: "error: the plugin is gone\n",
            status: 1,
        });
        const { out } = await run([], { bin });
        assert.match(out, /^The preview of dev failed:\n {2}error: the plugin is gone\n/);
    });

    test("no preview at all", async () => {
        const bin = fakePulumi("none", { error: "error: no stack selected\n", status: 255 });
        assert.deepEqual(await run([], { bin }), {
            status: 3,
            out: "",
            err: "swarm: no stack is selected; say --stack NAME, or: pulumi stack select NAME\n",
        });
        const wrong = fakePulumi("wrong", { error: "error: unknown flag: --tarrget\n", status: 255 });
        assert.deepEqual(await run(["--", "--tarrget", "x"], { bin: wrong }), {
            status: 3,
            out: "",
            err: "swarm: the preview did not run: unknown flag: --tarrget\n",
        });
    });
});

describe("the command line", () => {
    const cases: readonly (readonly [args: string[], status: number, text: RegExp])[] = [
        [["no.json"], 64, /^swarm: no\.json cannot be read: ENOENT/],
        [["a.json", "b.json"], 64, /^swarm: one file at a time, .*; there is more: b\.json\n$/],
        [["a.json", "--", "--refresh"], 64, /^swarm: one file at a time, .*; there is more: --refresh\n$/],
        [
            ["--events", "x"],
            64,
            /^swarm: --events goes with a file: without one the preview's own events are read\n$/,
        ],
        [["x", "--format", "html"], 64, /Allowed choices are text, markdown, json\./],
        [["x", "--format", "text", "--json"], 64, /'--json' cannot be used with option '--format <format>'/],
        [
            [path.join(root, "package.json")],
            3,
            /^swarm: .*package\.json is not what "pulumi preview --json" prints: it is other JSON, or that preview was cancelled before it began\n$/,
        ],
    ];
    for (const [args, status, text] of cases) {
        test(args.join(" "), async () => {
            const ran = await run(args);
            assert.deepEqual([ran.status, ran.out], [status, ""], ran.err);
            assert.match(ran.err, text);
        });
    }
});
