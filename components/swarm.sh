# shellcheck shell=sh
# Makes the seed manager a member of the stack's swarm.
#
# First argument `create`: the stack has no swarm yet, so one is initialised; a swarm that an earlier,
# interrupted run initialised on this very address is taken over. `update`: the stack has a swarm, so nothing is
# ever initialised; a host that is no member joins with the token of the previous output.
#
# Join tokens are rotated when an update is sent another number than the last run printed, and only those that are still
# as that run printed them: others have been rotated since, by a run that was stopped before it could print them.
#
# Input: node, address, range (of the private network), limit, minimum, stack, pool, mask, rotation (a number),
# autolock (true or false), peer (address of another wanted manager; any number).

mode=$1
wait_for_host
open_own_firewall
address=$(value address)
mark_engine
wait_for 30 "$name's swarm state to settle" swarm_is_settled
rotation=$(value rotation)
autolock=$(value autolock)

start_over="If that cluster is gone for good, start a new one with: pulumi up --replace '**:Command::swarm'. Its services are made anew, its secrets, configs and the data of its volumes are not"

if [ "$mode" = update ]; then
    previous=${PULUMI_COMMAND_STDOUT:-}
    [ -n "$previous" ] ||
        fail "$name: the previous output did not arrive; sshd must accept PULUMI_COMMAND_* (AcceptEnv), as this stack's user data sets it"
    cluster=$(field cluster "$previous")
    was_rotation=$(field rotation "$previous")
fi
was_rotation=${was_rotation:-0}
was_unlock_key=$(field unlockKey "${previous:-}")
was_former_key=$(field formerUnlockKey "${previous:-}")
unlock_swarm "$was_unlock_key$newline$was_former_key"

# by_promise MANAGERS: addresses to join through, a line each, those that promise most first: the wanted ones among
# MANAGERS, which are in the swarm and stay; the other MANAGERS; the other wanted ones, which are not in it yet. Docker takes
# ten seconds to give up a host that listens on no swarm port, and twenty for one that is gone.
by_promise() {
    {
        values peer | while IFS= read -r peer; do if has "$peer" "$1"; then printf '%s\n' "$peer"; fi; done
        printf '%s\n' "$1"
        values peer
    } | grep -vxF "$address" | unique
}

# Managers to join through, by what the last run saw, which may be gone by now.
known_managers() {
    by_promise "$(field managers "$previous" | tr ' ' '\n')"
}

join_as_manager() {
    join_through "$(field managerToken "$previous")" "$(known_managers)" && return 0
    remedy=$(about_quorum "$tries")
    # On this host, which is in no swarm, that command would initialise a second one.
    remedy=${remedy:-$(about_token "$tries" "put a manager that is in it first in swarm:managers, then")}
    # One that is there and has no majority does not answer either, so it cannot be told from one that is gone.
    if [ -z "$remedy" ] && [ -n "$(values peer)" ]; then
        remedy="Managers without a majority let nobody in. If more than half of them are lost for good and one is left, go on from that one: pulumi config set swarm:recoverFrom NAME, then: pulumi up --refresh. $start_over"
    fi
    fail "$name: no manager of cluster $cluster let it in:${tries:- there is no other manager}
${remedy:-$start_over}"
}

# What can be said at initialisation only.
check_pool() {
    pool=$(docker info --format '{{with .Swarm.Cluster}}{{range .DefaultAddrPool}}{{.}} {{end}}{{.SubnetSize}}{{end}}')
    [ -z "$pool" ] || [ "$pool" = "$(value pool) $(value mask)" ] ||
        fail "$name: overlay networks of this swarm come from ${pool% *} in pieces of /${pool##* }, which cannot be changed: set swarm:overlayPool and swarm:overlayPoolMaskLength back. For another pool, the swarm has to be made anew: pulumi destroy, then pulumi up"
}

# answer MANAGERS CLUSTER CA WORKER-TOKEN MANAGER-TOKEN UNLOCK-KEY FORMER-UNLOCK-KEY; MANAGERS in the order in which the
# joins are to try them.
answer() {
    managers=$(printf '%s\n' "$1" | unique | tr '\n' ' ')
    printf '{"script":"swarm","node":%s,"cluster":%s,"ca":%s,"managers":%s,"workerToken":%s,"managerToken":%s,"rotation":%s,"unlockKey":%s,"formerUnlockKey":%s}\n' \
        "$(quoted "$name")" "$(quoted "$2")" "$(quoted "$3")" "$(quoted "${managers% }")" "$(quoted "$4")" "$(quoted "$5")" \
        "$(quoted "$rotation")" "$(quoted "$6")" "$(quoted "$7")"
}

