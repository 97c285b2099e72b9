/** How a daemon in no swarm shows its state; see `swarm_state` in host.sh. */
export const inactive = "inactive false id= addr= cluster= error=";

/**
 * A good daemon for `Host.docker`. Its state in the swarm is `state` until a command writes another to $dir/state.
 *
 * @param more further cases of the `case`, which come before those that every daemon has
 */
export function fakeDaemon(state: string, more: string): string {
    return `
    "version "*) echo 26.1.5 ;;
    ${more}
    "info --format {{json .Labels}}") echo '["swarm.stack=swarm-dev"]' ;;
    "info --format {{.DockerRootDir}}") echo "$dir/nothing" ;;
    "info --format {{.Swarm.LocalNodeState}}"*) cat "$dir/state" 2>/dev/null || echo "${state}" ;;`;
}
