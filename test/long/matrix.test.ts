/**
 * Every kind of interruption at every step of every operation, by hand. It takes hours; for a part of it:
 *
 *     MATRIX_OPERATIONS=scale-in,replacement MATRIX_KINDS='SIGINT,kill CLI' MATRIX_FROM=2 MATRIX_EVERY=3 make test-long
 *
 * `MATRIX_FROM` begins at the second step, `MATRIX_EVERY` takes each third one only. An operation that is over before
 * the step ends the row.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { removeFaults } from "../cluster/support/cloud.ts";
import { interrupted, recover } from "../cluster/support/interrupt.ts";
import { type Interruption, isOfTheApi, KINDS, type Kind, textOf } from "../cluster/support/interruption.ts";
import { healthy } from "../cluster/support/oracle.ts";
import { LabStack } from "../cluster/support/stack.ts";

const OPERATIONS = ["first up", "scale-out", "scale-in", "replacement"] as const;
type Operation = (typeof OPERATIONS)[number];

/** More steps than any of these operations has. */
const MOST_STEPS = 100;

const from = Number(process.env.MATRIX_FROM || 1);
const every = Number(process.env.MATRIX_EVERY || 1);
const chosen = <T extends string>(variable: string, all: readonly T[]): readonly T[] => {
    const names = (process.env[variable] || all.join()).split(",");
    const unknown = names.filter((name) => !all.includes(name as T));
    assert.deepEqual(unknown, [], `${variable} allows ${all.join()}`);
    return all.filter((name) => names.includes(name));
};

const IMAGES = ["18153887", "18153999"] as const;

function config(workers: number, image: string): Record<string, unknown> {
    return {
        managers: "m1",
        workers: `w[1:${workers}]`,
        sshFrom: ["0.0.0.0/0"],
        vpcIpRange: "10.127.32.0/24",
        workerImage: image,
        services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
    };
}

type Method = "POST" | "DELETE";

/** The interruption of a kind at the step with this number; of the API, at the request with this number. */
function at(kind: Kind, step: number, method: Method): Interruption {
    if (kind === "SSH cut") return { kind, at: step, node: "m1" };
    return isOfTheApi(kind)
        ? { kind, request: { method, pattern: "^/v2/", skip: step - 1 } }
        : { kind, at: step };
}

for (const operation of chosen("MATRIX_OPERATIONS", OPERATIONS)) {
    for (const kind of chosen("MATRIX_KINDS", KINDS)) {
        for (const method of isOfTheApi(kind) ? (["POST", "DELETE"] as const) : (["POST"] as const)) {
            describe(`${operation}, ${kind}`, () => row(operation, kind, method));
        }
    }
}

/** All steps of an operation, one interruption after another, on one cluster where the operation allows it. */
function row(operation: Operation, kind: Kind, method: Method): void {
    let stack: LabStack;
    let workers = operation === "scale-in" ? 2 : 1;
    let image: string = IMAGES[0];
    before(async () => {
        stack = await LabStack.make("matrix", config(workers, image));
        if (operation !== "first up") await stack.upOrThrow();
    });
    after(async () => {
        await removeFaults();
        await stack.remove();
    });

    test(every === 1 ? "at every step" : `at one step of ${every}`, async () => {
        for (let step = from; step <= MOST_STEPS; step += every) {
            const what = at(kind, step, method);
            if (operation === "scale-out") workers = 2;
            if (operation === "scale-in") workers = 1;
            if (operation === "replacement") image = IMAGES.find((other) => other !== image) as string;
            stack.configure(config(workers, image));
            const ran = await interrupted(stack, ["up", "--yes", "--skip-preview"], what);
            const { cancelled, lost } = await recover(stack);
            await healthy(stack, {
                managers: ["m1"],
                workers: Array.from({ length: workers }, (_, index) => `w${index + 1}`),
                replicas: 2,
                settled: true,
            });
            console.log(
                `${operation}, ${textOf(what)}: ${ran.hit ? `status ${ran.status}` : "never came"}` +
                    `${cancelled ? ", cancel" : ""}, lost: ${lost.map(({ name }) => name).join() || "none"}`,
            );
            if (!ran.came) break;
            await back(stack, operation, image);
        }
    });
}

/** To where the operation begins. */
async function back(stack: LabStack, operation: Operation, image: string): Promise<void> {
    if (operation === "first up") {
        await stack.destroyOrThrow();
    } else if (operation !== "replacement") {
        stack.configure(config(operation === "scale-out" ? 1 : 2, image));
        await stack.upOrThrow();
    }
}
