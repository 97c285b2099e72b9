import type Docker from "dockerode";
import { imageRefs } from "../droplets/images/ensure.ts";
import { gone, type LabId, labLabels, namePrefix } from "../droplets/lab.ts";
import { registryAddress } from "./registry.ts";

const PORT = 5000;

/** Logins of which the registry takes one at a time, as it is with those that end: passwords of the user `deploy`. */
export const LOGINS = { first: "cirrus-7-anvil-orchard", second: "juniper-4-lantern-quay" } as const;

/**
 * Starts a registry with a login beside the lab's own, in the network of which it answers, or starts it anew with the other
 * login. Goes with the lab. The same images are in it.
 *
 * @returns Its host, as it stands in front of an image's name.
 */
export async function startPrivateRegistry(
    docker: Docker,
    lab: LabId,
    publicCidr: string,
    login: keyof typeof LOGINS,
): Promise<string> {
    const name = `${namePrefix(lab)}-private-registry`;
    await gone(docker.getContainer(name).remove({ force: true }));
    const container = await docker.createContainer({
        name,
        Image: imageRefs().registry,
        Cmd: ["/etc/docker/registry/private.yml"],
        Entrypoint: ["/usr/bin/docker-registry", "serve"],
        Env: [`REGISTRY_AUTH_HTPASSWD_PATH=/etc/docker/registry/htpasswd-${login}`],
        Labels: labLabels(lab),
        HostConfig: {
            NetworkMode: `container:${namePrefix(lab)}-registry`,
            LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
        },
    });
    await container.start();
    return `${registryAddress(publicCidr)}:${PORT}`;
}
