import type Docker from "dockerode";

const EXEC_SECONDS = 30;
const POLL_MS = 20;

/**
 * Runs a command in a container as root; through the engine, so that whoever may talk to it may do this,
 * root or not. Throws with the command's own output if it fails, or if it takes longer than 30 s.
 */
export async function run(container: Docker.Container, command: readonly string[]): Promise<void> {
    const exec = await container.exec({
        Cmd: [...command],
        AttachStdout: true,
        AttachStderr: true,
        // One stream without frames.
        Tty: true,
    });
    const stream = await exec.start({ Tty: true });
    const what = `"${command.join(" ")}" in droplet container ${container.id.slice(0, 12)}`;
    let output = "";
    stream.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
    });
    await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
            stream.destroy();
            reject(new Error(`Waited ${EXEC_SECONDS} s for ${what}; output so far: ${output.trim()}`));
        }, EXEC_SECONDS * 1000);
        stream.on("close", () => {
            clearTimeout(timer);
            resolve();
        });
        stream.on("error", reject);
    });
    // The stream may end a moment before the engine knows the status.
    for (let tries = 0; tries < 50; tries++) {
        const { Running, ExitCode } = await exec.inspect();
        if (!Running && ExitCode === 0) return;
        if (!Running) throw new Error(`${what} ended with status ${ExitCode}: ${output.trim()}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`${what} closed its output but still runs: ${output.trim()}`);
}
