/** Gathers what the doctor judges: the state, the account, the nodes. */
import { readFile } from "node:fs/promises";
import { type Cloud, CloudError } from "../../cloud.ts";
import { type AccountFacts, lacksImage } from "../../model/preflight.ts";
import type { Settings } from "../../model/settings.ts";
import { offeredImages } from "../../offeredImages.ts";
import { type Access, openAccess } from "../access.ts";
import { onPath } from "../children.ts";
import { NO_PLACE_TAKEN } from "../drift.ts";
import { type ApiDroplet, asDroplet } from "../droplets.ts";
import { attempt } from "../errors.ts";
import type { Choice } from "../options.ts";
import { accountMismatch } from "../otherAccount.ts";
import { atMost } from "../parallel.ts";
import { backendUrl, configOf } from "../pulumi.ts";
import { factsOf, REAL, surveyReader } from "../reading.ts";
import { LoginError, onNode } from "../ssh.ts";
import { loadStack, openCloud } from "../stack.ts";
import type { StackNode, StackState } from "../stackState.ts";
import { count, shellWord } from "../words.ts";
import {
    type ApiFirewall,
    accountChecks,
    firewallChecks,
    READ_SCOPES,
    type ScopeFact,
    tokenChecks,
} from "./account.ts";
import { type Check, checksOf, fail, ok, warn } from "./checks.ts";
import {
    clockCheck,
    diskCheck,
    engineCheck,
    isMember,
    memberChecks,
    overlayCheck,
    type Probe,
    parseProbe,
    portCheck,
    sshFromCheck,
} from "./probe.ts";
import { LOOK, swarmChecks } from "./swarm.ts";

/** In a big cluster, trying every pair would take longer than anybody waits. */
const NEIGHBOURS = 8;

/** All checks, in the order in which a person would mend what they find. */
export async function examine(choice: Choice): Promise<Check[]> {
    const state = await attempt(loadStack(choice));
    if (state instanceof Error)
        return [...programs(), fail("state", state.message, "nothing else can be looked at before that")];
    const { check, settings } = await readSettings(choice);
    return [
        ...programs(),
        ok("state", `the stack "${state.name}" in ${withoutPassword(await backendUrl(choice.signal))}`),
        check,
        ...(await accountPart(choice, state, settings)),
        ...(await nodesPart(choice, state, settings)),
    ];
}

/** Some backends are reached by an address that holds one. */
function withoutPassword(url: string): string {
    return url.replace(/(:\/\/[^/:@]*):[^@/]*@/, "$1:***@");
}

function programs(): Check[] {
    const [ssh, docker] = [checksOf("ssh"), checksOf("docker client")];
    const install = "install OpenSSH's client: apt install openssh-client";
    const others = "swarm docker uses the nodes' own; for swarm env, install docker-ce-cli";
    return [
        onPath("ssh") ? ssh.ok("the system's ssh is there") : ssh.fail("there is no ssh on PATH", install),
        onPath("docker")
            ? docker.ok("there is one on this machine")
            : docker.warn("there is none on this machine", others),
    ];
}

async function readSettings(choice: Choice): Promise<{ check: Check; settings?: Settings }> {
    const config = checksOf("config");
    const all = await attempt(configOf(choice));
    if (all instanceof Error)
        return { check: config.fail(all.message, "the passphrase is needed for config and key") };
    // Takes its time: it loads Pulumi's library.
    const { parseSettings } = await import("../../config.ts");
    const entries = Object.entries(all)
        .filter(([key]) => key.startsWith("swarm:"))
        .map(([key, entry]) => [key.slice("swarm:".length), entry] as const);
    const parsed = parseSettings(
        Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
        entries.filter(([, { secret }]) => secret).map(([key]) => key),
    );
    if (!("settings" in parsed)) {
        const remedy = "pulumi preview says the same; pulumi config set ...";
        return { check: config.fail(parsed.problems.join("; "), remedy) };
    }
    const { settings } = parsed;
    const wanted = `${count(settings.nodes.length, "node")} wanted, ${count(settings.services.length, "service")}`;
    return { check: config.ok(wanted), settings };
}

