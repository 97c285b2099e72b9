# shellcheck shell=sh
# The overlay networks that a service names. Sent between `overlay` and `service`, whose variables it reads: service, stack,
# id, networks_before.

# Services that name the same one share it.
make_networks() {
    while read -r network mark body; do
        [ -z "$network" ] || make_network "service $service" "$network" "$mark" "$body"
    done <<END
$(values network)
END
}

network_ids() {
    docker service inspect --format '{{range .Spec.TaskTemplate.Networks}}{{println .Target}}{{end}}' "$id"
}

remove_networks_left() {
    networks=$(network_ids)
    left=''
    for network in $networks_before; do
        has "$network" "$networks" && continue
        is_own "$(docker network inspect --format '{{index .Labels "swarm.stack"}}' "$network" 2>/dev/null)" || continue
        left="$left $network"
    done
    # shellcheck disable=SC2086 # IDs are words
    remove_networks $left
}
