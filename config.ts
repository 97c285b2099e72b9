/**
 * The stack's configuration: every key with its default, read and checked as a whole.
 *
 * All problems are reported at once, each with the key, the value received and what is allowed, before anything is
 * made. `Pulumi.yaml` declares the same keys to the engine; a test keeps the two alike.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import {
    ipRange,
    LONGEST_OVERLAY_MASK,
    POOL_ALLOWED,
    poolRange,
    SSH_FROM_ALLOWED,
    VPC_ALLOWED,
    vpcRange,
} from "./model/addresses.ts";
import { placementProblems, portProblems } from "./model/clashes.ts";
import { type Contents, type ReadFile, readContents } from "./model/contents.ts";
import { referenceProblems } from "./model/held.ts";
import { DROPLET_IMAGE_ALLOWED, isSlug } from "./model/images.ts";
import { orderProblems } from "./model/jobs.ts";
import { expandNames, NAMES_ALLOWED } from "./model/names.ts";
import { networkProblems, networks } from "./model/networks.ts";
import { labelProblems, labelsByNode, nodeLabels } from "./model/nodeLabels.ts";
import {
    availability,
    members,
    nodeProblems,
    nodeSpecs,
    RECOVER_ALLOWED,
    recoveryProblems,
} from "./model/nodes.ts";
import { openPortProblems, openPorts } from "./model/openPorts.ts";
import { PROJECT, type Problem, problemText, Refused, unknownKeyText } from "./model/problems.ts";
import { registries } from "./model/registries.ts";
import { rolloutProblems } from "./model/rollouts.ts";
import { rangeProblems, roomProblems } from "./model/room.ts";
import {
    asObject,
    asText,
    flag,
    integer,
    list,
    oneOf,
    parseJson,
    read,
    text,
    textWhere,
    value,
} from "./model/schema.ts";
import { versionProblems } from "./model/serviceProblems.ts";
import { readServices } from "./model/services.ts";
import { SECRET_KEYS, type SecretKey, type ServiceSpec, type Settings } from "./model/settings.ts";
import { ACCOUNT_KEY_ALLOWED, accountKey, isUser } from "./model/ssh.ts";
import { isWantedVersion, VERSION_ALLOWED } from "./model/versions.ts";

const SIZE_ALLOWED = 'the slug of a droplet size such as "s-1vcpu-1gb"';

/** A slug, or "" where the role takes what `key` says. */
const slugOr = (key: "image" | "size", allowed: string) =>
    textWhere(`${allowed}, or "" for swarm:${key}`, (received) => received === "" || isSlug(received));

const names = value(NAMES_ALLOWED, (received) => {
    // The engine gives "" for a key without a value, and says that it will give null one day.
    if (received === null) {
        throw new Refused('has no value; "" stands for none');
    }
    return expandNames(Array.isArray(received) ? received.map(asText).join() : asText(received));
});

const sshFrom = value<unknown>(SSH_FROM_ALLOWED, (received) => {
    if (Array.isArray(received) && received.length === 0) {
        throw new Refused("nobody could log in, this program included");
    }
    return typeof received === "string" ? [received] : received;
})
    .pipe(list(SSH_FROM_ALLOWED, text(SSH_FROM_ALLOWED, ipRange)))
    .transform((ranges) => [...new Set(ranges)]);

/**
 * Every key of the stack's configuration: its type as `Pulumi.yaml` declares it, its default, and how it is read.
 *
 * A default is written as a stack file would have it and read like any other value. Where "" stands, it means that
 * the key is left to another one: the engine knows no key that is optional and has no default.
 */