set_autolock() {
    autolocks=$(docker info --format '{{if .Swarm.Cluster}}{{.Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers}}{{end}}')
    [ "$autolocks" = "$autolock" ] || docker swarm update --autolock="$autolock" >/dev/null
    unlock_key=''
    [ "$autolock" = false ] || unlock_key=$(docker swarm unlock-key -q)
}

rotate_secrets() {
    for token_role in worker manager; do
        [ "$(docker swarm join-token -q "$token_role")" = "$(field "${token_role}Token" "$previous")" ] || continue
        docker swarm join-token --rotate -q "$token_role" >/dev/null
    done
    if [ -n "$unlock_key" ] && [ "$unlock_key" = "$was_unlock_key" ]; then
        unlock_key=$(docker swarm unlock-key --rotate -q)
    fi
}

case $mode:$swarm_state in
create:inactive)
    free_gossip_port
    docker swarm init --availability drain --advertise-addr "$address" --listen-addr "$address:2377" --data-path-addr "$address" \
        --default-addr-pool "$(value pool)" --default-addr-pool-mask-length "$(value mask)" >/dev/null
    ;;
create:active)
    if [ "$swarm_manager" != true ] || [ "$swarm_addr" != "$address" ]; then
        fail "$name: it is a member of another swarm already (node $swarm_id at $swarm_addr). If its image was made from a member, choose one that was not (swarm:image); else run on it: docker swarm leave --force"
    fi
    ;;
update:inactive)
    join_as_manager
    ;;
update:active)
    # A worker that the config made the first manager: only a manager can promote it. Each of the stack's nodes does so
    # in its join, should it be one; what is asked of a swarm's seed until then, the last run has left.
    if [ "$swarm_manager" != true ]; then
        has_ca "$(field ca "$previous")" || sees_manager_of "$(known_managers)" ||
            fail "$name: it is a worker of another swarm (node $swarm_id at $swarm_addr), not of $cluster. On it run: docker swarm leave --force"
        autolocks=false
        [ -z "$was_unlock_key" ] || autolocks=true
        [ "$rotation $autolock" = "$was_rotation $autolocks" ] ||
            fail "$name: it is a worker until another manager promotes it, and only a manager can change swarm:tokenRotation or swarm:autolock. Set them back to $was_rotation and $autolocks, run pulumi up, and change them after that"
        answer "$(by_promise "$(managers_seen && known_managers)")$newline$address" "$cluster" "$(field ca "$previous")" \
            "$(field workerToken "$previous")" "$(field managerToken "$previous")" "$was_unlock_key" "$was_former_key"
        exit 0
    fi
    ;;
*)
    fail "$name: its swarm is in state $swarm_state: $swarm_error"
    ;;
esac

swarm_answers() {
    look_at_swarm
    seen="state $swarm_state, manager $swarm_manager${swarm_error:+, $swarm_error}"
    advice=$(about_quorum "$seen" "$name")
    [ "$swarm_state" = active ] && [ "$swarm_manager" = true ] && [ -n "$swarm_cluster" ]
}
wait_for 60 "$name to manage its swarm" swarm_answers

[ "$swarm_addr" = "$address" ] ||
    fail "$name: the swarm has it at $swarm_addr instead of its private address $address"
[ "$mode" = create ] || [ "$swarm_cluster" = "$cluster" ] ||
    fail "$name: it is in cluster $swarm_cluster, but this stack's is $cluster. $start_over"
check_pool

set_autolock
[ "$mode" = create ] || [ "$rotation" = "$was_rotation" ] || rotate_secrets
# A manager that was away meanwhile knows the former key alone, so that one is kept until there is another former one.
[ -z "$was_unlock_key" ] || [ "$was_unlock_key" = "$unlock_key" ] || was_former_key=$was_unlock_key

# Itself first: it is in.
answer "$address$newline$(by_promise "$(docker node ls --filter role=manager --format '{{.ID}}' |
    xargs docker node inspect --format '{{with .ManagerStatus}}{{.Addr}}{{end}}' | sed -n 's/:[0-9]*$//p')")" \
    "$swarm_cluster" "$(ca_digest)" "$(docker swarm join-token -q worker)" "$(docker swarm join-token -q manager)" \
    "$unlock_key" "$was_former_key"
