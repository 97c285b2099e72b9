# shellcheck shell=sh
# Makes the seed manager a member of the stack's swarm.
#
# First argument `create`: the stack has no swarm yet, so one is initialised; a swarm that an earlier,
# interrupted run initialised on this very address is taken over. `update`: the stack has a swarm, so nothing is
# ever initialised; a host that is no member joins with the token of the previous output.
#
# Input: node, address, range (of the private network), limit, minimum, stack, pool, mask, peer (address of another manager; any number).

mode=$1
wait_for_host
open_own_firewall
address=$(value address)
mark_engine
wait_for 30 "$name's swarm state to settle" swarm_is_settled

# field NAME JSON: the string NAME of a flat JSON object that one of these scripts printed.
field() {
    printf '%s\n' "$2" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

tries=''
join_as_manager() {
    previous=${PULUMI_COMMAND_STDOUT:-}
    [ -n "$previous" ] ||
        fail "$name: the previous output did not arrive; sshd must accept PULUMI_COMMAND_* (AcceptEnv), as this stack's user data sets it"
    cluster=$(field cluster "$previous")
    token=$(field managerToken "$previous")
    peers=$(values peer && field managers "$previous" | tr ' ' '\n')
    for peer in $(printf '%s\n' "$peers" | sort -u); do
        [ "$peer" != "$address" ] || continue
        if tried=$(timeout 60 docker swarm join --token "$token" --advertise-addr "$address" \
            --listen-addr "$address:2377" --data-path-addr "$address" --availability drain "$peer:2377" 2>&1); then
            return 0
        fi
        # The daemon gives up waiting after 20 s and goes on in the background: that is no failure yet.
        wait_for 60 "$name to join through $peer" swarm_is_settled
        [ "$swarm_state" != active ] || return 0
        docker swarm leave --force >/dev/null 2>&1 || true
        tries="$tries$newline  $peer: $tried"
    done
    fail "$name: no manager of cluster $cluster let it in:${tries:- there is no other manager}
If that cluster is gone for good, start a new one with: pulumi up --replace '**:Command::swarm'"
}

case $mode:$swarm_state in
*:locked)
    fail "$name: its swarm is locked; unlock it with: docker swarm unlock"
    ;;
create:inactive)
    docker swarm init --availability drain --advertise-addr "$address" --listen-addr "$address:2377" --data-path-addr "$address" \
        --default-addr-pool "$(value pool)" --default-addr-pool-mask-length "$(value mask)" >/dev/null
    ;;
create:active)
    if [ "$swarm_manager" != true ] || [ "$swarm_addr" != "$address" ]; then
        fail "$name: it is a member of another swarm already (node $swarm_id at $swarm_addr); its image was made from a member. On it run: docker swarm leave --force"
    fi
    ;;
update:inactive)
    join_as_manager
    ;;
update:active)
    # A worker that the config made the first manager: only a manager could promote it, and this is where the
    # stack talks to its managers. So it joins again as one; the roster removes its old membership.
    if [ "$swarm_manager" != true ]; then
        docker swarm leave >/dev/null
        join_as_manager
    fi
    ;;
*)
    fail "$name: its swarm is in state $swarm_state: $swarm_error"
    ;;
esac

swarm_answers() {
    look_at_swarm
    seen="state $swarm_state, manager $swarm_manager${swarm_error:+, $swarm_error}"
    [ "$swarm_state" = active ] && [ "$swarm_manager" = true ] && [ -n "$swarm_cluster" ]
}
wait_for 60 "$name to manage its swarm" swarm_answers

[ "$swarm_addr" = "$address" ] ||
    fail "$name: the swarm has it at $swarm_addr instead of its private address $address"
if [ "$mode" = update ] && [ -n "${PULUMI_COMMAND_STDOUT:-}" ]; then
    cluster=$(field cluster "$PULUMI_COMMAND_STDOUT")
    [ "$swarm_cluster" = "$cluster" ] ||
        fail "$name: it is in cluster $swarm_cluster, but this stack's is $cluster. If that one is gone for good, start a new one with: pulumi up --replace '**:Command::swarm'"
fi

managers=$(docker node ls --filter role=manager --format '{{.ID}}' |
    xargs docker node inspect --format '{{.ManagerStatus.Addr}}' | sed 's/:[0-9]*$//' | sort -u | tr '\n' ' ')
printf '{"script":"swarm","node":%s,"cluster":%s,"ca":%s,"managers":%s,"workerToken":%s,"managerToken":%s}\n' \
    "$(quoted "$name")" "$(quoted "$swarm_cluster")" "$(quoted "$(ca_digest)")" "$(quoted "${managers% }")" \
    "$(quoted "$(docker swarm join-token -q worker)")" "$(quoted "$(docker swarm join-token -q manager)")"
