/** A host that is logged in to over real SSH, with an engine behind `docker system dial-stdio` that answers as it is told to. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type SshHost, startSshHost } from "./plugins/sshServer.ts";

/** Answers by path, one request after another over one connection; what it has no answer for, as a swarm without a leader does. */
const ENGINE = `#!${process.execPath}
const answers = JSON.parse(require("fs").readFileSync(__dirname + "/answers.json", "utf8"));
const server = require("http").createServer((request, response) => {
    const found = answers[request.url.split("?")[0]];
    response.writeHead(found ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { message: "rpc error: The swarm does not have a leader." }));
});
const stdio = require("stream").Duplex.from({ readable: process.stdin, writable: process.stdout });
server.emit("connection", stdio.on("close", () => process.exit()));
`;

export interface FakeManager {
    readonly ssh: SshHost;
    answer(answers: Readonly<Record<string, unknown>>): void;
    close(): Promise<void>;
}

/** While it is there, what this process runs finds its `docker` first: hosts run their commands by the `sh` of this process's PATH. */
export async function startFakeManager(): Promise<FakeManager> {
    const folder = mkdtempSync(path.join(tmpdir(), "manager-"));
    writeFileSync(path.join(folder, "docker"), ENGINE);
    chmodSync(path.join(folder, "docker"), 0o755);
    const oldPath = process.env.PATH;
    process.env.PATH = `${folder}:${oldPath}:/bin`;
    const ssh = await startSshHost();
    return {
        ssh,
        answer: (answers) => writeFileSync(path.join(folder, "answers.json"), JSON.stringify(answers)),
        async close() {
            process.env.PATH = oldPath;
            await ssh.close();
            rmSync(folder, { recursive: true });
        },
    };
}
