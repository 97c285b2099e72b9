import assert from "node:assert/strict";
import {
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";
import fc from "fast-check";
import { rememberedAnswer } from "../../lab/answers.ts";
import { processEnv, quote, shellText } from "../../lab/environment.ts";
import { instanceFrom, otherInstances } from "../../lab/instance.ts";
import { linkOfficial, pluginsWanted } from "../../lab/pluginChoice.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "lab-instance-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("without settings the lab has its defaults, and everything lies below .lab but the stack's config", () => {
    const lab = instanceFrom({ LAB_NAME: "", LAB_PORT: "" }, "/repo");
    assert.equal(lab.name, "lab");
    assert.equal(lab.port, 8745);
    assert.equal(lab.publicCidr, "198.51.100.0/24");
    assert.equal(lab.dir, "/repo/.lab/lab");
    assert.equal(lab.stackConfig, "/repo/Pulumi.lab.yaml");
    assert.equal(lab.cache.dir, "/repo/.lab/cache");
    assert.equal(lab.checkout, "/repo");
});

test("every bad setting is reported at once, with what is allowed", () => {
    assert.throws(
        () => instanceFrom({ LAB_NAME: "prod", LAB_PORT: "80", LAB_PUBLIC_CIDR: "203.0.113.7/24" }, "/repo"),
        {
            name: "LabError",
            message: [
                'LAB_NAME is "prod"; it must be "lab" or "lab-" with lower-case letters, digits and single dashes, at most 24 characters.',
                'LAB_PORT is "80"; it must be a port number from 1024 to 65535.',
                'LAB_PUBLIC_CIDR is "203.0.113.7/24"; it must be an IPv4 range from /16 to /28 that begins at its first address, like 198.51.100.0/24.',
            ].join("\n"),
        },
    );
});

test("names, ports and ranges at the edges", () => {
    const accepted = [
        { LAB_NAME: "lab-test" },
        { LAB_NAME: "lab-a-1" },
        { LAB_PORT: "1024" },
        { LAB_PORT: "65535" },
        { LAB_PUBLIC_CIDR: "198.18.0.0/16" },
        { LAB_PUBLIC_CIDR: "198.51.100.16/28" },
    ];
    const refused = [
        { LAB_NAME: "Lab" },
        { LAB_NAME: "lab_test" },
        { LAB_NAME: "lab-" },
        { LAB_NAME: "../lab" },
        { LAB_NAME: `lab-${"x".repeat(21)}` },
        { LAB_PORT: "65536" },
        { LAB_PORT: "8745 " },
        { LAB_PORT: "0x2229" },
        { LAB_PUBLIC_CIDR: "198.0.0.0/8" },
        { LAB_PUBLIC_CIDR: "198.51.100.0/29" },
        { LAB_PUBLIC_CIDR: "198.51.100.0" },
        { LAB_PUBLIC_CIDR: "2001:db8::/32" },
    ];
    for (const env of accepted) assert.doesNotThrow(() => instanceFrom(env, "/repo"), JSON.stringify(env));
    for (const env of refused) {
        assert.throws(() => instanceFrom(env, "/repo"), { name: "LabError" }, JSON.stringify(env));
    }
});

test("the other instances are the other folders beside the cache", () => {
    const lab = instanceFrom({}, scratch);
    assert.deepEqual(otherInstances(lab), []);
    for (const name of ["cache", "lab", "lab-test", "lab-b"])
        mkdirSync(path.join(scratch, ".lab", name), { recursive: true });
    assert.deepEqual(otherInstances(lab), ["lab-b", "lab-test"]);
});

test("LAB_PLUGINS takes two words", () => {
    assert.equal(pluginsWanted(undefined), undefined);
    assert.equal(pluginsWanted(""), undefined);
    assert.equal(pluginsWanted("own"), "own");
    assert.equal(pluginsWanted("official"), "official");
    assert.throws(() => pluginsWanted("mine"), {
        message: 'LAB_PLUGINS is "mine"; it must be "official" or "own".',
    });
});

test("official plugins appear in folders that are no links, or the engine would not see them", () => {
    const source = path.join(scratch, "official");
    const folder = path.join(scratch, "home-plugins");
    const binary = "resource-tls-v5.6.1/pulumi-resource-tls";
    mkdirSync(path.join(source, "resource-tls-v5.6.1"), { recursive: true });
    writeFileSync(path.join(source, binary), "\x7fELF");
    writeFileSync(path.join(source, "resource-tls-v5.6.1.lock"), "");
    mkdirSync(folder);
    // Labs have been made with links to the folders.
    symlinkSync(path.join(source, "resource-tls-v5.6.1"), path.join(folder, "resource-tls-v5.6.1"));
    for (const time of ["first", "second"]) {
        linkOfficial(source, folder);
        assert.deepEqual(
            readdirSync(folder, { withFileTypes: true }).map((entry) => [entry.name, entry.isDirectory()]),
            [["resource-tls-v5.6.1", true]],
            time,
        );
        assert.equal(readFileSync(path.join(folder, binary), "utf8"), "\x7fELF", time);
    }
    // What the cache has is whole after a lab's folder is removed, as `make down` does.
    rmSync(folder, { recursive: true });
    assert.equal(readFileSync(path.join(source, binary), "utf8"), "\x7fELF");
});

test("the environment as lines for a shell", () => {
    const text = shellText({
        folders: ["/repo/it's here/engine", "/node"],
        set: { PULUMI_HOME: "/repo/it's here/home", TOKEN: "a b" },
        unset: ["SSH_AUTH_SOCK"],
    });
    assert.equal(
        text,
        `case ":$PATH:" in *:'/node':*) ;; *) export PATH='/node':"$PATH" ;; esac
case ":$PATH:" in *:'/repo/it'\\''s here/engine':*) ;; *) export PATH='/repo/it'\\''s here/engine':"$PATH" ;; esac
export PULUMI_HOME='/repo/it'\\''s here/home'
export TOKEN='a b'
unset SSH_AUTH_SOCK
`,
    );
});

test("evaluated once or twice, a shell has the same environment", async () => {
    const text = shellText({
        folders: ["/a [b] * c", "/d"],
        set: { VALUE: "x'y\"$HOME`id`\n\\z" },
        unset: ["GONE"],
    });
    const show = `printf "%s|%s|%s" "$PATH" "$VALUE" "\${GONE-unset}"`;
    for (const times of [1, 2]) {
        const { stdout } = await execa("/bin/sh", ["-c", `${text.repeat(times)}${show}`], {
            env: { PATH: "/bin", GONE: "set" },
            extendEnv: false,
        });
        assert.equal(stdout, "/a [b] * c:/d:/bin|x'y\"$HOME`id`\n\\z|unset");
    }
});

test("whatever is quoted, a shell reads it back", async () => {
    await fc.assert(
        fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
            fc.pre(!text.includes("\0") && text.isWellFormed());
            const { stdout } = await execa("/bin/sh", ["-c", `printf %s ${quote(text)}`], {
                stripFinalNewline: false,
            });
            assert.equal(stdout, text);
        }),
        { numRuns: 40 },
    );
});

test("a child process gets the same as the shell", () => {
    const environment = { folders: ["/engine"], set: { A: "1" }, unset: ["B"] };
    assert.deepEqual(processEnv(environment, { PATH: "/bin", A: "0", B: "2", C: "3" }), {
        PATH: "/engine:/bin",
        A: "1",
        C: "3",
    });
});

test("an answer is remembered for a day, also a no, and survives a damaged file", async () => {
    const file = path.join(scratch, "answers.json");
    const hour = 60 * 60_000;
    let asked = 0;
    const ask = (value: boolean, now: number, question = "is it there") =>
        rememberedAnswer(
            file,
            question,
            async () => {
                asked++;
                return value;
            },
            now,
        );
    assert.equal(await ask(false, 0), false);
    assert.equal(await ask(true, 23 * hour), false);
    assert.equal(await ask(true, 23 * hour, "another"), true);
    assert.equal(asked, 2);
    assert.equal(await ask(true, 25 * hour), true);
    assert.equal(asked, 3);
    writeFileSync(file, "{ half");
    assert.equal(await ask(false, 25 * hour), false);
    assert.equal(asked, 4);
});
