/** Gets what a plan is made from: the preview, prices, the droplet limit, policies that are violated. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Cloud, CloudError } from "../../cloud.ts";
import { attempt, CliError, EXIT } from "../errors.ts";
import { pulumi, refusalText, type StackChoice } from "../pulumi.ts";
import { openCloud } from "../stack.ts";
import { dropletCounts, type Prices } from "./cost.ts";
import { withPolicyEvents } from "./eventLog.ts";
import { readNodes } from "./nodes.ts";
import { type Plan, planOf, type Violation } from "./plan.ts";
import { type Preview, readPreview } from "./preview.ts";
import { readViolations } from "./violations.ts";
import type { Limit } from "./warnings.ts";

/** A preview asks the account and compares everything; one that hangs must not hold a workflow for ever. */
const PREVIEW_MS = 15 * 60_000;

export interface Wish {
    /** A file's name, or "-" for standard input; undefined to run the preview here. */
    readonly file?: string;
    /** The engine's log of events of the same preview; only with `file`. */
    readonly events?: string;
    /** Options for `pulumi preview`; only without `file`. */
    readonly options: readonly string[];
}

interface Source {
    readonly preview: Preview;
    readonly violations: readonly Violation[];
    readonly stderr?: string;
}

/** @throws CliError When there is no preview to read. */
export async function makePlan(wish: Wish, choice: StackChoice): Promise<Plan> {
    const { preview, violations, stderr } =
        wish.file === undefined
            ? await runPreview(wish.options, choice)
            : await given(wish.file, wish.events);
    const stack = choice.stack ?? preview.stack;
    // Where nothing is done nobody asks what it costs.
    const draft = planOf(preview, { prices: { unknown: "not asked for" }, violations, stderr });
    if (!draft.changes) return draft;
    const { prices, account } = await accountFacts(preview, { ...choice, stack });
    return planOf(preview, { prices, account, violations, stderr });
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

/**
 * With what stays as it is, by which nodes are known that nothing is done to; and with the log of events, the only place
 * where a violated policy is told of. The engine has the option only where its commands for debugging are asked for.
 */
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

interface ApiSize {
    readonly slug: string;
    readonly price_monthly: number;
}

/** A plan is worth having without them: what cannot be looked up is said to be unknown. */
async function accountFacts(
    preview: Preview,
    choice: StackChoice,
): Promise<{ prices: Prices; account?: Limit }> {
    const cloud = await attempt(openCloud(choice));
    if (cloud instanceof Error) return { prices: { unknown: cloud.message } };
    const makes = dropletCounts(readNodes(preview)).made > 0;
    const [sizes, account] = await Promise.all([
        attempt(cloud.list<ApiSize>("/v2/sizes", "sizes")),
        makes ? attempt(dropletLimit(cloud)) : undefined,
    ]);
    return {
        prices:
            sizes instanceof Error
                ? { unknown: priceReason(sizes) }
                : new Map(sizes.map(({ slug, price_monthly }) => [slug, price_monthly])),
        account: account instanceof Error ? undefined : account,
    };
}

function priceReason(error: Error): string {
    const scope =
        error instanceof CloudError && error.status === 403 ? "; the token lacks the scope sizes:read" : "";
    return `${error.message}${scope}`;
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
