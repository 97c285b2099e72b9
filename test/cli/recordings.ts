/** What a real cluster said, as `record.ts` wrote it down. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ClusterView } from "../../cli/cluster.ts";
import { clusterView, type Sources } from "../../cli/clusterView.ts";
import { type ApiDroplet, asDroplet } from "../../cli/droplets.ts";
import { nameIn, readState } from "../../cli/stackState.ts";
import type { SwarmFacts } from "../../look/facts.ts";
import type { ExportedState } from "../../model/lost.ts";
import "./plain.ts";

export interface Recording {
    readonly at: string;
    readonly state: ExportedState;
    readonly swarm: SwarmFacts;
    readonly droplets: readonly ApiDroplet[];
}

export function recorded(name: string): Recording {
    return JSON.parse(readFileSync(path.join(import.meta.dirname, "recordings", `${name}.json`), "utf8"));
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
