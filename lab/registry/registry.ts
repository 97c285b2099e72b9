import type Docker from "dockerode";
import { nth } from "../droplets/addresses.ts";
import { imageRefs } from "../droplets/images/ensure.ts";
import { type Context, engineStatus, gone, type LabId, labLabels, namePrefix } from "../droplets/lab.ts";
import { publicNetworkName } from "../droplets/networks.ts";

/** The Hub's port: whoever lets a droplet reach the Hub lets it reach this, and nobody else. */
const PORT = 443;

/** The registry's fixed place on the lab's public network, right after the gateway. */
export function registryAddress(publicCidr: string): string {
    return nth(publicCidr, 2);
}

/** What droplets' daemons are given as mirror of Docker Hub. */
export function registryMirror(publicCidr: string): string {
    return `${registryAddress(publicCidr)}:${PORT}`;
}

export function registryConfig(lab: LabId, publicCidr: string, image: string): Docker.ContainerCreateOptions {
    const network = publicNetworkName(lab);
    return {
        name: `${namePrefix(lab)}-registry`,
        Hostname: "registry",
        Image: image,
        Labels: labLabels(lab),
        HostConfig: {
            NetworkMode: network,
            RestartPolicy: { Name: "unless-stopped" },
            LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
        },
        NetworkingConfig: {
            EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: registryAddress(publicCidr) } } },
        },
    };
}

/** Starts the lab's registry unless the very one that is wanted runs. Its network must be there. */
export async function ensureRegistry(context: Context): Promise<void> {
    const { docker, lab } = context;
    const config = registryConfig(lab, lab.publicCidr, imageRefs().registry);
    const container = docker.getContainer(config.name as string);
    try {
        const { State, Config } = await container.inspect();
        if (State.Running && Config.Image === config.Image) return;
        await gone(container.remove({ force: true }));
    } catch (error) {
        if (engineStatus(error) !== 404) throw error;
    }
    await (await docker.createContainer(config)).start();
}
