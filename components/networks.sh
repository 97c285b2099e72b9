# shellcheck shell=sh
# The overlay networks that a service names. Sent between `overlay` and `service`, whose variables it reads: service, stack,
# id, networks_before.

# An overlay network that a service names is the stack's own; services that name the same one share it. Its options, by their
# mark, are what they were when it was made.
make_networks() {
    while read -r network mark body; do
        [ -n "$network" ] || continue
        body=$(printf '%s\n' "$body" | sed 's|"Labels":{"swarm.stack":""|"Labels":{"swarm.stack":"'"$stack"'"|')
        if has_network "$network" || ! engine POST /networks/create "$body"; then
            # Another service may have just made it.
            has_network "$network" || fail "service $service: its network $network cannot be made: $(engine_error)"
            [ "$(options_mark "$network")" = "$mark" ] ||
                fail "service $service: its network $network has other options in the swarm than in the config. Those of this stack are made anew by a whole pulumi up; another's stays as it is"
        fi
    done <<END
$(values network)
END
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
        is_own "$(docker network inspect --format '{{index .Labels "swarm.stack"}}' "$network" 2>/dev/null)" || continue
        left="$left $network"
    done
    # shellcheck disable=SC2086 # IDs are words
    remove_networks $left
}
