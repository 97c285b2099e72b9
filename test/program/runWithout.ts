/**
 * A process of its own, since a program that fails in the middle ends its process: runs the program for an up where
 * the droplet of node1 has no address of the kind named, and prints what it made before it failed, and of what.
 *
 * usage: node test/program/runWithout.ts ipv4Address|ipv4AddressPrivate
 */
import { dev, runProgram } from "./harness.ts";

const [, , address = ""] = process.argv;
const made: string[] = [];
let failed = false;
// More than one promise rejects; the first says why.
process.on("unhandledRejection", (error: Error) => {
    if (!failed) process.stdout.write(JSON.stringify({ made, error: error.message }), () => process.exit());
    failed = true;
});
await runProgram({
    config: dev,
    onResource: (name) => made.push(name),
    state: (name) => (name === "node1" ? { [address]: "" } : {}),
});
