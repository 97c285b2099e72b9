import * as pulumi from "@pulumi/pulumi";
import { parseAnswer } from "../model/answers.ts";
import { type Line, serviceLines } from "../model/serviceLines.ts";
import type { ServiceSpec } from "../model/settings.ts";
import type { Node } from "./nodes.ts";
import { remoteScript } from "./remote.ts";

export interface ServicesArgs {
    readonly services: readonly ServiceSpec[];
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
}

/** A service that has converged. */
export interface DeployedService {
    /** Image with the digest that its tasks run. */
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

function deploy(spec: ServiceSpec, args: ServicesArgs, parent: pulumi.Resource): DeployedService {
    const lines: Line[] = [["node", args.seed.name], ["stack", args.stack], ...serviceLines(spec)];
    const service = remoteScript(
        spec.name,
        // The script reports a service that does not converge itself; the margin is for everything around that.
        {
            host: args.seed,
            script: "service",
            input: args.secret ? pulumi.secret(lines) : lines,
            timeout: spec.timeout + 120,
        },
        { parent, dependsOn: args.after, replaceWith: [args.swarm] },
    );
    const answer = service.stdout.apply((stdout) =>
        parseAnswer("service", { node: args.seed.name, resource: spec.name, stdout }),
    );
    const ports = spec.ports.filter((port) => port.protocol === "tcp").map((port) => port.published);
    return {
        image: answer.apply(({ image }) => image),
        urls: pulumi
            .all(args.nodes.map((node) => node.publicIp))
            .apply((addresses) => addresses.flatMap((address) => ports.map((port) => url(address, port)))),
    };
}

function url(address: string, port: number): string {
    return port === 80
        ? `http://${address}/`
        : port === 443
          ? `https://${address}/`
          : `http://${address}:${port}/`;
}
