import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const DAY_MS = 24 * 60 * 60_000;

interface Answer {
    readonly value: boolean;
    readonly asked: number;
}

/**
 * Asks a slow question about the outside at most once a day: a "no" costs seconds of waiting, and
 * neither answer changes often. The answers lie in one JSON file.
 */
export async function rememberedAnswer(
    file: string,
    question: string,
    ask: () => Promise<boolean>,
    now = Date.now(),
): Promise<boolean> {
    const answers = read(file);
    const known = answers[question];
    if (known !== undefined && now - known.asked < DAY_MS && now >= known.asked) return known.value;
    const value = await ask();
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ ...read(file), [question]: { value, asked: now } }, null, 2)}\n`);
    return value;
}

function read(file: string): Record<string, Answer | undefined> {
    try {
        return JSON.parse(readFileSync(file, "utf8"));
    } catch {
        // Absent or damaged: asking again is all it costs.
        return {};
    }
}
