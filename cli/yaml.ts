/** Values as YAML. Texts stand in quotes as in JSON, so that none is taken for something else. No I/O. */

/** What JSON can hold, in YAML's lines. */
export function yamlText(value: unknown): string {
    return `${lines(JSON.parse(JSON.stringify(value))).join("\n")}\n`;
}

function lines(value: unknown): string[] {
    if (typeof value !== "object" || value === null) return [JSON.stringify(value)];
    const entries = Object.entries(value);
    if (entries.length === 0) return [Array.isArray(value) ? "[]" : "{}"];
    return entries.flatMap(([key, inner]) => {
        const [first = "", ...rest] = lines(inner);
        const own = Array.isArray(value) ? "-" : `${/^[A-Za-z_]+$/.test(key) ? key : JSON.stringify(key)}:`;
        const nested = typeof inner === "object" && inner !== null && Object.keys(inner).length > 0;
        if (Array.isArray(value)) return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
        return nested ? [own, ...[first, ...rest].map((line) => `  ${line}`)] : [`${own} ${first}`];
    });
}
