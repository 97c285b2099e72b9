/** Replays recorded HTTP exchanges and compares answers, apart from what differs from run to run. */

export interface Exchange {
    readonly method: string;
    readonly path: string;
    readonly request?: unknown;
    readonly status: number;
    readonly response?: unknown;
}

export interface Difference {
    /** Method and path with IDs replaced by `*`. */
    readonly at: string;
    /** Path inside the body, array indexes as `*`. */
    readonly field: string;
    readonly recorded: unknown;
    readonly ours: unknown;
}

/** Fields that name something; what they name differs from run to run, but must do so consistently. */
const NAMING = new Set([
    "id",
    "uuid",
    "urn",
    "ip",
    "ip_address",
    "data",
    "resource_id",
    "vpc_uuid",
    "droplet_id",
    "droplet_ids",
    "volume_ids",
    "snapshot_ids",
    "ssh_keys",
    "resources",
]);
const TIME = /(_at|^not_after)$/;

/** Which of our IDs and addresses stands for which recorded one, learnt as they are met. */
export class Names {
    readonly #ours = new Map<string, string | number>();

    /** Learns a pair; false where the recorded name is known to stand for another of ours. */
    pair(recorded: string | number, ours: string | number): boolean {
        const known = this.#ours.get(String(recorded));
        if (known !== undefined) {
            return String(known) === String(ours);
        }
        this.#ours.set(String(recorded), ours);
        return true;
    }

    /** A recorded path with our names in it. */
    path(path: string): string {
        return path
            .split("/")
            .map((part) => String(this.#ours.get(part) ?? part))
            .join("/");
    }

    /** A recorded request body with our names in the fields that name something. */
    body(value: unknown, key = ""): unknown {
        if (Array.isArray(value)) {
            return value.map((item) => this.body(item, key));
        }
        if (typeof value === "object" && value !== null) {
            return Object.fromEntries(
                Object.entries(value).map(([name, field]) => [name, this.body(field, name)]),
            );
        }
        if (!NAMING.has(key) || (typeof value !== "string" && typeof value !== "number")) {
            return value;
        }
        const urn = /^(do:[a-z]+:)(.+)$/.exec(String(value));
        const ours = this.#ours.get(urn?.[2] ?? String(value));
        if (ours === undefined) {
            return value;
        }
        return urn !== null ? `${urn[1]}${ours}` : typeof value === "string" ? String(ours) : ours;
    }
}

/** Every recorded field that our answer lacks or has otherwise; fields that only we have are no matter. */
export function differences(
    names: Names,
    exchange: Exchange,
    ours: { status: number; body: unknown },
): Difference[] {
    const at = `${exchange.method} ${exchange.path.replace(/\/(\d[\d.]*|[0-9a-f-]{36})(?=\/|$|\?)/g, "/*")}`;
    const found: Difference[] = [];
    const report = (field: string, recorded: unknown, mine: unknown) =>
        found.push({ at, field, recorded, ours: mine });

    const compare = (field: string, key: string, recorded: unknown, mine: unknown): void => {
        if (Array.isArray(recorded)) {
            if (!Array.isArray(mine) || mine.length !== recorded.length) {
                report(field, recorded, mine);
                return;
            }
            for (const [index, item] of recorded.entries()) {
                compare(`${field}[*]`, key, item, mine[index]);
            }
        } else if (typeof recorded === "object" && recorded !== null) {
            if (typeof mine !== "object" || mine === null) {
                report(field, recorded, mine);
                return;
            }
            for (const [name, item] of Object.entries(recorded)) {
                const inner = field === "" ? name : `${field}.${name}`;
                compare(inner, name, item, (mine as Record<string, unknown>)[name]);
            }
        } else if (TIME.test(key) && typeof recorded === "string") {
            if (typeof mine !== "string" || Number.isNaN(Date.parse(mine))) {
                report(field, recorded, mine);
            }
        } else if (
            NAMING.has(key) &&
            exchange.status < 400 &&
            typeof recorded === typeof mine &&
            recorded !== ""
        ) {
            const bare = (value: unknown) => String(value).replace(/^do:[a-z]+:/, "");
            const kept = typeof mine === "number" ? mine : bare(mine);
            if (!names.pair(bare(recorded), kept)) {
                report(field, recorded, mine);
            }
        } else if (recorded !== mine) {
            report(field, recorded, mine);
        }
    };

    if (exchange.status !== ours.status) {
        report("(status)", exchange.status, ours.status);
    }
    const alike = exchange.status === ours.status || (exchange.status < 300 && ours.status < 300);
    if (alike && exchange.response !== undefined) {
        // An error's `id` names its kind, no resource, and has to be the same.
        compare("", "", exchange.response, ours.body);
    }
    return found;
}
