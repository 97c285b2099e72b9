import * as pulumi from "@pulumi/pulumi";
import { checkAccount, openCloud, refuseOtherAccount } from "./account.ts";
import { DeployKey } from "./components/deployKey.ts";
import { known } from "./components/known.ts";
import { Network } from "./components/network.ts";
import { Nodes } from "./components/nodes.ts";
import { objectsOf } from "./components/objects.ts";
import { Services } from "./components/services.ts";
import { Swarm } from "./components/swarm.ts";
import { loadSettings } from "./config.ts";
import { leavingNodes, lookAtSwarm } from "./look/look.ts";
import { settingsWarnings } from "./model/held.ts";
import { serviceWarnings } from "./model/serviceWarnings.ts";
import { carriesMarkOf, stackNames, unmarkedName } from "./model/stackNames.ts";
import { warnOfLost } from "./remnants/lost.ts";

// The SDK takes a stack trace for each promise and resource, and has each trace mapped by the source maps of its own
// files: a tenth of the time of a preview. Node runs this program as it is written and needs no map.
Reflect.deleteProperty(Error, "prepareStackTrace");

const settings = loadSettings();
const [project, stack] = [pulumi.getProject(), pulumi.getStack()];
const unmarked = unmarkedName(project, stack);
const cloud = openCloud();
const account = await checkAccount(settings, cloud, unmarked);

const key = new DeployKey("deploy");
// In a preview before the first up nobody knows the mark yet, and there is nothing that could be found by it.
const names = key.mark.apply((mark) => stackNames(project, stack, mark));
const ownNames = await known(names);
const tagged = account.droplets?.filter(({ tags }) => ownNames && carriesMarkOf(ownNames, tags));

for (const warning of settingsWarnings(settings)) await pulumi.log.warn(warning);

const claim = { cloud, names, unmarked, say: (text: string) => void pulumi.log.warn(text) };

const network = new Network("network", {
    names,
    region: settings.region,
    ipRange: settings.vpcIpRange,
    sshFrom: settings.sshFrom,
    published: settings.services.flatMap((service) => service.ports),
    open: settings.openPorts,
    secretKeys: settings.secretKeys,
    claim,
});

const { all } = new Nodes("nodes", {
    nodes: settings.nodes,
    region: settings.region,
    sshUser: settings.sshUser,
    monitoring: settings.monitoring,
    deployKey: key,
    accountKey: key.inAccount({ keyName: names.stack, claim }),
    network,
    cloud,
    timeout: settings.nodeTimeout,
    protectManagers: settings.protectManagers,
});

await refuseOtherAccount(cloud, tagged, network.vpcId);

const differing = await lookAtSwarm({
    settings,
    names: ownNames,
    nodes: all,
    droplets: tagged,
    key: key.privateKey,
});

// Of what is deployed already nobody reads a warning twice; and an up begins with a preview.
const bites = serviceWarnings(settings, differing.services).map((text) => `  - ${text}`);
if (bites.length > 0 && pulumi.runtime.isDryRun())
    await pulumi.log.warn(["Of the services, worth a thought:", ...bites].join("\n"));

const swarm = new Swarm("swarm", {
    ...settings,
    nodes: all,
    stack: names.stack,
    differing,
    authorizedKeys: account.keys.map(({ publicKey }) => publicKey.trim()),
});

// A last one that goes is seen in the swarm alone.
const objects = objectsOf("objects", {
    settings,
    stack: names.stack,
    key: key.privateKey,
    seed: swarm.seed,
    after: swarm.roster,
    swarm: swarm.swarm,
    differing: differing.objects,
});

const deployed = new Services("services", {
    settings,
    key: key.privateKey,
    objects,
    seed: swarm.seed,
    nodes: all,
    after: swarm.roster,
    swarm: swarm.swarm,
    differing: differing.services,
    leaving: leavingNodes(settings, tagged ?? []),
});

// Not waited for: it ends once the droplets are known, and nothing depends on it.
void warnOfLost({
    names: ownNames,
    tagged,
    own: all.map((node) => node.droplet.id),
    cloud,
});

export const clusterId = swarm.clusterId;
export const manager = swarm.seed.publicIp;
export const nodes = swarm.members.map(({ node, id }) => ({
    name: node.name,
    role: node.role,
    dropletId: node.droplet.id,
    publicIp: node.publicIp,
    privateIp: node.privateIp,
    nodeId: id,
}));
export const services = deployed.byName;
export const dockerVersions = pulumi
    .all(swarm.members.map(({ dockerVersion }) => dockerVersion))
    .apply((versions) => [...new Set(versions)].sort());
export const sshUser = settings.sshUser;
export const deployKey = key.privateKey;
export const unlockKey = swarm.unlockKey;
