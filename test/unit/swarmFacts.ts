/** A swarm as the daemon tells of it, and one that the config wants, for the tests of their differences. */
import assert from "node:assert/strict";
import { parseSettings } from "../../config.ts";
import type { Difference, WantedMember, WantedSwarm } from "../../look/differences.ts";
import type { ApiNode, ApiService, SwarmFacts } from "../../look/facts.ts";
import { engineSpec, type JsonObject, specText } from "../../model/engineSpec.ts";

export const STACK = "swarm-dev";

export function member(
    name: string,
    role: "manager" | "worker",
    more: Partial<WantedMember> = {},
): WantedMember {
    const address = `10.0.0.${name.slice(-1)}`;
    return {
        name,
        role,
        availability: "active",
        addresses: [address],
        droplet: { id: "7", status: "active" },
        ...more,
    };
}

/** As far as it is changed here. */
interface Made {
    Name: string;
    Labels: Record<string, string>;
    TaskTemplate: {
        ContainerSpec: { Image: string; Env: string[] } & Record<string, unknown>;
        Placement: Record<string, unknown>;
        Networks?: { Target: string }[];
        ForceUpdate: number;
    };
    readonly Mode: object;
}

/** What an engine says of a service that was made from these options: with a digest, IDs of networks and its own defaults. */
export function running(
    options: Record<string, unknown>,
    change: (spec: Made) => void = () => {},
): ApiService {
    const spec = JSON.parse(specText(wantedSpec(options))) as Made;
    spec.Labels["swarm.stack"] = STACK;
    spec.TaskTemplate.ContainerSpec.Image = `${spec.TaskTemplate.ContainerSpec.Image}:latest@sha256:${"0".repeat(64)}`;
    spec.TaskTemplate.ContainerSpec.Isolation = "default";
    spec.TaskTemplate.Placement.Platforms = [{ Architecture: "amd64", OS: "linux" }];
    spec.TaskTemplate.ForceUpdate = 3;
    for (const network of spec.TaskTemplate.Networks ?? []) network.Target = `id-of-${network.Target}`;
    change(spec);
    return { ID: "s1", Spec: spec };
}

export function wantedSpec(options: Record<string, unknown>): JsonObject {
    const parsed = parseSettings({
        sshFrom: ["203.0.113.7/32"],
        services: { web: { image: "nginx", ...options } },
    });
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    const [service] = parsed.settings.services;
    assert.ok(service);
    return engineSpec(service);
}

export function node(
    name: string,
    role: "manager" | "worker",
    change: Record<string, unknown> = {},
): ApiNode {
    const { labels, availability, state, address, engineLabel } = change;
    return {
        ID: `id${name.slice(-1)}`,
        Spec: {
            Role: role,
            Availability: (availability as "active" | undefined) ?? "active",
            Labels: (labels as Record<string, string> | undefined) ?? {
                "swarm.stack": STACK,
                "swarm.node": name,
            },
        },
        Description: {
            Hostname: name,
            Engine: {
                EngineVersion: "26",
                Labels: engineLabel === undefined ? {} : { "swarm.stack": `${engineLabel}` },
            },
        },
        Status: {
            State: (state as string | undefined) ?? "ready",
            Addr: (address as string | undefined) ?? `10.0.0.${name.slice(-1)}`,
        },
        ...(role === "manager" && {
            ManagerStatus: { Reachability: "reachable", Addr: `10.0.0.${name.slice(-1)}:2377` },
        }),
    };
}

export function facts(change: Partial<SwarmFacts> = {}): SwarmFacts {
    return {
        info: {
            DockerRootDir: "/var/lib/docker",
            Swarm: {
                NodeID: "id1",
                LocalNodeState: "active",
                ControlAvailable: true,
                Error: "",
                Cluster: { ID: "c", Spec: { EncryptionConfig: { AutoLockManagers: false } } },
            },
        },
        nodes: [node("node1", "manager"), node("node2", "worker")],
        services: [running({})],
        tasks: [],
        secrets: [],
        configs: [],
        networks: [
            { Id: "id-of-front", Name: "front" },
            { Id: "id-of-back", Name: "back" },
        ],
        ...change,
    };
}

export function wanted(
    options: Record<string, unknown> = {},
    change: Partial<WantedSwarm> = {},
): WantedSwarm {
    return {
        stack: STACK,
        autolock: false,
        members: [member("node1", "manager"), member("node2", "worker")],
        services: [{ name: "web", spec: wantedSpec(options), secret: false }],
        ...change,
    };
}

/** `text → whose script`. */
export const lines = (differences: readonly Difference[]) =>
    differences.map(({ text, remedy, mendedBy }) => {
        const who =
            mendedBy === undefined
                ? "nobody"
                : mendedBy.kind === "join"
                  ? `${mendedBy.node}-join`
                  : mendedBy.kind === "service"
                    ? mendedBy.service
                    : mendedBy.kind;
        return `${text}${remedy === undefined ? "" : `; ${remedy}`} → ${who}`;
    });
