/** What a remote script reads on stdin behind its own text: `key value` lines, and for a service its spec. */

/** One line: a key and its value. */
export type Line = readonly [key: string, value: string | number];

/**
 * Lines by themselves in what is sent to a remote script: between the script and its input, in front of a service's spec,
 * and behind the input. `components/prelude.sh` looks whether the end has come.
 */
export const MARKS = { input: "#: input", spec: "spec", end: "#: end" };
