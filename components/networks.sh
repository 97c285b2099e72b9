# shellcheck shell=sh
# The overlay networks that a service names. Sent between `overlay` and `service`, whose variables it reads: service, stack,
# id, networks_before.

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
    left=''
    for network in $networks_before; do
        has "$network" "$networks" && continue
        [ "$(docker network inspect --format '{{index .Labels "swarm.stack"}}' "$network" 2>/dev/null)" = "$stack" ] || continue
        left="$left $network"
    done
    # shellcheck disable=SC2086 # IDs are words
    remove_networks $left
}
