# shellcheck shell=sh
# Empties nodes: managers that are to be kept free of tasks, and members that this stack owns and no longer wants, which
# are removed then. Sent between `rename` and `roster`, whose functions and variables it uses: name, members, wanted,
# wanted_ids, drain.

# The members to see off, each shown once: those of this stack that are not wanted. Others are left alone, and said.
find_leaving() {
    leaving='' foreign=''
    for id in $(printf '%s\n' "$members" | cut -d' ' -f1); do
        has "$id" "$wanted_ids" && continue
        member "$id"
        if is_ours; then
            leaving="$leaving $id"
        else
            say "$hostname ($id) is a member that this stack did not make; leaving it alone"
            foreign="$foreign $id"
        fi
    done
}

# The wanted members that are to run no tasks and may have some.
find_closing() {
    closing=''
    while read -r id _ _ member_availability; do
        member "$id"
        if [ "$member_availability" = drain ] && [ "$availability" != drain ]; then closing="$closing $id"; fi
    done <<END
$wanted
END
}

# Tasks of the first that is emptied would else be started on the next one, and move again.
paused=''
pause_emptied() {
    trap reopen EXIT
    for id in $leaving $closing; do
        member "$id"
        [ "$availability" = active ] || continue
        paused="$paused $id"
        retry node update --availability pause "$id"
    done
}

# Whatever fails from there on: those that it has closed and not removed run tasks again, in case the next up wants them.
# Nothing is changed where the connection is gone, since the next run may be at work.
reopen() {
    [ -n "$paused" ] && (stop_if_left_alone) 2>/dev/null || return 0
    for id in $paused; do docker node update --availability active "$id" >/dev/null 2>&1 || true; done
    say "The nodes that were to be emptied are open to tasks again."
}

# Where a replicated service's tasks run: a line a task, its member's ID.
runs_on() {
    docker service ps --filter desired-state=running --format '{{.ID}}' "$1" 2>/dev/null |
        xargs -r docker inspect --format '{{.Status.State}} {{.NodeID}}' 2>/dev/null | sed -n 's/^running //p'
}

# How many of the lines of $1 are not among the words of $2.
not_among() {
    not_among=0
    for word in $1; do
        case " $2 " in *" $word "*) ;; *) not_among=$((not_among + 1)) ;; esac
    done
    echo "$not_among"
}

# A drain stops all tasks of a node at once, before others start: a service that runs on nodes that leave and on no
# other would be away for that moment. It is moved as its own update policy has it instead, which is one task after
# another unless the config says otherwise.
move_services_without_footing() {
    for service in $(docker service ls --filter mode=replicated -q); do
        where=$(runs_on "$service")
        [ -n "$where" ] || continue
        [ "$(not_among "$where" "$leaving $closing")" = 0 ] || continue
        service_name=$(docker service inspect --format '{{.Spec.Name}}' "$service")
        say "moving service $service_name, which runs nowhere else, off the nodes that are emptied"
        retry service update --detach --force "$service"
        wait_for "$drain" "the tasks of service $service_name to run elsewhere" service_has_moved "$service" "$(count "$where")"
    done
}

# The services come after the roster, so it counts with them as they are.
about_room() {
    printf '%s\n' "Make room on the other nodes (more of them, fewer constraints). If this up changes $1 as well, take that change first: pulumi up --target '**:Command::$1'"
}

service_has_moved() {
    where=$(runs_on "$1")
    elsewhere=$(not_among "$where" "$leaving $closing")
    advice=$(about_room "$service_name")
    seen="$elsewhere of $2 tasks run elsewhere"
    [ "$elsewhere" -ge "$2" ] && [ "$elsewhere" = "$(count "$where")" ] && return 0
    look_for_room "$1"
    return 1
}

# look_for_room SERVICE: where the swarm says of a task that no node suits it, none will: all that are wanted are ready. A
# moment, for what it says before it has looked around; the service is away meanwhile.
look_for_room() {
    nowhere=$(docker service ps --filter desired-state=running --format '{{.Error}}' "$1" 2>/dev/null | grep -m1 'no suitable node') || return 0
    seen="$seen; the swarm: $(printf '%s' "$nowhere" | tr -d '"')"
    [ $(($(now) - wait_start)) -lt 20 ] || wait_limit=0
}

# Before draining: which services have tasks on the node, and how many of their tasks run anywhere. A global
# service has one task a node by definition, so none of its tasks moves.
note_tasks() {
    expected=''
    services_here=$(docker node ps --filter desired-state=running --format '{{.ID}}' "$1" 2>/dev/null |
        xargs -r docker inspect --format '{{.ServiceID}}' | sort -u)
    for service in $services_here; do
        mode=$(docker service inspect --format '{{if .Spec.Mode.Replicated}}replicated{{end}}' "$service" 2>/dev/null) || continue
        [ "$mode" = replicated ] || continue
        expected="$expected$service $(count "$(runs_on "$service")")$newline"
    done
}

tasks_have_moved() {
    # Read again: a node that died a moment ago counts as ready until its heartbeats have been missed for 15 s.
    read_members || return 1
    member "$1" || return 0
    seen='' advice=''
    while read -r service count; do
        [ -n "$service" ] || continue
        have=$(not_among "$(runs_on "$service")" "$1")
        [ "$have" -lt "$count" ] || continue
        service_name=$(docker service inspect --format '{{.Spec.Name}}' "$service")
        seen="$seen$service_name: $have of $count tasks run elsewhere; "
        advice=$(about_room "$service_name")
        look_for_room "$service"
    done <<END
$expected
END
    # A node that is down cannot say that its tasks have ended. Any other can, or will: its state is unknown for some
    # seconds after an election.
    if [ "$state" != down ]; then
        left=$(docker node ps --format '{{.ID}}' "$1" | xargs -r docker inspect --format '{{.Status.State}}' | grep -c '^running$' || true)
        [ "$left" = 0 ] || seen="$seen$left tasks still run there; "
    fi
    [ -z "$seen" ]
}

# empty ID: true once nothing runs there; the member's name is in $emptied then. False when it is gone by itself.
empty() {
    member "$1" || return 1
    emptied=$shown
    say "emptying $emptied ($1, $state)"
    note_tasks "$1"
    retry node update --availability drain "$1"
    wait_for "$drain" "the tasks of $emptied to run elsewhere" tasks_have_moved "$1"
}

see_off() {
    empty "$1" || return 0
    say "removing $emptied ($1)"
    retry node rm --force "$1"
    removed="$removed $1"
}

# Empties all that are to run no tasks, and removes those that are not wanted: their IDs are in $removed then.
empty_nodes() {
    find_leaving
    find_closing
    removed=''
    [ -n "$leaving$closing" ] || return 0
    # A task that leaves is started elsewhere once it has stopped.
    # shellcheck disable=SC2046 # IDs are words
    stop_grace $(docker service ls -q)
    [ "$grace" = 0 ] || [ "$drain" -ge $((grace + 60)) ] || drain=$((grace + 60))
    pause_emptied
    move_services_without_footing
    for id in $closing; do empty "$id" || true; done
    for id in $leaving; do see_off "$id"; done
    trap - EXIT
}
