/** Gets what a plan is made from: the preview, prices, the droplet limit, policies that are violated. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Cloud, CloudError } from "../../cloud.ts";
import { attempt, CliError, EXIT } from "../errors.ts";
import { pulumi, refusalText, type StackChoice } from "../pulumi.ts";
import { openCloud } from "../stack.ts";
import { readViolations, withPolicyEvents } from "./eventLog.ts";
import { isMade } from "./nodes.ts";
import { type Beside, type Plan, planOf, type Violation } from "./plan.ts";
import { type Preview, readPreview } from "./preview.ts";
import type { Limit } from "./warnings.ts";

/** A preview asks the account and compares everything; one that hangs must not hold a workflow for ever. */
const PREVIEW_MS = 15 * 60_000;

interface Source {
    readonly preview: Preview;
    readonly violations: readonly Violation[];
    readonly stderr?: string;
}

/**
 * @param words A file, `-` for standard input; or options for the preview that is run here.
 * @param events The file with the engine's log of events of the same preview; only with a file.
 * @throws CliError When there is no preview to read.
 */
export async function makePlan(
    words: readonly string[],
    events: string | undefined,
    choice: StackChoice,
): Promise<Plan> {
    const [file, ...more] = words;
    const isFile = file !== undefined && (file === "-" || !file.startsWith("-"));
    if (isFile && more.length > 0) {
        const text = `one file at a time, and options for the preview only without one; there is more: ${more.join(" ")}`;
        throw new CliError(text, EXIT.usage);
    }
    const alone = "--events goes with a file: without one the preview's own events are read";
    if (!isFile && events !== undefined) throw new CliError(alone, EXIT.usage);
    const { preview, ...rest } = isFile ? await given(file, events) : await runPreview(words, choice);
    // Where nothing is done nobody asks what it costs.
    const draft = planOf(preview, { ...rest, prices: { unknown: "not asked for" } });
    if (!draft.changes) return draft;
    const isMore = draft.nodes.all.some(isMade);
    return planOf(preview, {
        ...rest,
        ...(await accountFacts({ ...choice, stack: choice.stack ?? preview.stack }, isMore)),
    });
}

async function given(file: string, events: string | undefined): Promise<Source> {
    const preview = readPreview(...(await contents(file)));
    return { preview, violations: events === undefined ? [] : readViolations(...(await contents(events))) };
}

/** A file's text, and what it is called in messages. @throws CliError */
async function contents(file: string): Promise<[text: string, from: string]> {
    if (file === "-") return [await text(process.stdin), "standard input"];
    try {
        return [await readFile(file, "utf8"), file];
    } catch (error) {
        throw new CliError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
    }
}

/** The engine has a log of events only where its commands for debugging are asked for. */
async function runPreview(options: readonly string[], choice: StackChoice): Promise<Source> {
    const { result, lines } = await withPolicyEvents((log) =>
        pulumi(["preview", "--json", "--show-sames", ...log, ...options], choice, {
            limitMs: PREVIEW_MS,
            env: { PULUMI_DEBUG_COMMANDS: "true", PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "" },
        }),
    );
    if (result.stdout.trim() === "") {
        throw new CliError(refusalText(result.stderr, "the preview did not run"), EXIT.state);
    }
    return {
        preview: readPreview(result.stdout, "the preview"),
        violations: readViolations(lines, "the preview's events"),
        stderr: result.stderr,
    };
}

/** A plan is worth having without them: what cannot be looked up is said to be unknown. */
async function accountFacts(
    choice: StackChoice,
    isMore: boolean,
): Promise<Pick<Beside, "prices" | "account">> {
    const cloud = await attempt(openCloud(choice));
    if (cloud instanceof Error) return { prices: { unknown: cloud.message } };
    const [sizes, account] = await Promise.all([
        attempt(cloud.list<{ slug: string; price_monthly: number }>("/v2/sizes", "sizes")),
        isMore ? attempt(dropletLimit(cloud)) : undefined,
    ]);
    const limit = account instanceof Error ? undefined : account;
    if (!(sizes instanceof Error))
        return { prices: new Map(sizes.map((size) => [size.slug, size.price_monthly])), account: limit };
    const noScope = sizes instanceof CloudError && sizes.status === 403;
    const unknown = `${sizes.message}${noScope ? "; the token lacks the scope sizes:read" : ""}`;
    return { prices: { unknown }, account: limit };
}

async function dropletLimit(cloud: Cloud): Promise<Limit | undefined> {
    const [account, droplets] = await Promise.all([
        cloud.get<{ account: { droplet_limit: number } }>("/v2/account"),
        cloud.get<{ meta: { total: number } }>("/v2/droplets?per_page=1"),
    ]);
    return account && droplets
        ? { limit: account.account.droplet_limit, droplets: droplets.meta.total }
        : undefined;
}
