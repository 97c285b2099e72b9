import * as pulumi from "@pulumi/pulumi";
import type { Differing } from "../look/look.ts";
import { parseAnswer } from "../model/answers.ts";
import { engineSpec, isJob, type JsonObject, specText } from "../model/engineSpec.ts";
import { heldBy, holdsSecret, shownLogin, shownOf, usesObjects } from "../model/held.ts";
import { inOrder, markedJob, precedingOf } from "../model/jobs.ts";
import { networkLines } from "../model/networks.ts";
import { registryAuth } from "../model/registries.ts";
import type { Line } from "../model/scriptInput.ts";
import type { ServiceSpec, Settings } from "../model/settings.ts";
import { kept } from "./kept.ts";
import type { Node } from "./nodes.ts";
import type { Objects } from "./objects.ts";
import { remoteScript } from "./remote.ts";

export interface ServicesArgs {
    /** With the services, and what they name. */
    readonly settings: Settings;
    /** What the hashes in the names of secrets and configs are made with; secret. */
    readonly key: pulumi.Output<string>;
    /** Undefined where no service uses any. */
    readonly objects: Objects | undefined;
    /** The manager that commands go to. */
    readonly seed: Node;
    /** All nodes: a port in ingress mode is answered by each of them. */
    readonly nodes: readonly Node[];
    /** What has to be done before a service is made. Said here, as children do not inherit a `dependsOn`. */
    readonly after: pulumi.Resource;
    /** A new swarm has none of the services of the one before, whose commands look done still. */
    readonly swarm: pulumi.Resource;
    /** The services that the swarm has otherwise, or not at all. */
    readonly differing: Differing["services"];
    /** Nodes whose droplets go at the end of this up. */
    readonly leaving: readonly string[];
}

/** A service that has converged. */
export interface DeployedService {
    /** Image with the digest that its tasks run; "" where an up has gone on without it. */
    readonly image: pulumi.Output<string>;
    /** One URL a node and published TCP port. */
    readonly urls: pulumi.Output<string[]>;
}

/**
 * The services that the configuration declares, one resource each. A service that is no longer declared is removed
 * by the roster, before this component makes any: a renamed one finds its published port free.
 */
export class Services extends pulumi.ComponentResource {
    readonly byName: Readonly<Record<string, DeployedService>>;

    constructor(name: string, args: ServicesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:Services", name, shownServices(args), opts);
        const deployed = new Map<string, ReturnType<typeof deploy>>();
        for (const spec of inOrder(args.settings.services)) {
            const preceding = precedingOf(spec).flatMap((other) => deployed.get(other)?.command ?? []);
            deployed.set(spec.name, deploy(spec, args, { parent: this, dependsOn: preceding }));
        }
        const byName = [...deployed].sort(([a], [b]) => (a < b ? -1 : 1));
        this.byName = Object.fromEntries(byName.map(([name, { service }]) => [name, service]));
        args.objects?.removeUnused(byName.map(([, { command }]) => command));
        this.registerOutputs({ services: this.byName });
    }
}

/** A service whose script's input is secret as a whole, as a person may see it. */
export interface ShownService {
    readonly timeout: number;
    readonly login?: string;
    readonly spec: JsonObject;
}

/**
 * The input of a script is one text, which is secret as soon as a part of it is. So what is no secret of such services is an
 * input of the component, for previews, diffs and plans.
 */
function shownServices({ settings, key }: ServicesArgs): {
    shown?: pulumi.Input<Record<string, ShownService>>;
} {
    const hiding = settings.services.filter((service) => holdsSecret(service, settings));
    if (hiding.length === 0) return {};
    const shown = key.apply((text) =>
        Object.fromEntries(
            hiding.map((service): [string, ShownService] => [
                service.name,
                {
                    timeout: service.timeout,
                    login: shownLogin(service, settings, text),
                    spec: engineSpec(service, shownOf(settings, text)),
                },
            ]),
        ),
    );
    return { shown: kept(pulumi.unsecret(shown), settings, "services") };
}

/** Seconds that a service's script has beside those to converge, which count from its start: the networks that it leaves go. */
const OTHER_WAITS_SECONDS = 120;

function deploy(
    service: ServiceSpec,
    args: ServicesArgs,
    {
        parent,
        dependsOn,
    }: { readonly parent: pulumi.Resource; readonly dependsOn: readonly pulumi.Resource[] },
): { readonly service: DeployedService; readonly command: pulumi.Resource } {
    const { settings, objects } = args;
    const auth = registryAuth(service.image, settings.registries, settings.secrets);
    const lines: Line[] = [
        ["node", args.seed.name],
        ["service", service.name],
        ["image", service.image],
        ["limit", service.timeout],
        ...(auth === undefined ? [] : [["auth", auth] as const]),
        ...networkLines(service, settings.networks),
    ];
    const isSecret = settings.secretKeys.includes("services") || holdsSecret(service, settings);
    const command = remoteScript(
        service.name,
        {
            host: args.seed,
            script: "service",
            input: isSecret ? pulumi.secret(lines) : lines,
            // Names and marks with a hash are in clear, whatever key they were made with.
            spec:
                usesObjects(service) || isJob(service)
                    ? pulumi.unsecret(args.key.apply((key) => specOf(service, args, key)))
                    : specOf(service, args, ""),
            differs: args.differing?.get(service.name),
            leaving: args.leaving,
            timeout: service.timeout + OTHER_WAITS_SECONDS,
        },
        {
            parent,
            dependsOn: [args.after, ...dependsOn, ...(objects?.usedBy(service) ?? [])],
            replaceWith: [args.swarm],
        },
    );
    outliveFailure(command);
    const answer = command.stdout.apply((stdout) =>
        parseAnswer("service", { node: args.seed.name, resource: service.name, stdout }),
    );
    const ports = service.ports.filter((port) => port.protocol === "tcp").map((port) => port.published);
    const deployed = {
        image: pulumi.recover(
            answer.apply(({ image }) => image),
            () => "",
        ),
        urls: pulumi
            .all(args.nodes.map((node) => node.publicIp))
            .apply((addresses) => addresses.flatMap((address) => ports.map((port) => url(address, port)))),
    };
    return { service: deployed, command };
}

/** @param key What the hashes in it are made with. */
function specOf(service: ServiceSpec, { settings }: ServicesArgs, key: string): string {
    const spec = engineSpec(service, heldBy(settings, key));
    return specText(markedJob(spec, service, settings.services, shownOf(settings, key)));
}

/**
 * With `--continue-on-error` the rest of an up goes on when a service fails, deletions too: nodes can still be changed. But the
 * SDK fails all outputs of what has failed, and the whole program with the first of them that nobody catches. That is as it
 * should be for all that comes before: where the roster fails, no droplet may go.
 */
function outliveFailure(resource: pulumi.Resource): void {
    for (const output of Object.values(resource)) {
        if (pulumi.Output.isInstance(output)) void pulumi.recover(output, () => undefined);
    }
}

function url(address: string, port: number): string {
    return port === 80
        ? `http://${address}/`
        : port === 443
          ? `https://${address}/`
          : `http://${address}:${port}/`;
}
