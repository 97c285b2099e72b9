# shellcheck shell=sh
# Makes a new quorum of this one manager, where more than half of the managers are lost for good: Docker's own
# remedy, `docker swarm init --force-new-cluster`. Cluster ID, tokens, services, networks, secrets and configs stay;
# the workers find their way to this manager, and the roster removes the lost ones. Runs before `swarm`, and only
# while the config names this node in swarm:recoverFrom.
#
# Where the managers still have a leader nothing is done: a second run, or a key that was forgotten, does no harm.
#
# A run that was stopped between the two halves of it leaves a mark on the node, by which the next one goes on.
#
# Input: node, address, range (of the private network), limit, minimum, stack.

wait_for_host
address=$(value address)
forced=$HOME/.swarm-forced-new-cluster

# A manager that was restarted after the quorum was lost stays "pending": its agent finds no leader to report to.
settled_or_pending_manager() {
    swarm_is_settled || [ "$swarm_state:$swarm_manager" = pending:true ]
}
wait_for 30 "$name's swarm state to settle" settled_or_pending_manager

case $swarm_state:$swarm_manager in
active:true | pending:true) ;;
locked:*) fail "$name: its swarm is locked; unlock it with: docker swarm unlock" ;;
*) fail "$name: it is no manager (state $swarm_state${swarm_error:+, $swarm_error}), so it has nothing to recover from; name another one in swarm:recoverFrom" ;;
esac
[ "$swarm_addr" = "$address" ] ||
    fail "$name: the swarm has it at $swarm_addr instead of its private address $address"

there_is_a_leader() {
    if seen=$(docker node ls -q 2>&1 >/dev/null); then return 0; fi
    seen=$(printf '%s\n' "$seen" | tail -n 1)
    return 1
}

# An election takes some seconds, and is no reason to cut anyone off. Nor is whatever else keeps a manager from
# answering: only its word that there is no leader counts, which it may take some time to come to.
asked_since=$(now)
until there_is_a_leader; do
    stop_if_left_alone
    asked_for=$(($(now) - asked_since))
    [ "$asked_for" -lt 120 ] ||
        fail "$name: waited $asked_for s for a word on whether the managers have a leader, so nothing is done; last seen: $seen"
    if [ "$asked_for" -ge 30 ] && [ -n "$(about_quorum "$seen")" ]; then
        say "$name: the managers have no leader ($seen); going on from this one alone"
        : >"$forced"
        docker swarm init --force-new-cluster --advertise-addr "$address" --listen-addr "$address:2377" \
            --data-path-addr "$address" >/dev/null
        wait_for 60 "$name to lead its swarm" there_is_a_leader
        break
    fi
    sleep 0.5
done

# The forced cluster begins a new round of gossip, in which this node does not tell of the networks that it had before:
# the others never learn where its end of the ingress network is, and no published port answers through it, nor does a
# task on it answer to the others (seen with Docker 26.1.5). A new engine tells them.
if [ -e "$forced" ]; then
    key=$(docker swarm unlock-key -q 2>/dev/null || true)
    restart_engine
    wait_for 60 "$name's swarm state to settle" swarm_is_settled
    unlock_swarm "$key"
    wait_for 60 "$name to lead its swarm" there_is_a_leader
    rm "$forced"
    recovered=true
else
    say "$name: the managers have a leader, so there is nothing to recover; take swarm:recoverFrom out of the config"
fi

look_at_swarm
printf '{"script":"recover","node":%s,"cluster":%s,"recovered":%s}\n' \
    "$(quoted "$name")" "$(quoted "$swarm_cluster")" "${recovered:-false}"
