/** A preview of each kind of change. */
import { DROPLET } from "../../cli/plan/preview.ts";
import type { ChangeOfProgram, Config } from "./engine.ts";

const nginx = (more: Config = {}) => ({
    nginx: { image: "nginx", replicas: 2, ports: ["80:80"], ...more },
});

export const one: Config = {
    region: "sgp1",
    managers: "node1",
    workers: "node[2:4]",
    sshFrom: ["0.0.0.0/0", "::/0"],
    vpcIpRange: "10.125.0.0/24",
    services: nginx(),
};
export const three: Config = { ...one, managers: "node[1:3]", workers: "node[4:5]" };
const locked: Config = { ...three, protectManagers: true };

const from = (before: Config, more: Config, options: Partial<ChangeOfProgram> = {}): ChangeOfProgram => ({
    before,
    after: { ...before, ...more },
    ...options,
});

/** In the engine's words. */
function refusalToReplace(node: string) {
    const urn = `urn:pulumi:dev::swarm::swarm:index:Nodes$${DROPLET}::${node}`;
    const message =
        `error: unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the ` +
        "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`\n";
    return { urn, message, severity: "error" };
}

const IMAGE = "18153999";

export const CHANGES: Readonly<Record<string, ChangeOfProgram>> = {
    "first-up": { after: one },
    destroy: { before: one },
    "no-change": from(one, {}),
    "no-change-three": from(three, {}),

    "scale-out": from(one, { workers: "node[2:6]" }),
    "scale-in": from(one, { workers: "node[2:3]" }),
    "one-to-three": from(one, { managers: "node1,node5,node6" }),
    "three-to-one": from(three, { managers: "node1" }),
    five: from(three, { managers: "node[1:3],node[6:7]" }),
    promote: from(one, { managers: "node[1:3]", workers: "node4" }),
    demote: from(three, { managers: "node1", workers: "node[2:5]" }),
    places: from(one, { managers: "node2", workers: "node1,node[3:4]" }),
    swap: from(three, { managers: "node1,node2,node4", workers: "node3,node5" }),
    seed: from(three, { managers: "node2,node1,node3" }),
    "seed-worker": from(three, { managers: "node4,node1,node2", workers: "node3,node5" }),
    "seed-goes": from(three, { managers: "node2,node3,node6" }),
    "manager-exchanged": from(one, { managers: "node9" }),
    "manager-to-worker": from(one, { managers: "node2", workers: "node[3:4]" }),
    "managers-exchanged": from(three, { managers: "m[1:3]" }),
    "managers-to-workers": from(three, { managers: "node4", workers: "" }),
    active: from(three, { managerAvailability: "active" }),

    "roll-all": from(one, { image: IMAGE }),
    "roll-workers": from(one, { workerImage: IMAGE }),
    "roll-manager": from(one, { managerImage: IMAGE }),
    "roll-three": from(three, { managerImage: IMAGE }),
    "roll-all-three": from(three, { image: IMAGE }),
    protected: from(
        locked,
        { managerImage: IMAGE },
        { diagnostics: ["node2", "node1", "node3"].map(refusalToReplace) },
    ),
    size: from(one, { size: "s-2vcpu-2gb" }),
    monitoring: from(one, { monitoring: true }),
    "worker-anew": from(one, {}, { replace: ":Droplet::node3" }),
    "seed-anew": from(three, {}, { replace: ":Droplet::node1" }),
    "start-over": from(one, {}, { replace: ":Command::swarm" }),
    "start-over-three": from(three, {}, { replace: ":Command::swarm" }),
    "start-over-lost": from(three, {}, { replace: ":Command::swarm", lost: ["node1", "node2"] }),
    portion: from(one, { image: IMAGE }, { target: { urn: ":Droplet::node3", dependents: true } }),
    "portion-alone": from(one, { image: IMAGE }, { target: { urn: ":Droplet::node3", dependents: false } }),
    "target-alone": from(
        one,
        { workers: "node[2:3]" },
        { target: { urn: ":Droplet::node4", dependents: false } },
    ),
    recover: from(one, { recoverFrom: "node1" }),
    "lost-worker": from(one, {}, { lost: ["node4"] }),
    "lost-and-out": from(one, { workers: "node[2:3]" }, { lost: ["node4"] }),
    "lost-manager-out": from(three, { managers: "node1" }, { lost: ["node2", "node3"] }),
    "lost-seed": from(three, {}, { lost: ["node1"] }),
    "lost-quorum": from(three, { recoverFrom: "node3" }, { lost: ["node1", "node2"] }),

    rotation: from(one, { tokenRotation: 1 }),
    autolock: from(one, { autolock: true }),
    unlock: from({ ...one, autolock: true }, { tokenRotation: 3, autolock: false }),

    policy: from(
        one,
        { workers: "node[2:5]" },
        { diagnostics: [{ message: "error: preview failed\n", severity: "error" }] },
    ),
    "replicas-up": from(one, { services: nginx({ replicas: 5 }) }),
    "replicas-down": from(one, { services: nginx({ replicas: 1 }) }),
    "service-image": from(one, { services: nginx({ image: "nginx:1.29" }) }),
    "service-new": from(one, {
        services: {
            ...nginx(),
            api: { image: "acme/api:7", replicas: 3, ports: ["8080:80"], env: { A: "1" } },
        },
    }),
    "service-removed": from(one, { services: {} }),
    "service-failed": from(
        { ...one, services: { ...nginx(), api: { image: "acme/api:7" } } },
        { services: nginx() },
        { failed: ["api"] },
    ),
    "service-failed-scale": from(
        { ...one, services: { ...nginx(), api: { image: "acme/api:7" } } },
        { services: nginx(), workers: "node[2:5]" },
        { failed: ["api"] },
    ),
    "no-leader": from(
        three,
        { workers: "node4" },
        {
            diagnostics: [
                {
                    message:
                        "The swarm could not be looked at, so what was changed in it by hand is not seen here. node3: rpc error: " +
                        "code = Unknown desc = The swarm does not have a leader.",
                    severity: "info",
                },
            ],
        },
    ),
    "service-global": from(one, { services: { nginx: { image: "nginx", global: true, ports: ["80:80"] } } }),
    "service-options": from(one, {
        services: nginx({
            env: { GREETING: "hello | @everyone", LEVEL: "debug" },
            labels: { team: "web" },
            constraints: ["node.role==worker"],
            limits: { memory: "128M" },
            update: { order: "start-first" },
        }),
    }),
    "secret-service": from(
        three,
        { services: nginx({ env: { TOKEN: "hunter2" } }) },
        { secretKeys: ["services"] },
    ),
    "port-new": from(one, { services: nginx({ ports: ["80:80", "443:443"] }) }),
    "port-moved": from(one, { services: nginx({ ports: ["8080:80"] }) }),
    "ssh-from": from(one, { sshFrom: ["203.0.113.7/32"] }),
};
