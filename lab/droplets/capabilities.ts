/**
 * Capabilities by bit, of every engine that can run droplets (capabilities(7); 38 to 40 are unknown to
 * older engines, and CAP_SYS_ADMIN covers them).
 */
const CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
] as const;

/**
 * The capabilities that a droplet gets: all that this machine can grant, by name. `--privileged` asks
 * for all that exist, and fails as a whole where a machine (one that is itself confined) lacks one.
 *
 * @param status text of /proc/self/status. Its bounding set is the machine's even for a user who may
 *   only talk to the engine.
 * @throws Error if the text has no bounding set.
 */
export function grantableCapabilities(status: string): string[] {
    const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
    if (mask === undefined) throw new Error("/proc/self/status has no line CapBnd with a hexadecimal mask.");
    const bits = BigInt(`0x${mask}`);
    return CAPABILITIES.filter((_name, bit) => (bits >> BigInt(bit)) & 1n);
}
