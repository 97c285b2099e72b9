/** A swarm of one manager on a droplet, and services on it by the program's own script. */
import assert from "node:assert/strict";
import { objectLine, unusedLine } from "../../../components/objects.ts";
import { launcher, payload } from "../../../components/remote.ts";
import { parseSettings } from "../../../config.ts";
import { imageRefs } from "../../../lab/droplets/images/ensure.ts";
import { type Difference, swarmDifferences } from "../../../look/differences.ts";
import type { SwarmFacts } from "../../../look/facts.ts";
import { askInTurn } from "../../../look/session.ts";
import type { ScriptName } from "../../../model/answers.ts";
import { engineSpec, type JsonObject, specText } from "../../../model/engineSpec.ts";
import { heldBy, heldObjects, shownOf } from "../../../model/held.ts";
import { markedJob } from "../../../model/jobs.ts";
import { networkLines } from "../../../model/networks.ts";
import { registryAuth } from "../../../model/registries.ts";
import type { Line } from "../../../model/scriptInput.ts";
import type { ServiceSpec, Settings } from "../../../model/settings.ts";
import { onlySsh } from "./filters.ts";
import type { TestLab } from "./lab.ts";
import { deployKey, hostKey } from "./ssh.ts";
import { until } from "./wait.ts";

/** As in the config, options by name. */
export type Options = Readonly<Record<string, unknown>>;

const STACK = "swarm-dev";

/** Where a service is from, for the secrets and the like that it names. */
const settingsOf = new WeakMap<ServiceSpec, Settings>();

/** What names of secrets and configs are made with. */
const KEY = "a deploy key";

/**
 * A service of a stack that has one manager, and nothing else.
 *
 * @param config Further keys; secrets are taken for encrypted, and each file has its own path in it.
 */
export function serviceOf(name: string, options: Options, config: Options = {}): ServiceSpec {
    const parsed = parseSettings(
        {
            sshFrom: ["203.0.113.7/32"],
            managers: "s1",
            workers: "",
            ...config,
            services: { [name]: options },
        },
        ["secrets"],
        (path) => Buffer.from(`# ${path}\n`),
    );
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    const [service] = parsed.settings.services;
    assert.ok(service);
    settingsOf.set(service, parsed.settings);
    return service;
}

/** A copy of a service of `serviceOf` with some of it changed. */
export function changed(service: ServiceSpec, change: Partial<ServiceSpec>): ServiceSpec {
    const copy = { ...service, ...change };
    settingsOf.set(copy, settingsFor(service));
    return copy;
}

/** A copy of a service is of no stack, and names nothing. */
function settingsFor(service: ServiceSpec): Settings {
    return settingsOf.get(service) ?? assert.fail(`${service.name} is not from serviceOf`);
}

/** What is sent of it. */
export function specOf(service: ServiceSpec): JsonObject {
    return JSON.parse(specText(wanted(service)));
}

function wanted(service: ServiceSpec): JsonObject {
    const settings = settingsFor(service);
    return markedJob(engineSpec(service, heldBy(settings, KEY)), service, [service], shownOf(settings, KEY));
}

export class OneManager {
    readonly #lab: TestLab;
    readonly #id: number;

    /** @param id Of its droplet. */
    constructor(lab: TestLab, id = 1) {
        this.#lab = lab;
        this.#id = id;
    }

    /** The lab has been started. */
    async start(): Promise<void> {
        await this.#lab.create(this.#id, imageRefs().droplet, onlySsh);
        const address = this.#lab.privateIp(this.#id);
        await this.#lab.eventually(this.#id, `docker swarm init --advertise-addr ${address}`);
        // As the roster does.
        await this.run(
            `docker node update --label-add swarm.stack=${STACK} "$(docker info --format '{{.Swarm.NodeID}}')"`,
        );
    }

    run(command: string): Promise<string> {
        return this.#lab.shell(this.#id, command);
    }

    /** As `run`, on a connection of its own: beside it others can be run. */
    watch(command: string): Promise<string> {
        return this.#lab.visit(this.#id, command);
    }

