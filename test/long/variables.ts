/** What a person gives to the long tests: numbers in variables of the environment. */

/** @throws Error that names the variable, what it is, and what it may be. */
export function numbers(variable: string, otherwise: string): number[] {
    const text = process.env[variable] || otherwise;
    if (!/^\d{1,9}(,\d{1,9})*$/.test(text))
        throw new Error(`${variable} is "${text}"; it must be whole numbers, separated by commas`);
    return text.split(",").map(Number);
}

/** @throws Error that names the variable, what it is, and what it may be. */
export function number(variable: string, otherwise: number): number {
    const [value = 0, ...more] = numbers(variable, `${otherwise}`);
    if (value < 1 || more.length > 0)
        throw new Error(`${variable} is "${process.env[variable]}"; it must be one number, 1 or more`);
    return value;
}