const KEYS = {
    region: {
        type: "string",
        default: "sgp1",
        schema: textWhere('the slug of a region such as "sgp1"', (received) =>
            /^[a-z]+[0-9]+$/.test(received),
        ),
    },
    // The marketplace's Docker image; the bare Ubuntu images have no Docker.
    image: { type: "string", default: "docker-22-04", schema: textWhere(DROPLET_IMAGE_ALLOWED, isSlug) },
    size: { type: "string", default: "s-1vcpu-1gb", schema: textWhere(SIZE_ALLOWED, isSlug) },
    managerImage: { type: "string", default: "", schema: slugOr("image", DROPLET_IMAGE_ALLOWED) },
    workerImage: { type: "string", default: "", schema: slugOr("image", DROPLET_IMAGE_ALLOWED) },
    managerSize: { type: "string", default: "", schema: slugOr("size", SIZE_ALLOWED) },
    workerSize: { type: "string", default: "", schema: slugOr("size", SIZE_ALLOWED) },
    managers: { type: "string", default: "node1", schema: names },
    workers: { type: "string", default: "node[2:4]", schema: names },
    nodeLabels: { type: "object", default: {}, schema: nodeLabels },
    managerAvailability: { type: "string", default: "auto", schema: oneOf("auto", "active", "drain") },
    // A node that the engine refuses to delete or to replace, until the key is taken back.
    protectManagers: { type: "boolean", default: false, schema: flag() },
    // Whether it is a manager is checked with the managers.
    recoverFrom: { type: "string", default: "", schema: textWhere(RECOVER_ALLOWED, () => true) },
    // What counts is that it changes.
    tokenRotation: { type: "integer", default: 0, schema: integer(0, 999_999_999) },
    // A manager whose engine was restarted needs the key before it takes part again: an up gives it, nothing else does.
    autolock: { type: "boolean", default: false, schema: flag() },
    sshKeys: {
        // No type: the engine knows no list of numbers and strings, and would refuse one or the other.
        type: undefined,
        default: [],
        schema: list(
            `a list, each member ${ACCOUNT_KEY_ALLOWED}`,
            text(ACCOUNT_KEY_ALLOWED, accountKey),
        ).transform((keys) => [...new Set(keys)]),
    },
    sshUser: {
        type: "string",
        default: "root",
        schema: textWhere('the name of a Linux user such as "root"', isUser),
    },
    sshFrom: {
        // The default is refused: who may reach port 22 is for a person to say. Without one, the engine would stop at
        // this key alone, before any other problem is seen.
        type: "array<string>",
        default: [],
        schema: sshFrom,
    },
    vpcIpRange: { type: "string", default: "10.120.0.0/20", schema: text(VPC_ALLOWED, vpcRange) },
    overlayPool: { type: "string", default: "10.200.0.0/16", schema: text(POOL_ALLOWED, poolRange) },
    overlayPoolMaskLength: { type: "integer", default: 24, schema: integer(1, LONGEST_OVERLAY_MASK) },
    openPorts: {
        // No type: the engine knows no list of numbers and strings.
        type: undefined,
        default: [],
        schema: openPorts,
    },
    networks: { type: "object", default: {}, schema: networks },
    secrets: {
        type: "object",
        default: {},
        schema: value("a map from names of secrets to their values", asObject),
    },
    configs: {
        type: "object",
        default: {},
        schema: value("a map from names of configs to their contents", asObject),
    },
    // A rollback by hand asks for what the service had before.
    keep: { type: "integer", default: 0, schema: integer(0, 100) },
    registries: { type: "object", default: {}, schema: registries },
    services: {
        type: "object",
        default: {},
        schema: value("a map from names of services to their options", asObject),
    },
    minDockerVersion: {
        // The first with the fixes of CVE-2023-28840, 28841 and 28842: overlay networks that let forged and
        // unencrypted traffic in (GHSA-232p-vwff-86mp, GHSA-33pg-m6jh-5237, GHSA-6wrf-mxfj-pf5p).
        type: "string",
        default: "20.10.24",
        schema: textWhere(VERSION_ALLOWED, isWantedVersion),
    },
    nodeTimeout: { type: "integer", default: 600, schema: integer(30, 3600, "seconds") },
    // The agent is installed by apt at the first boot, which takes its time and may be in the way of others.
    monitoring: { type: "boolean", default: false, schema: flag() },
} as const satisfies Record<string, { type: string | undefined; default: unknown; schema: z.ZodType }>;

type Key = keyof typeof KEYS;
type Values = { [K in Key]: z.output<(typeof KEYS)[K]["schema"]> };

const KEY_NAMES = Object.keys(KEYS) as Key[];

