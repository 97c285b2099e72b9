/**
 * How a service is known in a picture: by a colour and by letters, since colour alone says nothing to some eyes, or
 * to a printer.
 */

export interface Mark {
    /** One to three characters, no two services alike. */
    readonly letters: string;
    /** Index into `PALETTE`. */
    readonly colour: number;
}

export interface Paint {
    readonly name: string;
    /** Six hex digits, with the hash. */
    readonly fill: string;
    /** What letters on it are written in; 4.5:1 against it or better. */
    readonly ink: string;
}

const BLACK = "#111111";

/**
 * Okabe and Ito's colours, which people with any of the usual colour blindnesses tell apart, with a grey in place
 * of their black.
 */
export const PALETTE: readonly Paint[] = [
    { name: "sky", fill: "#56b4e9", ink: BLACK },
    { name: "orange", fill: "#e69f00", ink: BLACK },
    { name: "green", fill: "#009e73", ink: BLACK },
    { name: "purple", fill: "#cc79a7", ink: BLACK },
    { name: "yellow", fill: "#f0e442", ink: BLACK },
    { name: "vermilion", fill: "#d55e00", ink: BLACK },
    { name: "grey", fill: "#9a9a9a", ink: BLACK },
    { name: "blue", fill: "#0072b2", ink: "#ffffff" },
];

/**
 * Marks of these services. A name leads to the same colour each time, unless another service of the set has it
 * already; so a picture drawn tomorrow looks like today's.
 *
 * @param kept Marks that were given before, and stay: while somebody watches, a new service recolours no other.
 */
export function assignMarks(
    names: Iterable<string>,
    kept: ReadonlyMap<string, Mark> = new Map(),
): Map<string, Mark> {
    const sorted = [...new Set(names)].sort();
    const marks = new Map(sorted.flatMap((name) => pair(name, kept.get(name))));
    const uses = PALETTE.map(() => 0);
    const taken = new Set<string>();
    for (const { letters, colour } of marks.values()) {
        uses[colour] = (uses[colour] ?? 0) + 1;
        taken.add(letters);
    }
    for (const name of sorted) {
        if (marks.has(name)) continue;
        const colour = freeColour(name, uses);
        uses[colour] = (uses[colour] ?? 0) + 1;
        const shared = sorted.some((other) => other !== name && initial(other) === initial(name));
        const letters = freeLetters(name, taken, shared);
        taken.add(letters);
        marks.set(name, { letters, colour });
    }
    return marks;
}

const pair = (name: string, mark: Mark | undefined): [string, Mark][] => (mark ? [[name, mark]] : []);

/** From the name's own place in the palette onwards, the first colour that is used least. */
function freeColour(name: string, uses: readonly number[]): number {
    const least = Math.min(...uses);
    const own = hash(name) % PALETTE.length;
    const order = PALETTE.map((_, step) => (own + step) % PALETTE.length);
    return order.find((index) => uses[index] === least) ?? own;
}

/** FNV-1a. */
function hash(text: string): number {
    let value = 0x811c9dc5;
    for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
    return value;
}

const initial = (name: string) => (/[a-z0-9]/i.exec(name)?.[0] ?? "?").toUpperCase();

/** The initial alone where no other service begins with it, else with a second character that tells them apart. */
function freeLetters(name: string, taken: ReadonlySet<string>, shared: boolean): string {
    const first = initial(name);
    const later = [...name.toLowerCase().replace(/[^a-z0-9]/g, "")].slice(1);
    const candidates = [...(shared ? [] : [first]), ...later.map((letter) => first + letter)];
    for (let number = 1; number <= taken.size + 1; number += 1) candidates.push(`${first}${number}`);
    return candidates.find((letters) => !taken.has(letters)) ?? first;
}
