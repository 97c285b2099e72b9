# shellcheck shell=sh
# Overlay networks of the stack. Sent between the prelude and `roster` or `service`.

# remove_network NETWORK: removes it unless a service has it in its spec: one that is about to leave it removes it
# itself. Tasks that ended a moment ago hold on to their network for that moment.
remove_network() {
    wait_for 60 "network $1 to be free" network_is_removed_or_kept "$1"
}

network_is_removed_or_kept() {
    seen=$(docker network rm "$1" 2>&1) && return 0
    case $seen in *"in use by service"* | *"not found"*) return 0 ;; esac
    return 1
}

# An overlay network that a service names is the stack's own; services that name the same one share it.
make_networks() {
    for network in $(values network); do
        has_network "$network" && continue
        made=$(docker network create --driver overlay --label "swarm.stack=$stack" "$network" 2>&1) ||
            has_network "$network" || # another service has just made it
            fail "service $service: its network $network cannot be made: $made"
    done
}

# Where nothing is called so, the daemon takes a name for the beginning of an ID.
has_network() {
    [ "$(docker network inspect --format '{{.Name}}' "$1" 2>/dev/null)" = "$1" ]
}

network_ids() {
    docker service inspect --format '{{range .Spec.TaskTemplate.Networks}}{{println .Target}}{{end}}' "$id"
}

remove_networks_left() {
    networks=$(network_ids)
    for network in $networks_before; do
        has "$network" "$networks" && continue
        [ "$(docker network inspect --format '{{index .Labels "swarm.stack"}}' "$network" 2>/dev/null)" = "$stack" ] || continue
        remove_network "$network"
    done
}
