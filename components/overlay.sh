# shellcheck shell=sh
# Overlay networks of the stack: takes them away. Sent between the prelude and `roster` or `service`.

# What tells a network's options from others (model/networks.ts); "-" where it has none of its own.
options_mark() {
    docker network inspect --format '{{with index .Labels "swarm.options"}}{{.}}{{else}}-{{end}}' "$1"
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
