/**
 * Options of a service under the names that Docker's command line and Compose files have for them: what they are
 * called here, or where they stand in the Engine API's spec of a service.
 */

/** By their plain keys. */
const OURS: Readonly<Record<string, string>> = {
    environment: "env",
    entrypoint: "command",
    volume: "mounts",
    volumes: "mounts",
    tmpfs: "mounts",
    dependson: "after",
    scale: "replicas",
    publish: "ports",
    dnsopt: "dnsOptions",
    extrahosts: "hosts",
    groupadd: "groups",
    healthcmd: "healthcheck",
    healthinterval: "healthcheck",
    healthretries: "healthcheck",
    healthstartperiod: "healthcheck",
    healthtimeout: "healthcheck",
    limitpids: "limits",
    logging: "logDriver",
    logopt: "logDriver",
    nohealthcheck: "healthcheck",
    pidslimit: "limits",
    placement: "constraints",
    placementpref: "preferences",
    replicasmaxpernode: "maxReplicasPerNode",
    resources: "limits",
    limitcpu: "limits",
    limitmemory: "limits",
    reservecpu: "reservations",
    reservememory: "reservations",
    restartpolicy: "restart",
    restartcondition: "restart",
    updateconfig: "update",
    rollbackconfig: "rollback",
    workingdir: "workdir",
    config: "configs",
    secret: "secrets",
};

const CONTAINER = ["TaskTemplate", "ContainerSpec"];

const SPEC: Readonly<Record<string, readonly string[]>> = {
    credentialspec: [...CONTAINER, "Privileges", "CredentialSpec"],
    isolation: [...CONTAINER, "Isolation"],
    privileges: [...CONTAINER, "Privileges"],
    securityopt: [...CONTAINER, "Privileges"],
    stdinopen: [...CONTAINER, "OpenStdin"],
};

/** `capAdd`, `cap_add` and `cap-add` alike. */
export function plainKey(key: string): string {
    return key.toLowerCase().replaceAll(/[_-]/g, "");
}

/** What the option is called in the configuration; undefined where it is not there. */
export function ownOption(key: string): string | undefined {
    const plain = plainKey(key);
    return Object.hasOwn(OURS, plain) ? OURS[plain] : undefined;
}

/** Where the option stands in the Engine API's spec of a service; undefined for no option of Docker's. */
export function specPath(key: string): readonly string[] | undefined {
    const plain = plainKey(key);
    return Object.hasOwn(SPEC, plain) ? SPEC[plain] : undefined;
}