/** Type and default of each key, for whoever has to keep another list of them alike. */
export const DECLARED_KEYS: Readonly<Record<string, { type: string | undefined; default: unknown }>> = KEYS;

/** The settings, or the problems found, as lines of text. */
export type Parsed = { readonly settings: Settings } | { readonly problems: readonly string[] };

/**
 * Reads and checks a configuration.
 *
 * @param raw Values by key, without the project's name in front. Lists and maps may come as JSON text, numbers and
 *   booleans as text: a stack's configuration reaches the program as strings.
 * @param secretKeys Keys whose values are stored encrypted; no part of them appears in a problem.
 * @param readFile Reads the files that secrets and configs are made of.
 */
export function parseSettings(
    raw: Readonly<Record<string, unknown>>,
    secretKeys: readonly string[] = [],
    readFile: ReadFile = (path) => readFileSync(resolve(import.meta.dirname, path)),
): Parsed {
    const problems: string[] = [];
    // A key that is there is never the default, whatever an engine makes of one without a value.
    const received = (key: string): unknown =>
        decoded(raw[key] === undefined ? KEYS[key as Key].default : raw[key]);
    /** Adds problems whose texts may quote the values of `keys`. */
    const report = (found: readonly Problem[], ...keys: readonly Key[]) => {
        const secret = keys.some((key) => secretKeys.includes(key));
        problems.push(...found.map((problem) => problemText(problem, secret)));
        return found.length === 0;
    };

    for (const key of Object.keys(raw).filter((key) => !Object.hasOwn(KEYS, key))) {
        problems.push(unknownKeyText([key], KEY_NAMES));
    }
    for (const key of KEY_NAMES.filter((key) => secretKeys.includes(key) && !mayBeSecret(key))) {
        const why = "names, options and outputs are in clear wherever they are";
        const allowed = `a value that is not secret, since ${why}: pulumi config set ${PROJECT}:${key} VALUE`;
        problems.push(problemText({ path: [key], value: received(key), why: "", allowed }, true));
    }
    const values: Partial<Record<Key, unknown>> = {};
    for (const key of KEY_NAMES) {
        const result = read(KEYS[key].schema, received(key), [key], secretKeys.includes(key));
        if ("problems" in result) {
            problems.push(...result.problems);
        } else {
            values[key] = result.value;
        }
    }
    // From here on a key that was refused is missing; what depends on it is left out, the rest is checked still.
    const known = values as Partial<Values>;
    const services = readServices(known.services ?? {}, secretKeys.includes("services"));
    problems.push(...services.problems);
    const contents = {
        secrets: readContents("secret", known.secrets ?? {}, secretKeys.includes("secrets"), readFile),
        configs: readContents("config", known.configs ?? {}, secretKeys.includes("configs"), readFile),
    };
    problems.push(...contents.secrets.problems, ...contents.configs.problems);
    const held = {
        secrets: contents.secrets.contents,
        configs: contents.configs.contents,
        registries: known.registries ?? {},
    };
    if (known.secrets !== undefined && known.configs !== undefined) {
        const defined = { secret: Object.keys(known.secrets), config: Object.keys(known.configs) };
        report(referenceProblems(services.specs, held, defined), "services");
    }
    report(portProblems(services.specs, known.openPorts), "services");
    report(openPortProblems(known.openPorts ?? []), "openPorts");
    report(orderProblems(services.specs), "services");
    report(networkProblems(known.networks ?? {}), "networks");
    if (known.minDockerVersion !== undefined) {
        report(versionProblems(services.specs, known.minDockerVersion), "services");
    }

    const { managers, workers, vpcIpRange, overlayPool, overlayPoolMaskLength } = known;
    const roles = managers !== undefined && workers !== undefined ? { managers, workers } : undefined;
    const ranges =
        vpcIpRange !== undefined && overlayPool !== undefined && overlayPoolMaskLength !== undefined
            ? { vpcIpRange, overlayPool, overlayPoolMaskLength }
            : undefined;
    const rolesFit = roles !== undefined && report(nodeProblems(roles, received), "managers", "workers");
    if (managers !== undefined && known.recoverFrom !== undefined) {
        report(recoveryProblems(managers, known.recoverFrom), "managers", "recoverFrom");
    }
    const rangesFit =
        ranges !== undefined &&
        report(rangeProblems(ranges, received), "vpcIpRange", "overlayPool", "overlayPoolMaskLength");
    const labels = labelsByNode(known.nodeLabels ?? {});
    if (rolesFit && known.nodeLabels !== undefined) {
        const nodes = members(roles).map(({ name }) => name);
        report(labelProblems(known.nodeLabels, nodes), "nodeLabels", "managers", "workers");
    }
    if (rolesFit && known.managerAvailability !== undefined) {
        const load = {
            nodes: members(roles).map((node) => ({ ...node, labels: labels[node.name] })),
            services: services.specs,
            managerAvailability: availability(known.managerAvailability, roles),
        };
        report(placementProblems(load, received), "managers", "workers", "managerAvailability", "services");
        report(rolloutProblems(load), "managers", "workers", "managerAvailability", "services");
        if (rangesFit) {
            report(roomProblems(ranges, load, received), ...KEY_NAMES);
        }
    }
    return problems.length > 0
        ? { problems }
        : { settings: settings(values as Values, services.specs, held, secretKeys.filter(mayBeSecret)) };
}

