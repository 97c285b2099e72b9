/**
 * Where Pulumi starts the pack. It would hand a file that ends in .ts to its own ts-node, which wants an old TypeScript
 * and takes seconds; it leaves this one to Node, and Node runs the TypeScript behind it as it runs the program's.
 */
import "./index.ts";
