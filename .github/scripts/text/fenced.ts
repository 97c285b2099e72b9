/** usage: node fenced.ts <FILE: prints the text as Markdown shows it unchanged. */
import { text } from "node:stream/consumers";
import { cut, fenced } from "./markdown.ts";

process.stdout.write(fenced(cut(await text(process.stdin))));
