/** What the project is made of: versions, install scripts, licences, the bill of materials, the audit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { execa } from "execa";
import { parse } from "yaml";
import {
    licencesFile,
    licencesText,
    packagesOf,
    problemsOf,
    readLock,
} from "../../.github/scripts/licences.ts";
import { judgeSignatures, judgeVulnerabilities } from "../../.github/scripts/text/audit.ts";
import { engineVersion } from "../../lab/engine/version.ts";
import { root } from "../../lab/instance.ts";
import { Bench } from "./support/bench.ts";

const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<
        string,
        {
            name?: string;
            version?: string;
            integrity?: string;
            resolved?: string;
            hasInstallScript?: boolean;
            link?: boolean;
        }
    >;
};

for (const file of ["package.json", "policy/package.json"]) {
    test(`${file} names exact versions alone`, () => {
        const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file));
        const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
            ([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)),
        );
        assert.deepEqual(loose, []);
    });
}

test("the lock file has a sum for each package, and all from the registry", () => {
    const bad = Object.entries(lock.packages)
        .filter(([where, { link }]) => where.includes("node_modules/") && !link)
        .filter(
            ([, { integrity, resolved }]) =>
                !/^sha512-/.test(integrity ?? "") || /^(git|file|http:)/.test(resolved ?? ""),
        )
        .map(([where]) => where);
    assert.deepEqual(bad, []);
});

test("no install script runs, and docs/supply-chain.md names every package that has one", async () => {
    const { stdout } = await execa("npm", ["config", "get", "ignore-scripts"], { cwd: root });
    assert.equal(stdout, "true");
    const docs = read("docs/supply-chain.md");
    const withScript = Object.entries(lock.packages)
        .filter(([, { hasInstallScript }]) => hasInstallScript)
        .map(([where]) => where.slice(where.lastIndexOf("node_modules/") + "node_modules/".length));
    assert.deepEqual(
        [...new Set(withScript)].filter((name) => !docs.includes(`| \`${name}\` |`)),
        [],
    );
});

describe("versions that belong together", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json"));

    test("the SDK and the engine", () => {
        assert.equal(dependencies["@pulumi/pulumi"], engineVersion);
        assert.equal(
            setup().find(({ uses }) => uses?.startsWith("pulumi/actions@"))?.with?.["pulumi-version"],
            engineVersion,
        );
    });

    test("Node in the workflows and in the lab", () => {
        const own = /^own_node=(.+)$/m.exec(read("lab/bootstrap.sh"))?.[1];
        assert.equal(
            setup().find(({ uses }) => uses?.startsWith("actions/setup-node@"))?.with?.["node-version"],
            own,
        );
        assert.ok(own?.startsWith(`${devDependencies["@types/node"].split(".")[0]}.`));
    });

    test("the pins that updates must leave alone", () => {
        assert.equal(dependencies["@pulumi/command"], "1.2.1");
        assert.ok(Number(devDependencies.typescript.split(".")[0]) < 7);
        const [npm] = parse(read(".github/dependabot.yml")).updates;
        assert.deepEqual(
            npm.ignore.map((rule: Record<string, unknown>) => [rule["dependency-name"], rule.versions]),
            [
                ["@pulumi/command", undefined],
                ["@pulumi/pulumi", undefined],
                ["typescript", [">=7"]],
                ["@types/node", undefined],
            ],
        );
    });
});

function setup(): { uses?: string; with?: Record<string, string> }[] {
    return parse(read(".github/actions/setup/action.yml")).runs.steps;
}

test("dependabot.yml: each kind of package, weekly, held back for some days, in groups", () => {
    const { version, updates } = parse(read(".github/dependabot.yml"));
    assert.equal(version, 2);
    assert.deepEqual(
        updates.map((update: Record<string, unknown>) => [update["package-ecosystem"], update.directories]),
        [
            ["npm", undefined],
            ["github-actions", ["/", "/.github/actions/setup"]],
        ],
    );
    for (const { cooldown, groups, schedule } of updates) {
        assert.ok(cooldown["default-days"] >= 7);
        assert.ok(Object.keys(groups).length > 0);
        assert.equal(schedule.interval, "weekly");
    }
});

describe("licences", () => {
    test("all are allowed, and docs/licences.md is up to date: node .github/scripts/licences.ts", () => {
        const packages = packagesOf(readLock());
        assert.deepEqual(problemsOf(packages), []);
        assert.equal(readFileSync(licencesFile, "utf8"), licencesText(packages));
    });

    for (const [licence, problem] of [
        ["MIT", undefined],
        ["(MIT OR GPL-3.0-only)", undefined],
        ["(MIT AND GPL-3.0-only)", "x@1.0.0 has the licence (MIT AND GPL-3.0-only), which is not allowed"],
        ["GPL-3.0-or-later", "x@1.0.0 has the licence GPL-3.0-or-later, which is not allowed"],
        ["AGPL-3.0-only", "x@1.0.0 has the licence AGPL-3.0-only, which is not allowed"],
        ["", "x@1.0.0 names no licence; read it in its files, and add it to READ"],
        [
            "SEE LICENSE IN LICENSE",
            'x@1.0.0 has the licence "SEE LICENSE IN LICENSE", which is no SPDX expression; read it, and add it to READ',
        ],
    ] as const) {
        test(`"${licence}": ${problem === undefined ? "allowed" : "refused"}`, () => {
            assert.deepEqual(
                problemsOf([{ id: "x@1.0.0", licence, development: false }]),
                problem === undefined ? [] : [problem],
            );
        });
    }

    test("a package in two places is named once, and as used when it is used in one; the project's own are not", () => {
        const entry = (dev: boolean) => ({ version: "1.0.0", license: "MIT", dev });
        const of = (one: boolean, other: boolean) =>
            packagesOf({
                packages: {
                    "": { name: "root" },
                    policy: { version: "0.1.0" },
                    "node_modules/swarm-policy": { link: true },
                    "node_modules/a/node_modules/@s/b": entry(one),
                    "node_modules/@s/b": entry(other),
                },
            });
        for (const [one, other, development] of [
            [true, true, true],
            [true, false, false],
            [false, true, false],
        ] as const) {
            assert.deepEqual(of(one, other), [{ id: "@s/b@1.0.0", licence: "MIT", development }]);
        }
    });
});

describe("sbom.sh and audit.sh", () => {
    let bench: Bench;
    beforeEach(() => {
        bench = new Bench();
    });
    afterEach(() => bench.remove());

    test("the bill of materials has each package of the lock file, and is the same each time", async () => {
        const [one, other] = ["one.json", "other.json"];
        for (const name of [one, other]) {
            const ran = await bench.run("sbom.sh", [bench.file(name)], { cwd: root });
            assert.equal(ran.status, 0, ran.err);
        }
        assert.equal(bench.read(one), bench.read(other));
        const bom = JSON.parse(bench.read(one)) as {
            bomFormat: string;
            specVersion: string;
            metadata: { component: { name: string } };
            components: Component[];
        };
        assert.deepEqual(
            [bom.bomFormat, bom.specVersion, bom.metadata.component.name],
            ["CycloneDX", "1.6", "swarm-on-digitalocean"],
        );
        const named = (component: Component): string[] => [
            `${component.group ? `${component.group}/` : ""}${component.name}@${component.version}`,
            ...(component.components ?? []).flatMap(named),
        ];
        // Of a package under another name, an alias, the bill has its own.
        const packages = Object.entries(lock.packages)
            .filter(([where, { link }]) => where.includes("node_modules/") && !link)
            .map(
                ([where, { name, version }]) =>
                    `${name ?? where.slice(where.lastIndexOf("node_modules/") + 13)}@${version}`,
            );
        const policy = JSON.parse(read("policy/package.json"));
        assert.deepEqual(
            [...new Set(bom.components.flatMap(named))].sort(),
            [...new Set([...packages, `${policy.name}@${policy.version}`])].sort(),
        );
    });

    const CLEAN = '{"auditReportVersion":2,"vulnerabilities":{}}';
    const SIGNED = '{"invalid":[],"missing":[]}';
    const npm = (vulnerabilities: string, signatures: string) =>
        bench.stand("npm", [
            { when: "audit signatures --json", out: signatures },
            { when: "audit --json", out: vulnerabilities, status: 1 },
        ]);

    for (const [name, vulnerabilities, signatures, status, out] of [
        [
            "nothing found",
            CLEAN,
            SIGNED,
            0,
            ".: no known vulnerability.\n.: every package has the registry's signature.\n",
        ],
        [
            "the registry answers neither",
            '{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":"","detail":""}}',
            "",
            2,
            ".: the registry could NOT be asked for known vulnerabilities, so nothing is known: 405 Method Not Allowed\n" +
                ".: the registry could NOT be asked for signatures, so nothing is known: no answer in time\n",
        ],
        [
            "a wrong signature outweighed by not knowing",
            "oops",
            '{"invalid":[{"name":"a","version":"1.0.0"}],"missing":[{"name":"b","version":"2.0.0"}]}',
            2,
            ".: the registry could NOT be asked for known vulnerabilities, so nothing is known: oops\n" +
                ".: the signature of a@1.0.0 is WRONG\n.: b@2.0.0 has no signature\n",
        ],
    ] as const) {
        test(`audit.sh: ${name}`, async () => {
            npm(vulnerabilities, signatures);
            const ran = await bench.run("audit.sh");
            assert.deepEqual([ran.status, ran.out, ran.err], [status, out, ""]);
        });
    }

    test("audit.sh: npm that never answers is ended", async () => {
        bench.stand("npm", []);
        bench.stand("timeout", [{ when: "1", status: 124 }]);
        const ran = await bench.run("audit.sh", ["."], { env: { AUDIT_SECONDS: "1" } });
        assert.equal(ran.status, 2);
        assert.match(ran.out, /no answer in time/);
        assert.deepEqual(bench.calls("timeout"), ["1 npm audit --json", "1 npm audit signatures --json"]);
    });
});

interface Component {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly components?: Component[];
}

const report = (severity: string) =>
    JSON.stringify({
        auditReportVersion: 2,
        vulnerabilities: {
            a: {
                name: "a",
                severity,
                range: "<1.2.3",
                via: [{ title: "Prototype pollution", url: "https://advisories.example/1" }, "b"],
            },
        },
    });

for (const [severity, status] of [
    ["low", 0],
    ["moderate", 0],
    ["high", 1],
    ["critical", 1],
] as const) {
    test(`a vulnerability of level ${severity} is status ${status}, and named`, () => {
        assert.deepEqual(judgeVulnerabilities("policy", report(severity)), {
            status,
            lines: [
                `policy: ${severity}: a <1.2.3: Prototype pollution (https://advisories.example/1); through b`,
            ],
        });
    });
}

test("signatures: an answer of another form is no good news", () => {
    assert.equal(judgeSignatures(".", "{}").status, 2);
    assert.deepEqual(
        judgeSignatures(".", '{"error":{"code":"E404","summary":"not found","detail":""}}').lines,
        [".: the registry could NOT be asked for signatures, so nothing is known: not found"],
    );
});
