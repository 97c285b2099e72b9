/**
 * A stand-in for `ssh` whose every host is a node of a recorded swarm: it gives the answers of Docker's API that were
 * recorded. Any other command is written to FOLDER/asked with its node, a line each, and answered by the shell script
 * FOLDER/answer, which gets both and then ssh's arguments.
 *
 * usage: node fakeSsh.ts FOLDER ssh's arguments...
 *
 * FOLDER/swarm.json is the recording, read anew for each question; FOLDER/strangers lists nodes, a line each, that
 * show another host key.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { Duplex } from "node:stream";
import type { Recording } from "./recordings.ts";

const [folder = "", ...args] = process.argv.slice(2);
const [alias = "", command] = args.slice(args.indexOf("--") + 1);
const [node] = alias.split(".");
const words = args[args.indexOf("-E") + 1] ?? "";
// As ssh does, whether it has anything to say or not.
if (args.includes("-E")) appendFileSync(words, "");
const read = (file: string) => readFileSync(path.join(folder, file), "utf8");

if (
    read("strangers")
        .split("\n")
        .includes(node ?? "")
) {
    appendFileSync(words, "Host key verification failed.\r\n");
    process.exitCode = 255;
} else if (command === "docker system dial-stdio") {
    const server = createServer((request, response) => {
        const { swarm } = JSON.parse(read("swarm.json")) as Recording;
        const [question = ""] = request.url?.slice(1).split("?") ?? [];
        const body = swarm[question as keyof Recording["swarm"]];
        response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(body ?? { message: `there is no ${request.url}` }));
    });
    server.emit("connection", Duplex.from({ readable: process.stdin, writable: process.stdout }));
} else {
    appendFileSync(path.join(folder, "asked"), `${node}: ${command}\n`);
    const script = [path.join(folder, "answer"), node ?? "", command ?? "", ...args];
    process.exitCode = spawnSync("sh", script, { stdio: "inherit" }).status ?? 1;
}
