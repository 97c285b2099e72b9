import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../config.ts";
import { reservationProblems } from "../../model/reservations.ts";

/** One manager with a CPU and 1 GB, two workers with two CPUs and 4 GB each. */
const stack = { sshFrom: ["::/0"], managers: "m1", workers: "w[1:2]", workerSize: "s-2vcpu-4gb" };
const small = { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25 };
const large = { slug: "s-2vcpu-4gb", memory: 4096, vcpus: 2, disk: 80 };

function problems(options: Record<string, unknown>, sizes = [small, large]): string[] {
    const parsed = parseSettings({ ...stack, services: { web: { image: "nginx", ...options } } });
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    return reservationProblems(parsed.settings, sizes);
}

const startFirst = { order: "start-first" };
const rows: [options: Record<string, unknown>, why?: string][] = [
    [{ replicas: 1000 }],
    [{ replicas: 1, reservations: { cpus: 2, memory: "4G" } }],
    [
        { replicas: 1, reservations: { memory: "4097M" } },
        "its nodes have room for 0 tasks, while it needs 1, at 0 CPUs and 4097M for each task",
    ],
    [
        { replicas: 1, reservations: { cpus: 2 }, constraints: ["node.role==manager"] },
        "its nodes have room for 0 tasks, while it needs 1, at 2 CPUs and 0M for each task",
    ],
    // Five places by the CPUs, nine by the memory.
    [{ replicas: 5, reservations: { cpus: 1, memory: "1G" } }],
    [
        { replicas: 6, reservations: { cpus: 1, memory: "1G" } },
        "its nodes have room for 5 tasks, while it needs 6, at 1 CPUs and 1024M for each task",
    ],
    [
        { replicas: 5, reservations: { cpus: 1 }, update: startFirst },
        "its nodes have room for 5 tasks, while it needs 6, one of them to start before another stops, at 1 CPUs and 0M for " +
            "each task",
    ],
    [{ replicas: 4, reservations: { cpus: 1 }, update: startFirst }],
    [{ replicas: 0, reservations: { cpus: 64 } }],
    [{ global: true, reservations: { cpus: 1 } }],
    [
        { global: true, reservations: { cpus: 1.5 } },
        "there is no room on m1 for 1, at 1.5 CPUs and 0M for each task",
    ],
    [
        {
            global: true,
            reservations: { memory: "2049M" },
            update: startFirst,
            constraints: ["node.role==worker"],
        },
        "there is no room on w1, w2 for 2, one of them to start before another stops, at 0 CPUs and 2049M for each task",
    ],
    [
        {
            global: true,
            reservations: { memory: "2G" },
            update: startFirst,
            constraints: ["node.role==worker"],
        },
    ],
    // Which nodes have the label is not known.
    [{ global: true, reservations: { cpus: 64 }, constraints: ["node.labels.big==yes"] }],
];

for (const [options, why] of rows) {
    test(JSON.stringify(options), () => {
        assert.deepEqual(
            problems(options),
            why === undefined
                ? []
                : [
                      `swarm:services.web.reservations: ${why}: reserve less, or take a larger size or more nodes`,
                  ],
        );
    });
}

test("nothing is said where a size is not known", () => {
    const options = { replicas: 1, reservations: { cpus: 64 } };
    assert.deepEqual(problems(options, [large]), []);
    assert.deepEqual(problems({ ...options, global: true, replicas: undefined }, []), []);
});
