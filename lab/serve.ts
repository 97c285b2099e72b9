import { readFileSync } from "node:fs";
import Docker from "dockerode";
import { accountFrom } from "./accountChoice.ts";
import { createApi } from "./api/server.ts";
import type { Greeting } from "./daemon.ts";
import { createContainerMachines } from "./droplets/machines.ts";
import { removeAll } from "./droplets/removeAll.ts";
import { messageOf } from "./errors.ts";
import { instanceFrom } from "./instance.ts";
import { OWNER_PATH } from "./network.ts";
import { socketFrom } from "./outerDocker/connect.ts";
import { leaveEngine } from "./outerDocker/leave.ts";
import { enginePlaces } from "./outerDocker/places.ts";
import { readRecord } from "./processes.ts";
import { wantsFaultyImages } from "./settings.ts";

/** How often the daemon looks whether its lab's folder is still there. */
const WATCH_MS = 2_000;

/**
 * The lab's daemon: the emulated API with containers for droplets. Started by `startDaemon`, which
 * listens for one greeting; its output is its log. All its knowledge of the cloud is in memory.
 * A checkout that is deleted without `make down` has nobody else who could remove its droplets.
 */
async function serve(): Promise<void> {
    const instance = instanceFrom(process.env);
    const named = socketFrom(process.env.DOCKER_HOST);
    if (named === undefined || "problem" in named) throw new Error("DOCKER_HOST names no socket");
    const docker = new Docker({ socketPath: named.socket });
    const machines = await createContainerMachines({
        docker,
        lab: {
            name: instance.name,
            checkout: instance.checkout,
            publicCidr: instance.publicCidr,
            cacheDir: instance.cache.dir,
            faulty: wantsFaultyImages(process.env.LAB_FAULTY_IMAGES),
        },
        log,
    });
    const token = readFileSync(instance.token, "utf8").trim();
    const api = createApi({
        machines,
        token,
        settings: accountFrom(process.env),
        log: (level, message) => log(`${level}: ${message}`),
    });
    api.get(OWNER_PATH, () => ({ name: instance.name, checkout: instance.checkout }));
    await api.listen({ host: "127.0.0.1", port: instance.port });
    log(`serving on 127.0.0.1:${instance.port}`);
    const watch = setInterval(() => {
        if (readRecord(instance.pid)?.pid === process.pid) return;
        clearInterval(watch);
        log(`${instance.pid} is gone, so the lab is nobody's: removing it`);
        void api
            .close()
            .then(() => removeAll(docker, instance))
            .then(() => leaveEngine(instance, enginePlaces(), log))
            .then(() => process.exit(0));
    }, WATCH_MS);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.once(signal, () => {
            log(`${signal}: ending`);
            api.close().then(
                () => process.exit(0),
                (error) => {
                    log(messageOf(error));
                    process.exit(1);
                },
            );
        });
    }
}

function log(line: string): void {
    console.log(`${new Date().toISOString()} ${line}`);
}

function greet(greeting: Greeting): void {
    process.send?.(greeting);
}

// The one that started it goes away; writing to it then must not be an end.
process.on("disconnect", () => {});
process.on("unhandledRejection", (error) => {
    log(`unhandled: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    process.exit(1);
});

try {
    await serve();
    greet({ ready: true });
} catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    greet({ ready: false, reason: messageOf(error) });
    // Sent before the end, which an open connection to Docker would keep off.
    setTimeout(() => process.exit(1), 100);
}
