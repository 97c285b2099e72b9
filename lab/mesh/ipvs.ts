import { existsSync } from "node:fs";
import { execa } from "execa";

/** Made by the kernel as soon as IPVS is there, built in or as a loaded module. */
const IPVS = "/proc/net/ip_vs";

/**
 * Whether this kernel can balance Docker's routing mesh. A module that is there but not loaded gets
 * loaded: as on a real droplet, where dockerd does it, which from within a container it may not.
 * Droplets share the kernel of the machine that the lab runs on.
 */
export async function kernelHasIpvs(): Promise<boolean> {
    if (existsSync(IPVS)) return true;
    await execa("modprobe", ["-a", "ip_vs", "ip_vs_rr"], { reject: false, timeout: 10_000 });
    return existsSync(IPVS);
}