function mayBeSecret(key: string): key is SecretKey {
    return (SECRET_KEYS as readonly string[]).includes(key);
}

function settings(
    values: Values,
    services: readonly ServiceSpec[],
    held: { readonly secrets: Contents; readonly configs: Contents },
    secretKeys: readonly SecretKey[],
): Settings {
    return {
        region: values.region,
        nodes: nodeSpecs(values, values),
        managers: values.managers,
        workers: values.workers,
        nodeLabels: labelsByNode(values.nodeLabels),
        managerAvailability: availability(values.managerAvailability, values),
        protectManagers: values.protectManagers,
        recoverFrom: values.recoverFrom,
        tokenRotation: values.tokenRotation,
        autolock: values.autolock,
        sshKeys: values.sshKeys,
        sshUser: values.sshUser,
        sshFrom: values.sshFrom,
        vpcIpRange: values.vpcIpRange,
        overlayPool: values.overlayPool,
        overlayPoolMaskLength: values.overlayPoolMaskLength,
        openPorts: values.openPorts,
        networks: values.networks,
        secrets: held.secrets,
        configs: held.configs,
        keep: values.keep,
        registries: values.registries,
        services,
        minDockerVersion: values.minDockerVersion,
        nodeTimeout: values.nodeTimeout,
        monitoring: values.monitoring,
        secretKeys,
    };
}

/** Lists and maps reach the program as JSON text. Text that only looks like it is left to the key's own reader. */
function decoded(received: unknown): unknown {
    if (typeof received !== "string" || !/^\s*[[{]/.test(received)) {
        return received;
    }
    try {
        return parseJson(received);
    } catch {
        return received;
    }
}

/**
 * The settings of the stack that is being deployed.
 *
 * @throws pulumi.RunError With all problems, one a line; the engine prints it without a stack trace.
 */
export function loadSettings(): Settings {
    const { raw, secretKeys } = stackConfig();
    const parsed = parseSettings(raw, secretKeys);
    if ("settings" in parsed) {
        return parsed.settings;
    }
    const { problems } = parsed;
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new pulumi.RunError(
        [
            `The configuration of this stack has ${count}:`,
            ...problems.map((problem) => `  - ${problem}`),
        ].join("\n"),
    );
}

/**
 * All keys of this project in the stack's configuration: `pulumi.Config` gives only those that it is asked for by
 * name, and a misspelt one is never asked for.
 */
function stackConfig(): { raw: Record<string, unknown>; secretKeys: string[] } {
    const prefix = `${PROJECT}:`;
    const raw: Record<string, unknown> = {};
    const secretKeys: string[] = [];
    // The SDK keeps this one out of its type declarations.
    const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
    for (const [name, received] of Object.entries(pulumi.runtime.allConfig())) {
        if (name.startsWith(prefix)) {
            const key = name.slice(prefix.length);
            raw[key] = received;
            if (isConfigSecret(name)) {
                secretKeys.push(key);
            }
        }
    }
    return { raw, secretKeys };
}
