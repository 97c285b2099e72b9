# shellcheck shell=sh
# What `pulumi stack rename` asks for in the swarm: members and services carry the stack's name as a label, by which
# the stack knows its own. Sent between the prelude and `roster`.

# The names under which the wanted members stand, other than the stack's own. They are wanted by their IDs, which the
# stack's state has from their joins: whatever name they carry is one that the stack had.
former_names() {
    while read -r id _; do
        if member "$id" && [ "$label_stack" != - ] && [ "$label_stack" != "$stack" ]; then printf '%s\n' "$label_stack"; fi
    done <<END | unique
$wanted
END
}

# Puts the stack's name on all that carries a former one, the wanted members excepted: these get theirs in their turn, so
# that a run that is stopped in between finds the former name again. No task is restarted by it. Networks take no other
# label: `is_own` knows them by their mark.
take_over_former_names() {
    for former in $(former_names); do
        say "this stack was $former before; taking over what carries that name"
        for service in $(docker service ls --filter "label=swarm.stack=$former" --format '{{.Name}}'); do
            retry service update --detach --label-add "swarm.stack=$stack" "$service"
        done
        for id in $(printf '%s\n' "$members" | cut -d' ' -f1); do
            has "$id" "$wanted_ids" && continue
            member "$id"
            [ "$label_stack" != "$former" ] || retry node update --label-add "swarm.stack=$stack" "$id"
        done
        read_again
    done
}