async function accountPart(choice: Choice, state: StackState, settings?: Settings): Promise<Check[]> {
    const cloud = await attempt(openCloud(choice));
    if (cloud instanceof Error) return [fail("token", cloud.message, "without a token there is no account")];
    const bodies: Bodies = {};
    const scopes = await atMost(5, READ_SCOPES, async ([scope, path, list]): Promise<ScopeFact> => {
        try {
            const body = list === undefined ? await cloud.get(path) : await cloud.list(path, list);
            if (body === undefined) return { scope, status: 404, why: `GET ${path}: 404` };
            Object.assign(bodies, { [scope]: body });
            return { scope, status: 200, why: "" };
        } catch (error) {
            if (!(error instanceof CloudError)) throw error;
            return { scope, status: error.status, why: error.message };
        }
    });
    const checks = tokenChecks(scopes);
    if (scopes.some(({ status }) => status === 401 || status === 404)) return checks;
    const { "droplet:read": droplets, "firewall:read": firewalls } = bodies;
    const mismatch = droplets && (await attempt(accountMismatch(cloud, state, droplets)));
    // Of another account nothing is worth knowing; where it cannot be told, the token's scopes have said why.
    if (typeof mismatch === "string") {
        return [...checks, fail("account", mismatch, "nothing else of the account is looked at before that")];
    }
    if (settings)
        checks.push(...accountChecks(settings, await accountFacts(cloud, bodies, settings), state.names));
    if (firewalls && state.nodes.length > 0) {
        const ids = state.nodes.map(({ dropletId }) => dropletId);
        checks.push(...firewallChecks(firewalls, state.names, ids));
    }
    return checks;
}

/** What was read, by the scope that it takes. */
interface Bodies {
    readonly "account:read"?: { readonly account: { readonly droplet_limit: number } };
    readonly "regions:read"?: AccountFacts["regions"];
    readonly "sizes:read"?: AccountFacts["sizes"];
    readonly "droplet:read"?: readonly ApiDroplet[];
    readonly "ssh_key:read"?: readonly {
        id: number;
        fingerprint: string;
        name: string;
        public_key: string;
    }[];
    readonly "firewall:read"?: readonly ApiFirewall[];
}

interface ApiImage {
    readonly image: { readonly name: string; readonly regions: string[]; readonly min_disk_size: number };
}

async function accountFacts(cloud: Cloud, bodies: Bodies, settings: Settings): Promise<AccountFacts> {
    const images = [...new Set(settings.nodes.map(({ image }) => image))].map(async (image) => {
        const body = await attempt(cloud.get<ApiImage>(`/v2/images/${image}`));
        if (body instanceof Error) return [image, undefined] as const;
        return [image, body ? { ...body.image, minDiskSize: body.image.min_disk_size } : null] as const;
    });
    const facts: AccountFacts = {
        regions: bodies["regions:read"],
        sizes: bodies["sizes:read"],
        images: Object.fromEntries(await Promise.all(images)),
        keys: bodies["ssh_key:read"]?.map((key) => ({ ...key, publicKey: key.public_key })),
        dropletLimit: bodies["account:read"]?.account.droplet_limit,
        droplets: bodies["droplet:read"]?.map(asDroplet),
    };
    if (!lacksImage(facts)) return facts;
    const offered = await attempt(offeredImages(cloud, settings.region));
    return { ...facts, offered: offered instanceof Error ? undefined : offered };
}

