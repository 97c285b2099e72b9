# shellcheck shell=sh
# Takes away overlay networks of the stack. Sent between the prelude and `roster` or `service`.

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
