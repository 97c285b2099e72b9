# shellcheck shell=sh
# Joins this node to the stack's swarm, or confirms that it is in. Never initialises one.
#
# Joins drained: the roster opens the node to tasks in the same step in which it gives it its labels, so that no
# task that asks for a label, or must avoid one, lands in between.
#
# Input: node, address, range (of the private network), limit, minimum, stack, role, cluster, ca, token, manager (address of a manager to join
# through; one or more), key (a public key that may log in; any number).

wait_for_host
open_own_firewall
address=$(value address)
cluster=$(value cluster)
role=$(value role)

# People's keys live between two marks in authorized_keys, so that one more or fewer replaces no droplet and
# keys that came from elsewhere (the deploy key, the image's) stay.
write_keys() {
    file=$HOME/.ssh/authorized_keys
    mkdir -p "$HOME/.ssh"
    chmod 700 "$HOME/.ssh"
    touch "$file"
    [ -n "$(values key)" ] || grep -q '^# begin swarm keys$' "$file" || return 0
    # Written beside and moved over: a host that stops half-way must not be left without keys.
    (
        umask 077
        {
            sed '/^# begin swarm keys$/,/^# end swarm keys$/d' "$file"
            echo '# begin swarm keys'
            values key
            echo '# end swarm keys'
        } >"$file.new"
    )
    mv "$file.new" "$file"
}
write_keys
mark_engine
wait_for 30 "$name's swarm state to settle" swarm_is_settled

# On a manager the daemon names the cluster; on a worker the root certificate does.
in_our_cluster() {
    [ "$swarm_state" = active ] || return 1
    if [ "$swarm_manager" = true ]; then
        [ "$swarm_cluster" = "$cluster" ]
        return
    fi
    [ "$(ca_digest)" = "$(value ca)" ] && return 0
    # The root certificate may have been rotated since; then the managers that this worker talks to decide.
    for manager in $(values manager); do
        docker info --format '{{range .Swarm.RemoteManagers}}{{.Addr}} {{end}}' | grep -qF "$manager:" && return 0
    done
    return 1
}

# join MANAGER: one attempt, with the three ways it can end. The daemon answers with an error after 20 s and goes
# on in the background, so an error means nothing until the state has settled; a second join meanwhile is refused.
join() {
    tried=$(timeout 60 docker swarm join --token "$(value token)" --advertise-addr "$address" \
        --listen-addr "$address:2377" --data-path-addr "$address" --availability drain \
        "$1:2377" 2>&1) && return 0
    wait_for 60 "$name to join through $1" swarm_is_settled
    [ "$swarm_state" != active ] || return 0
    docker swarm leave --force >/dev/null 2>&1 || true
    return 1
}

case $swarm_state in
active)
    in_our_cluster ||
        fail "$name: it is a member of another swarm already (node $swarm_id at $swarm_addr${swarm_cluster:+, cluster $swarm_cluster}), not of $cluster. If that is left over from the image, run on it: docker swarm leave --force"
    ;;
locked)
    fail "$name: its swarm is locked; unlock it with: docker swarm unlock"
    ;;
error)
    fail "$name: its swarm is in state error: $swarm_error. On it run: docker swarm leave --force"
    ;;
inactive)
    joined='' tries=''
    for manager in $(values manager); do
        if join "$manager"; then
            joined=$manager
            break
        fi
        tries="$tries$newline  $manager: $tried"
    done
    [ -n "$joined" ] || fail "$name: no manager of cluster $cluster let it in:$tries"
    ;;
esac

member_is_active() {
    look_at_swarm
    seen="state $swarm_state${swarm_error:+, $swarm_error}"
    [ "$swarm_state" = active ] && [ -n "$swarm_id" ]
}
wait_for 60 "$name to be a member" member_is_active

# A wrong advertise address is swallowed at a join, and the swarm takes the source address it saw.
[ "$swarm_addr" = "$address" ] ||
    fail "$name: the swarm has it at $swarm_addr instead of its private address $address"

manager_is_reachable() {
    seen=$(docker node inspect self --format '{{if .ManagerStatus}}{{.ManagerStatus.Reachability}}{{else}}no manager yet{{end}}' 2>&1) || return 1
    [ "$seen" = reachable ]
}
# The next manager joins after this one: it must count as reachable by then, or the quorum is at risk.
if [ "$role" = manager ] && [ "$swarm_manager" = true ]; then
    wait_for 60 "$name to be a reachable manager" manager_is_reachable
fi

printf '{"script":"join","node":%s,"id":%s,"docker":%s}\n' \
    "$(quoted "$name")" "$(quoted "$swarm_id")" "$(quoted "$docker_version")"