async function nodesPart(choice: Choice, state: StackState, settings?: Settings): Promise<Check[]> {
    if (state.nodes.length === 0)
        return [warn("nodes", "the stack is not up, so there are none to look at", "pulumi up")];
    const access = await attempt(openAccess(choice));
    if (access instanceof Error) return [fail("nodes", access.message, "without the key nobody can log in")];
    // Addresses in the ingress network are known only once every node has said its own.
    const first = await probeAll(access, choice.signal, () => []);
    const probes = first.filter(isAnswer);
    // A wrong host key, which the logins name, ends the asking of managers.
    const compared = await attempt(facts(access, choice));
    const isWrongHost = compared instanceof LoginError && compared.wrongHostKey;
    const failed = compared instanceof Error;
    const told = failed ? [fail("swarm", compared.message, LOOK)] : swarmChecks(compared);
    const swarm = isWrongHost ? [] : told;
    const checks = loginChecks(access, first, !failed && compared.noManager?.noQuorum === true);
    if (settings) checks.push(sshFromCheck(probes, settings));
    if (probes.length === 0) return [...checks, ...swarm];
    // Between others nothing is to come through: their engine has the swarm's ports closed.
    const inSwarm = probes.filter(isMember);
    const nodes = access.state.nodes.filter(({ name }) => inSwarm.some(({ node }) => node === name));
    const second = await probeAll(access, choice.signal, (name) =>
        neighbours(nodes, name).flatMap((node) => {
            const ingress = probes.find((probe) => probe.node === node.name)?.ingress;
            const ports = node.privateIp === "" ? [] : node.role === "manager" ? [7946, 2377] : [7946];
            return [
                ...ports.map((port) => `${node.privateIp}:${port}`),
                ...(ingress ? [`ping:${ingress}`] : []),
            ];
        }),
    );
    const among = second.filter(isAnswer).filter(isMember);
    const byPrivate = (at: string) => nodes.find(({ privateIp }) => privateIp === at)?.name ?? at;
    const byIngress = (at: string) => probes.find(({ ingress }) => ingress === at)?.node ?? at;
    return [
        ...checks,
        engineCheck(probes, settings?.minDockerVersion),
        ...memberChecks(probes),
        ...(inSwarm.length > 0 ? [portCheck(among, byPrivate), overlayCheck(among, byIngress)] : []),
        clockCheck(probes),
        diskCheck(probes),
        ...swarm,
    ];
}

async function facts(access: Access, choice: Choice) {
    return await factsOf(await surveyReader({ ...REAL, access: async () => access })(choice), choice);
}

/** Whom a node tries to reach: those that come after it in a ring, so that every node is tried by as many. */
function neighbours(nodes: readonly StackNode[], name: string): StackNode[] {
    const own = nodes.findIndex((node) => node.name === name);
    return [...nodes.slice(own + 1), ...nodes.slice(0, own)].slice(0, NEIGHBOURS);
}

const isAnswer = (probe: Probe | Error): probe is Probe => !(probe instanceof Error);

/** Each node's answer, or why there is none, in the order of the nodes. */
async function probeAll(
    access: Access,
    signal: AbortSignal,
    words: (node: string) => readonly string[],
): Promise<(Probe | Error)[]> {
    const script = await readFile(new URL("probe.sh", import.meta.url), "utf8");
    return await atMost(8, access.state.nodes, async (node) => {
        const sent = Date.now();
        const ran = await attempt(
            onNode(access, node, ["sh", "-s", "--", ...words(node.name)].map(shellWord).join(" "), {
                signal,
                input: script,
                limitMs: 120_000,
            }),
        );
        if (signal.aborted) throw ran;
        return ran instanceof Error ? ran : parseProbe(node.name, ran.stdout, sent, Date.now());
    });
}

function loginChecks(access: Access, probes: readonly (Probe | Error)[], noQuorum: boolean): Check[] {
    const { nodes } = access.state;
    const failed = probes.flatMap((probe, index): Check[] => {
        if (!(probe instanceof Error)) return [];
        const { name = "", publicIp } = nodes[index] ?? {};
        const isWrong = probe instanceof LoginError && probe.wrongHostKey;
        const again = noQuorum ? NO_PLACE_TAKEN : `if it stays so: cli/bin/swarm replace ${name}`;
        const known = publicIp === "" ? "pulumi up --refresh" : again;
        const remedy = isWrong ? "do not log in there" : known;
        return [fail("login", probe.message, remedy)];
    });
    const good = nodes.length - failed.length;
    if (good === 0) return failed;
    return [ok("login", `port 22 and the pinned host key of ${good} of ${nodes.length} nodes`), ...failed];
}
