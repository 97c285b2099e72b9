import * as pulumi from "@pulumi/pulumi";
import { parseAnswer } from "../model/answers.ts";
import { engineSpec, specText } from "../model/engineSpec.ts";
import { networkLines } from "../model/networks.ts";
import type { Line } from "../model/scriptInput.ts";
import type { NetworkSpec, ServiceSpec } from "../model/settings.ts";
import type { Node } from "./nodes.ts";
import { type Differs, remoteScript } from "./remote.ts";

export interface ServicesArgs {
    readonly services: readonly ServiceSpec[];
    readonly networks: Readonly<Record<string, NetworkSpec>>;
    /** The configuration keeps them encrypted: then what is sent of them stays so in the state. */
    readonly secret: boolean;
    readonly stack: string;
    /** The manager that commands go to. */
    readonly seed: Node;
    /** All nodes: a port in ingress mode is answered by each of them. */
    readonly nodes: readonly Node[];
    /** What has to be done before a service is made. Said here, as children do not inherit a `dependsOn`. */
    readonly after: pulumi.Resource;
    /** A new swarm has none of the services of the one before, whose commands look done still. */
    readonly swarm: pulumi.Resource;
    /** Names of the services that the swarm has otherwise, or not at all. */
    readonly differing: ReadonlyMap<string, Differs>;
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
        super("swarm:index:Services", name, {}, opts);
        this.byName = Object.fromEntries(args.services.map((spec) => [spec.name, deploy(spec, args, this)]));
        this.registerOutputs({ services: this.byName });
    }
}

/** Seconds that a service's script has beside those to converge, which count from its start: the networks that it leaves go. */
const OTHER_WAITS_SECONDS = 120;

function deploy(service: ServiceSpec, args: ServicesArgs, parent: pulumi.Resource): DeployedService {
    const lines: Line[] = [
        ["node", args.seed.name],
        ["stack", args.stack],
        ["service", service.name],
        ["image", service.image],
        ["limit", service.timeout],
        ...networkLines(service, args.networks, args.stack),
    ];
    const command = remoteScript(
        service.name,
        {
            host: args.seed,
            script: "service",
            input: args.secret ? pulumi.secret(lines) : lines,
            spec: specText(engineSpec(service, args.stack)),
            differs: args.differing.get(service.name),
            leaving: args.leaving,
            timeout: service.timeout + OTHER_WAITS_SECONDS,
        },
        { parent, dependsOn: args.after, replaceWith: [args.swarm] },
    );
    outliveFailure(command);
    const answer = command.stdout.apply((stdout) =>
        parseAnswer("service", { node: args.seed.name, resource: service.name, stdout }),
    );
    const ports = service.ports.filter((port) => port.protocol === "tcp").map((port) => port.published);
    return {
        image: pulumi.recover(
            answer.apply(({ image }) => image),
            () => "",
        ),
        urls: pulumi
            .all(args.nodes.map((node) => node.publicIp))
            .apply((addresses) => addresses.flatMap((address) => ports.map((port) => url(address, port)))),
    };
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
