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
    mode: "global",
    scale: "replicas",
    publish: "ports",
    placement: "constraints",
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
};

const CONTAINER = ["TaskTemplate", "ContainerSpec"];

const SPEC: Readonly<Record<string, readonly string[]>> = {
    capadd: [...CONTAINER, "CapabilityAdd"],
    capdrop: [...CONTAINER, "CapabilityDrop"],
    config: [...CONTAINER, "Configs"],
    configs: [...CONTAINER, "Configs"],
    containerlabel: [...CONTAINER, "Labels"],
    credentialspec: [...CONTAINER, "Privileges", "CredentialSpec"],
    dns: [...CONTAINER, "DNSConfig", "Nameservers"],
    dnsoption: [...CONTAINER, "DNSConfig", "Options"],
    dnsopt: [...CONTAINER, "DNSConfig", "Options"],
    dnssearch: [...CONTAINER, "DNSConfig", "Search"],
    endpointmode: ["EndpointSpec", "Mode"],
    extrahosts: [...CONTAINER, "Hosts"],
    genericresource: ["TaskTemplate", "Resources", "Reservations", "GenericResources"],
    group: [...CONTAINER, "Groups"],
    groupadd: [...CONTAINER, "Groups"],
    groups: [...CONTAINER, "Groups"],
    healthcheck: [...CONTAINER, "Healthcheck"],
    healthcmd: [...CONTAINER, "Healthcheck", "Test"],
    host: [...CONTAINER, "Hosts"],
    isolation: [...CONTAINER, "Isolation"],
    limitpids: ["TaskTemplate", "Resources", "Limits", "Pids"],
    logdriver: ["TaskTemplate", "LogDriver"],
    logging: ["TaskTemplate", "LogDriver"],
    maxreplicaspernode: ["TaskTemplate", "Placement", "MaxReplicas"],
    nohealthcheck: [...CONTAINER, "Healthcheck"],
    oomscoreadj: [...CONTAINER, "OomScoreAdj"],
    pidslimit: ["TaskTemplate", "Resources", "Limits", "Pids"],
    placementpref: ["TaskTemplate", "Placement", "Preferences"],
    privileges: [...CONTAINER, "Privileges"],
    replicasmaxpernode: ["TaskTemplate", "Placement", "MaxReplicas"],
    secret: [...CONTAINER, "Secrets"],
    secrets: [...CONTAINER, "Secrets"],
    securityopt: [...CONTAINER, "Privileges"],
    stdinopen: [...CONTAINER, "OpenStdin"],
    stopsignal: [...CONTAINER, "StopSignal"],
    sysctl: [...CONTAINER, "Sysctls"],
    sysctls: [...CONTAINER, "Sysctls"],
    tty: [...CONTAINER, "TTY"],
    ulimit: [...CONTAINER, "Ulimits"],
    ulimits: [...CONTAINER, "Ulimits"],
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