    /** As a resource of the program does, once a service: its script says when it has converged, or fails. */
    async deploy(service: ServiceSpec): Promise<void> {
        const settings = settingsFor(service);
        const objects = heldObjects([service], settings, KEY);
        if (objects.length > 0) await this.#script("objects", 60, objects.map(objectLine));
        const auth = registryAuth(service.image, settings.registries, settings.secrets);
        const lines: Line[] = [
            ["service", service.name],
            ["image", service.image],
            ["limit", service.timeout],
            ...(auth ? [["auth", auth] as const] : []),
            ...networkLines(service, settings.networks),
        ];
        await this.#script("service", service.timeout + 120, lines, specText(wanted(service)));
    }

    /** As at the end of an up: of secrets and configs there are then only those of these services. */
    async removeUnused(...services: readonly ServiceSpec[]): Promise<void> {
        const lines = services.flatMap((service) =>
            heldObjects([service], settingsFor(service), KEY).map(unusedLine),
        );
        await this.#script("unused", 60, [["keep", 0], ...lines]);
    }

    async #script(script: ScriptName, limit: number, lines: readonly Line[], spec?: string): Promise<void> {
        const all: Line[] = [["node", "s1"], ["stack", STACK], ...lines];
        const stdin = payload(script, all, spec);
        await this.#lab.shell(this.#id, launcher(script, "create", limit), { stdin, quiet: true });
    }

    async remove(name: string): Promise<void> {
        await this.run(`docker service rm ${name}`);
        await until(`the tasks of ${name} are gone`, async () => {
            const left = await this.run(
                `docker ps -aq --filter label=com.docker.swarm.service.name=${name} | grep -c . || true`,
            );
            return left === "0";
        });
    }

    /** No service, secret or config of the stack's is left. */
    async clear(): Promise<void> {
        await this.run("docker service rm $(docker service ls -q)");
        await until("all tasks are gone", async () => (await this.run("docker ps -aq")) === "");
        await this.removeUnused();
    }

    /** What a preview would look at. */
    async facts(): Promise<SwarmFacts> {
        const looked = await askInTurn([
            {
                name: "s1",
                host: this.#lab.publicIp(this.#id),
                user: "root",
                privateKey: deployKey.private,
                hostKey: hostKey.public,
            },
        ]);
        return "facts" in looked ? looked.facts : assert.fail(looked.why);
    }

    /** What a preview would say, were these the services of the stack. */
    async differences(...services: readonly ServiceSpec[]): Promise<readonly Difference[]> {
        const all = services.map((service) => ({
            name: service.name,
            spec: wanted(service),
            secret: false,
        }));
        const objects = {
            wanted: services.flatMap((service) => heldObjects([service], settingsFor(service), KEY)),
            keep: 0,
        };
        const wantedSwarm = { stack: STACK, members: [], services: all, objects };
        // The nodes are none of these tests' business.
        return swarmDifferences(wantedSwarm, await this.facts()).filter(
            ({ mendedBy }) => mendedBy?.kind !== "roster",
        );
    }

    /** The service's spec as Docker has it, but for what counts changes; networks by their names. */
    async spec(name: string): Promise<JsonObject> {
        const { services, networks } = await this.facts();
        const found = services.find(({ Spec }) => Spec.Name === name);
        assert.ok(found, `no service ${name}`);
        const names = new Map(networks.map(({ Id, Name }) => [Id, Name]));
        const text = JSON.stringify(found.Spec, (field, value) =>
            field === "ForceUpdate"
                ? undefined
                : field === "Target"
                  ? (names.get(value as string) ?? value)
                  : value,
        );
        return JSON.parse(text);
    }

    /** IDs of the tasks that run, or of those that Docker takes for up to date. */
    async tasks(name: string, which: "all" | "up to date" = "all"): Promise<readonly string[]> {
        const filters = ["desired-state=running", ...(which === "all" ? [] : ["_up-to-date=true"])];
        const ids = await this.run(
            `docker service ps -q --no-trunc ${filters.map((filter) => `--filter ${filter}`).join(" ")} ${name}`,
        );
        return ids.split("\n").filter(Boolean).sort();
    }
}
