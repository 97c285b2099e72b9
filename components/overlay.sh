# shellcheck shell=sh
# Overlay networks of the stack: makes them, and takes them away. Sent between the prelude and `roster` or `service`.

# What tells a network's options from others (model/networks.ts); "-" where it has none of its own.
options_mark() {
    docker network inspect --format '{{with index .Labels "swarm.options"}}{{.}}{{else}}-{{end}}' "$1"
}

# make_network WHO NETWORK MARK BODY: a network of the stack's own, unless it is there. WHO begins an error. Its options, by their
# mark, are what they were when it was made.
make_network() {
    network_body=$(printf '%s\n' "$4" | sed 's|"Labels":{"swarm.stack":""|"Labels":{"swarm.stack":"'"$stack"'"|')
    if has_network "$2" || ! engine POST /networks/create "$network_body"; then
        # Somebody else may have just made it.
        has_network "$2" || fail "$1: its network $2 cannot be made: $(engine_error)"
        [ "$(options_mark "$2")" = "$3" ] ||
            fail "$1: its network $2 has other options in the swarm than in the config. Those of this stack are made anew by a whole pulumi up; another's stays as it is"
    fi
}

# Where nothing is called so, the daemon takes a name for the beginning of an ID.
has_network() {
    [ "$(docker network inspect --format '{{.Name}}' "$1" 2>/dev/null)" = "$1" ]
}

# remove_networks NETWORK...: removes them unless a service has them in its spec: one that is about to leave them removes
# them itself. Tasks that ended a moment ago hold on to their networks for that moment.
remove_networks() {
    wait_for 60 "networks to be free" networks_are_removed_or_kept "$@"
}

networks_are_removed_or_kept() {
    seen=''
    for network; do
        refused=$(docker network rm "$network" 2>&1) && continue
        case $refused in *"in use by service"* | *"not found"*) ;; *) seen="$seen$refused; " ;; esac
    done
    [ -z "$seen" ]
}
