/**
 * A `gh` that keeps comments and issues in a file, for the calls that the scripts make. What it does not know it
 * refuses, as the real one refuses unknown options.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

export interface Written {
    readonly id: number;
    readonly number?: number;
    readonly title?: string;
    readonly user: { readonly login: string };
    body: string;
    state?: string;
    readonly state_reason?: string;
    readonly pull_request?: unknown;
}

export interface GitHub {
    /** By the number of the issue or pull request. */
    readonly comments: Record<string, Written[]>;
    readonly issues: Written[];
    /** Of deploy.yml, in progress. */
    readonly runs: readonly { readonly databaseId: number }[];
}

/** GitHub's limit for the text of a comment or an issue. */
const LIMIT = 65_536;
/** Comments a page, so that tests see more than one. */
const PAGE = 2;

const folder = process.env.BENCH ?? "";
const file = path.join(folder, "gh.json");
const github: GitHub = JSON.parse(readFileSync(file, "utf8"));
const args = process.argv.slice(3);
appendFileSync(path.join(folder, "calls"), `gh ${args.join(" ").replaceAll("\n", "\\n")}\n`);

const me = { login: "github-actions[bot]" };

function refuse(text: string): never {
    console.error(`gh: ${text}`);
    process.exit(1);
}

function api(): string {
    const { values, positionals } = parseArgs({
        args: args.slice(1),
        allowPositionals: true,
        options: {
            method: { type: "string", default: "GET" },
            paginate: { type: "boolean" },
            slurp: { type: "boolean" },
            silent: { type: "boolean" },
            field: { type: "string", multiple: true, default: [] },
            "raw-field": { type: "string", multiple: true, default: [] },
        },
    });
    const [target = "", ...more] = positionals;
    if (more.length > 0) refuse(`accepts 1 arg(s), received ${positionals.length}`);
    const fields: Record<string, string> = {};
    for (const field of values["raw-field"])
        fields[field.slice(0, field.indexOf("="))] = field.slice(field.indexOf("=") + 1);
    for (const field of values.field) {
        const value = field.slice(field.indexOf("=") + 1);
        fields[field.slice(0, field.indexOf("="))] = value.startsWith("@")
            ? readFileSync(value.slice(1), "utf8")
            : value;
    }
    if ((fields.body?.length ?? 0) > LIMIT)
        refuse("Validation Failed: body is too long (maximum is 65536 characters) (HTTP 422)");
    const [where = "", query = ""] = target.split("?");
    const [, , , kind, one, sub] = where.split("/");
    if (!where.startsWith("repos/example/swarm/issues") || kind !== "issues")
        refuse(`Not Found: ${where} (HTTP 404)`);
    const answer = route(values.method, one, sub, where.split("/")[5], fields, query);
    writeFileSync(file, JSON.stringify(github));
    if (values.silent) return "";
    if (values.slurp && values.paginate && Array.isArray(answer)) {
        const pages = [];
        for (let start = 0; start === 0 || start < answer.length; start += PAGE)
            pages.push(answer.slice(start, start + PAGE));
        return JSON.stringify(pages);
    }
    return JSON.stringify(answer);
}

function route(
    method: string,
    one: string | undefined,
    sub: string | undefined,
    id: string | undefined,
    fields: Record<string, string>,
    query: string,
): unknown {
    const next = 1000 + github.issues.length + Object.values(github.comments).flat().length;
    if (one === undefined && method === "GET") {
        if (!query.includes("state=open")) refuse("closed issues were asked for");
        return github.issues.filter(({ state }) => state === "open");
    }
    if (one === undefined && method === "POST") {
        const issue = { id: next, number: next - 900, user: me, state: "open", body: "", ...fields };
        github.issues.push(issue);
        return issue;
    }
    if (one === "comments" && method === "PATCH") {
        const comment = Object.values(github.comments)
            .flat()
            .find((candidate) => `${candidate.id}` === id);
        return Object.assign(comment ?? refuse("Not Found (HTTP 404)"), fields);
    }
    if (sub === "comments" && one !== undefined) {
        github.comments[one] ??= [];
        if (method === "GET") return github.comments[one];
        if (method === "POST") {
            const comment = { id: next, user: me, body: "", ...fields };
            github.comments[one].push(comment);
            return comment;
        }
    }
    if (sub === undefined && method === "PATCH") {
        const issue = github.issues.find(({ number }) => `${number}` === one);
        return Object.assign(issue ?? refuse("Not Found (HTTP 404)"), fields);
    }
    return refuse(`the stand-in knows no ${method} of that`);
}

if (!process.env.GH_TOKEN)
    refuse("To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.");
if (args[0] === "api") process.stdout.write(api());
else if (
    args
        .join(" ")
        .startsWith(
            "run list --repo example/swarm --workflow deploy.yml --status in_progress --json databaseId",
        )
)
    process.stdout.write(JSON.stringify(github.runs));
else refuse(`unknown command "${args.join(" ")}"`);
