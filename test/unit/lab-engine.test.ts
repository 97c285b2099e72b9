import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";
import { archiveName, downloadEngine, vendorAnswers } from "../../lab/engine/download.ts";
import { engineOnPath, findCommand } from "../../lab/engine/path.ts";
import { compareVersions, parseVersion, versionProblem } from "../../lab/engine/version.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "lab-engine-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

function folderWith(name: string, scripts: Record<string, string>): string {
    const folder = path.join(scratch, name);
    mkdirSync(folder, { recursive: true });
    for (const [file, body] of Object.entries(scripts)) {
        writeFileSync(path.join(folder, file), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    return folder;
}

test("versions are read with and without a prefix, and nothing else is", () => {
    const version = (major: number, minor: number, patch: number) => ({ major, minor, patch });
    const cases: [string, ReturnType<typeof parseVersion>][] = [
        ["v3.259.0", version(3, 259, 0)],
        ["3.259.0\n", version(3, 259, 0)],
        ["v3.260.0-alpha.1759d2e", version(3, 260, 0)],
        ["go1.26.8", version(1, 26, 8)],
        ["go1.26", version(1, 26, 0)],
        ["3", undefined],
        ["", undefined],
        ["v3.x.0", undefined],
        ["Warning: v3.259.0", undefined],
    ];
    for (const [text, expected] of cases) assert.deepEqual(parseVersion(text), expected, text);
});

test("versions compare by number, not as text", () => {
    const sorted = ["3.9.0", "3.10.0", "3.10.2", "3.100.0", "4.0.0"].map((text) => {
        const version = parseVersion(text);
        assert.ok(version);
        return version;
    });
    for (const [at, version] of sorted.entries()) {
        for (const [other, against] of sorted.entries()) {
            assert.equal(Math.sign(compareVersions(version, against)), Math.sign(at - other));
        }
    }
});

test("an engine is refused when it is older, of another major version or unreadable", () => {
    const cases: [string, string | undefined][] = [
        ["v3.259.0", undefined],
        ["v3.270.1", undefined],
        ["v3.258.9", "it is v3.258.9, and the SDK needs v3.259.0 or newer"],
        ["v2.300.0", "it is v2.300.0, and the SDK needs 3.x"],
        ["v4.0.0", "it is v4.0.0, and the SDK needs 3.x"],
        ["dev", 'its version, "dev", cannot be read'],
    ];
    for (const [found, problem] of cases) assert.equal(versionProblem(found, "3.259.0"), problem, found);
});

test("a command is found in the first folder that has it executable", () => {
    const first = folderWith("first", {});
    const second = folderWith("second", { tool: "true" });
    writeFileSync(path.join(first, "tool"), "not executable");
    assert.equal(findCommand("tool", `${first}:${second}`), path.join(second, "tool"));
    assert.equal(findCommand("tool", first), undefined);
    assert.equal(findCommand("tool", ""), undefined);
});

test("the engine on PATH is used only when it is new enough and has its language host", async () => {
    const good = folderWith("good", { pulumi: "echo v3.259.0", "pulumi-language-nodejs": "true" });
    const alone = folderWith("alone", { pulumi: "echo v3.259.0" });
    const old = folderWith("old", { pulumi: "echo v3.100.0", "pulumi-language-nodejs": "true" });
    const broken = folderWith("broken", { pulumi: "exit 7" });
    assert.deepEqual(await engineOnPath(good), { folder: good, version: "v3.259.0" });
    assert.equal(await engineOnPath(folderWith("empty", {})), undefined);
    assert.deepEqual(await engineOnPath(alone), {
        problem: `${alone}/pulumi was passed over: there is no pulumi-language-nodejs beside it or on PATH`,
    });
    assert.deepEqual(await engineOnPath(old), {
        problem: `${old}/pulumi was passed over: it is v3.100.0, and the SDK needs v3.259.0 or newer`,
    });
    assert.deepEqual(await engineOnPath(broken), {
        problem: `${broken}/pulumi was passed over: "pulumi version" failed: Command failed with exit code 7: ${broken}/pulumi version`,
    });
});

test("release archives exist for two architectures", () => {
    assert.equal(archiveName("x64", "3.259.0"), "pulumi-v3.259.0-linux-x64.tar.gz");
    assert.equal(archiveName("arm64", "3.259.0"), "pulumi-v3.259.0-linux-arm64.tar.gz");
    assert.equal(archiveName("riscv64"), undefined);
});

test("a download unpacks the engine and its Node language host and leaves the other hosts out", async () => {
    const source = path.join(scratch, "release");
    mkdirSync(path.join(source, "pulumi"), { recursive: true });
    for (const name of ["pulumi", "pulumi-language-nodejs", "pulumi-language-go"]) {
        writeFileSync(path.join(source, "pulumi", name), `#!/bin/sh\necho ${name}\n`, { mode: 0o644 });
    }
    const { stdout: archive } = await execa("tar", ["-cz", "-C", source, "pulumi"], { encoding: "buffer" });
    const asked: string[] = [];
    const server = createServer((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        response.end(request.url?.endsWith(".tar.gz") ? Buffer.from(archive) : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = path.join(scratch, "downloaded");
    try {
        assert.equal(await vendorAnswers(base), true);
        await downloadEngine(folder, () => {}, base);
    } finally {
        server.closeAllConnections();
        server.close();
    }
    assert.equal(asked[0], "HEAD /");
    assert.match(asked[1] ?? "", /^GET \/releases\/sdk\/pulumi-v3\.259\.0-linux-(x64|arm64)\.tar\.gz$/);
    assert.equal((await execa(path.join(folder, "pulumi"))).stdout, "pulumi");
    assert.equal(findCommand("pulumi-language-nodejs", folder), path.join(folder, "pulumi-language-nodejs"));
    assert.equal(findCommand("pulumi-language-go", folder), undefined);
});

test("a vendor's server that refuses or says no is no answer, and its status is told", async () => {
    const server = createServer((_request, response) => {
        response.statusCode = 503;
        response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
        assert.equal(await vendorAnswers(base), false);
        await assert.rejects(
            downloadEngine(path.join(scratch, "none"), () => {}, base),
            /^LabError: http:\/\/127\.0\.0\.1:\d+\/releases\/sdk\/pulumi-v\S+ answered 503\.$/,
        );
    } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    }
    assert.equal(await vendorAnswers(base), false);
});
