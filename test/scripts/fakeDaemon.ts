import { createHash } from "node:crypto";

/** What the scripts ask of a daemon, in full: one that asks for other fields, or in another order, gets no answer. */
export const SWARM_STATE =
    "info --format {{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} id={{.Swarm.NodeID}} addr={{.Swarm.NodeAddr}} " +
    "cluster={{if .Swarm.Cluster}}{{.Swarm.Cluster.ID}}{{end}} error={{.Swarm.Error}}";
export const REMOTE_MANAGERS = "info --format {{range .Swarm.RemoteManagers}}{{println .Addr}}{{end}}";
export const POOL =
    "info --format {{with .Swarm.Cluster}}{{range .DefaultAddrPool}}{{.}} {{end}}{{.SubnetSize}}{{end}}";
export const AUTOLOCK =
    "info --format {{if .Swarm.Cluster}}{{.Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers}}{{end}}";
/** To be followed by the members' IDs. */
export const SEED_STATE =
    "node inspect --format {{.ID}} {{.Status.Addr}} {{.Status.State}} {{.Spec.Role}} " +
    "{{with .ManagerStatus}}{{.Reachability}}{{else}}-{{end}} ";
export const MANAGERS = "node inspect --format {{with .ManagerStatus}}{{.Addr}}{{end}} ";
export const REACHABILITY =
    "node inspect self --format {{if .ManagerStatus}}{{.ManagerStatus.Reachability}}{{else}}no manager yet{{end}}";

/** How a daemon in no swarm shows its state; see `SWARM_STATE`. */
export const inactive = "inactive false id= addr= cluster= error=";

/** Where `fakeDaemon` keeps its cluster's root certificate, among `Host.files`. */
export const CERTIFICATE = "docker/swarm/certificates/swarm-root-ca.crt";

/** What the scripts call the cluster whose root certificate holds `text`. */
export const digest = (text: string) => createHash("sha256").update(text).digest("hex");

/** What managers say that have lost their quorum, and what a person is told of it. */
export const LEADERLESS =
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. " +
    "Make sure more than half of the managers are online.";
export const aboutQuorum = (survivor?: string) =>
    "More than half of the managers are lost, so nothing in the swarm can be changed; its tasks run on. Bring managers " +
    "back (power their droplets on), then: pulumi up. If they are gone for good, go on from one that is left" +
    `${survivor ? `, ${survivor} or another` : ""}: pulumi config set swarm:recoverFrom ${survivor ?? "NAME"}, ` +
    "then: pulumi up --refresh\n";

/** What is said while something is waited for in vain: after 5 s, then ever rarer, and at the limit. */
export const waitedInVain = (what: string, limit: number, seen: string) => {
    const said = [5, 15, 45, 135, 405]
        .filter((second) => second < limit)
        .map((second) => `waiting for ${what}, ${second} s: ${seen}\n`)
        .join("");
    return `${said}waited ${limit} s for ${what}; last seen: ${seen}\n`;
};

/** As `waitedInVain`, for a minute. */
export const minuteOf = (what: string, seen: string) => waitedInVain(what, 60, seen);

/**
 * A good daemon for `Host.docker`. Its state in the swarm is `state` until a command writes another to $dir/state.
 *
 * @param more further cases of the `case`, which come before those that every daemon has
 */
export function fakeDaemon(state: string, more: string): string {
    return `
    "version --format {{.Server.Version}}") echo 26.1.5 ;;
    ${more}
    "info --format {{json .Labels}}") echo '["swarm.stack=swarm-dev"]' ;;
    "info --format {{.DockerRootDir}}") echo "$dir/docker" ;;
    "${SWARM_STATE}") cat "$dir/state" 2>/dev/null || echo "${state}" ;;`;
}
