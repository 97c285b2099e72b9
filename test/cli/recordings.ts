/** What a real cluster said, as `record.ts` wrote it down, and the commands of its state, made as the program makes them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ClusterView } from "../../cli/clusterView.ts";
import { clusterView, type Sources } from "../../cli/clusterView.ts";
import type { Facts } from "../../cli/drift.ts";
import { type ApiDroplet, asDroplet } from "../../cli/droplets.ts";
import { nameIn, readState } from "../../cli/stackState.ts";
import { wantedIn } from "../../cli/wanted.ts";
import { payload } from "../../components/remote.ts";
import type { SwarmFacts } from "../../look/facts.ts";
import { engineSpec, specText } from "../../model/engineSpec.ts";
import type { Line } from "../../model/scriptInput.ts";
import { readServices } from "../../model/services.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import type { ExportedState } from "../../remnants/remnants.ts";
import "./plain.ts";

export interface Recording {
    readonly at: string;
    readonly state: ExportedState;
    readonly swarm: SwarmFacts;
    readonly droplets: readonly ApiDroplet[];
}

export function recorded(name: string): Recording {
    const file = path.join(import.meta.dirname, "recordings", `${name}.json`);
    const recording: Recording = JSON.parse(readFileSync(file, "utf8"));
    // Recorded before anybody asked for networks.
    const swarm = { ...recording.swarm, networks: [], secrets: [], configs: [] };
    return { ...recording, state: withCommands(recording.state), swarm };
}

/** The one service that the recorded cluster has. */
const [nginx] = readServices({ nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } }, false).specs;
if (!nginx) throw new Error("the recorded service is refused");

/** A command of the stack's, as the state has it. */
export function commandState(parent: "Swarm" | "Services", name: string, stdin: unknown) {
    const type = "command:remote:Command";
    return {
        urn: `urn:pulumi:lab-cli::swarm::swarm:index:${parent}$${type}::${name}`,
        type,
        inputs: { stdin },
    };
}

/** The state with the commands that told the swarm, the script and `autolock` what the recorded cluster is. */
function withCommands(state: ExportedState): ExportedState {
    const members = ["node1", "node2", "node3"].map((name) => `id ${name} manager drain`);
    const lines = [...members, "id node4 worker active"].map((line): Line => ["member", line]);
    return {
        deployment: {
            resources: [
                ...(state.deployment?.resources ?? []),
                commandState("Swarm", "swarm", payload("swarm", [["autolock", "false"]])),
                commandState("Swarm", "roster", payload("roster", [...lines, ["service", "nginx"]])),
                commandState("Services", "nginx", serviceStdin()),
            ],
        },
    };
}

/** What the script of the recorded service is sent, other fields of its spec than recorded set to `more`. */
export function serviceStdin(more: object = {}): string {
    const spec = { ...engineSpec(nginx as ServiceSpec), ...more };
    return payload("service", [["service", "nginx"]], specText(spec));
}

/** The sources of a view, some of them replaced. */
export function sources(name: string, instead: Partial<Sources> = {}): Sources {
    const { at, state, swarm, droplets } = recorded(name);
    return {
        at,
        state: readState(state, nameIn(state) as string),
        swarm,
        droplets: droplets.map(asDroplet),
        problems: [],
        ...instead,
    };
}

export function view(name: string, instead: Partial<Sources> = {}): ClusterView {
    return clusterView(sources(name, instead));
}

/** The view beside what the stack wants. */
export function compared(name: string, instead: Partial<Sources> = {}): Facts {
    const all = sources(name, instead);
    const { state, swarm, droplets } = all;
    return {
        view: clusterView(all),
        clusterId: state.clusterId,
        wanted: wantedIn(state, droplets),
        ...(swarm && { swarm }),
    };
}
