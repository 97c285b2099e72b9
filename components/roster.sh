# shellcheck shell=sh
# Makes the swarm's list of members the wanted one. Runs on the seed manager, after the joins and before anything
# is deleted: if it fails, no droplet goes.
#
# Waits until every wanted member is ready, gives each its role, availability and labels (promotions before
# demotions), then sees off each member that this stack owns and no longer wants: demotes it, drains it, waits for
# its tasks to run elsewhere, removes it. One at a time, never below quorum. Members are handled by ID: host names
# are not unique. Services that carry this stack's label and are no longer wanted go first, so that a renamed
# service finds its published port free.
#
# Input: node (the seed's name), stack, limit (seconds for nodes to be ready), drain (seconds for tasks to move),
# member (ID NAME ROLE AVAILABILITY; one or more), service (name of a wanted service; any number), network
# (name of a wanted overlay network; any number).

name=$(value node)
stack=$(value stack)
limit=$(value limit)
drain=$(value drain)
wanted=$(values member)
wanted_ids=$(printf '%s\n' "$wanted" | cut -d' ' -f1)

# retry DOCKER-ARGUMENTS: the swarm answers "update out of sequence" when a node changes between its reading and
# its writing, which happens for some seconds after each change of role, and there is a moment without a leader
# when the leader is demoted.
retry() {
    retry_until=$(($(now) + 30))
    until retried=$(docker "$@" 2>&1); do
        case $retried in *"out of sequence"* | *"does not have a leader"*) ;; *) fail "$name: docker $*: $retried" ;; esac
        [ "$(now)" -lt "$retry_until" ] || fail "$name: docker $*: still after 30 s: $retried"
        sleep 0.5
    done
}

# One line a member, "-" for what is absent:
# ID ROLE AVAILABILITY STATE REACHABILITY LABEL-STACK LABEL-NODE ENGINE-STACK HOSTNAME
# False while there is no answer, as in the moment without a leader after the leader has been demoted: an empty list
# would look as if everyone had left.
read_members() {
    if ids=$(docker node ls -q 2>/dev/null) &&
        lines=$(printf '%s\n' "$ids" | xargs docker node inspect --format '{{.ID}} {{.Spec.Role}} {{.Spec.Availability}} {{.Status.State}} {{with .ManagerStatus}}{{.Reachability}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.node"}}{{.}}{{else}}-{{end}} {{with index .Description.Engine.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{.Description.Hostname}}' 2>/dev/null); then
        members=$lines
    else
        seen="no list of members: $(docker node ls -q 2>&1 >/dev/null | tail -n 1)"
        return 1
    fi
}

# member ID: that member's line as variables; false when the swarm does not know it.
member() {
    member_line=$(printf '%s\n' "$members" | grep "^$1 ") || return 1
    # shellcheck disable=SC2086 # the fields are words
    set -- $member_line
    role=$2 availability=$3 state=$4 reachability=$5 label_stack=$6 label_node=$7 engine_stack=$8 hostname=$9
}

everyone_is_ready() {
    read_members || return 1
    seen=''
    while read -r id wanted_name _; do
        if ! member "$id"; then
            seen="$seen$wanted_name ($id) is not in the swarm's list; "
        elif [ "$state" != ready ]; then
            seen="$seen$wanted_name is $state; "
        fi
    done <<END
$wanted
END
    [ -z "$seen" ]
}

# role_is_settled ID ROLE: a promotion counts once the manager is reachable, a demotion once it has left the list
# of managers: before that, the next step would count on a wrong quorum.
role_is_settled() {
    read_members || return 1
    member "$1" || return 0
    seen="role $role, as a manager $reachability"
    case $2 in
    manager) [ "$reachability" = reachable ] ;;
    worker) [ "$reachability" = - ] ;;
    esac
}

# Refuses a demotion that would leave fewer reachable managers than the majority of those that remain.
check_quorum() {
    managers=$(printf '%s\n' "$members" | managers_of)
    remaining=$(($(printf '%s\n' "$managers" | grep -c .) - 1))
    reachable=$(printf '%s\n' "$managers" | grep -v "^$1 " | grep -c ' reachable$' || true)
    [ "$reachable" -ge $((remaining / 2 + 1)) ] || fail \
        "$name: without $2 there would be $remaining managers, $reachable of them reachable, where the majority is $((remaining / 2 + 1)). Bring the unreachable managers back first, or take fewer away at once."
}

# ID and reachability of each manager.
managers_of() {
    cut -d' ' -f1,2,5 | sed -n 's/ manager / /p'
}

# settle ID NAME ROLE AVAILABILITY: gives a wanted member what the config says, if it differs.
settle() {
    member "$1"
    [ "$role $availability $label_stack $label_node" != "$3 $4 $stack $2" ] || return 0
    if [ "$role $3" = "manager worker" ]; then check_quorum "$1" "$2"; fi
    retry node update --role "$3" --availability "$4" \
        --label-add "swarm.stack=$stack" --label-add "swarm.node=$2" "$1"
    [ "$role" = "$3" ] || wait_for 60 "$2 to be a $3" role_is_settled "$1" "$3"
}

settle_all() {
    while read -r id member_name member_role member_availability; do
        if [ "$member_role" = "$1" ]; then settle "$id" "$member_name" "$member_role" "$member_availability"; fi
    done <<END
$wanted
END
}

service_is_gone() {
    seen=$(docker ps -aq --filter "label=com.docker.swarm.service.name=$1" | grep -c . || true)
    seen="$seen tasks on $name"
    [ "$seen" = "0 tasks on $name" ]
}

remove_unwanted_services() {
    wanted_services=$(values service)
    for service in $(docker service ls --filter "label=swarm.stack=$stack" --format '{{.Name}}'); do
        has "$service" "$wanted_services" && continue
        say "removing service $service"
        docker service rm "$service" >/dev/null
        wait_for 60 "the tasks of $service to end" service_is_gone "$service"
    done
    wanted_networks=$(values network)
    for network in $(docker network ls --filter "label=swarm.stack=$stack" --format '{{.Name}}'); do
        has "$network" "$wanted_networks" && continue
        remove_network "$network"
    done
}

# running_elsewhere SERVICE NOT-ON: how many tasks of SERVICE run on members other than NOT-ON.
running_elsewhere() {
    docker service ps --filter desired-state=running --format '{{.ID}}' "$1" 2>/dev/null |
        xargs -r docker inspect --format '{{.Status.State}} {{.NodeID}}' 2>/dev/null |
        grep '^running ' | grep -vc " $2\$" || true
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
        count=$(running_elsewhere "$service" nowhere)
        expected="$expected$service $count$newline"
    done
}

tasks_have_moved() {
    # Read again: a node that died a moment ago counts as ready until its heartbeats have been missed for 15 s.
    read_members || return 1
    member "$1" || return 0
    seen=''
    while read -r service count; do
        [ -n "$service" ] || continue
        have=$(running_elsewhere "$service" "$1")
        [ "$have" -ge "$count" ] || seen="$seen$(docker service inspect --format '{{.Spec.Name}}' "$service"): $have of $count tasks run elsewhere; "
    done <<END
$expected
END
    # A node that is down cannot say that its tasks have ended.
    if [ "$state" = ready ]; then
        left=$(docker node ps --format '{{.ID}}' "$1" | xargs -r docker inspect --format '{{.Status.State}}' | grep -c '^running$' || true)
        [ "$left" = 0 ] || seen="$seen$left tasks still run there; "
    fi
    [ -z "$seen" ]
}

see_off() {
    leaving=$hostname
    [ "$label_node" = - ] || leaving=$label_node
    say "removing $leaving ($1, $state)"
    if [ "$role" = manager ]; then
        check_quorum "$1" "$leaving"
        retry node update --role worker "$1"
        wait_for 60 "$leaving to be a worker" role_is_settled "$1" worker
    fi
    note_tasks "$1"
    retry node update --availability drain "$1"
    wait_for "$drain" "the tasks of $leaving to run elsewhere" tasks_have_moved "$1"
    retry node rm --force "$1"
    removed="$removed $1"
}

wait_for "$limit" "all nodes to be ready" everyone_is_ready
remove_unwanted_services
settle_all manager
settle_all worker

removed='' foreign=''
wait_for 30 "the swarm's list of members" read_members
for id in $(printf '%s\n' "$members" | cut -d' ' -f1); do
    has "$id" "$wanted_ids" && continue
    member "$id"
    if [ "$label_stack" = "$stack" ] || { [ "$label_stack" = - ] && [ "$engine_stack" = "$stack" ]; }; then
        see_off "$id"
        wait_for 30 "the swarm's list of members" read_members
    else
        say "$hostname ($id) is a member that this stack did not make; leaving it alone"
        foreign="$foreign $id"
    fi
done

printf '{"script":"roster","node":%s,"members":%s,"removed":%s,"foreign":%s}\n' "$(quoted "$name")" \
    "$(printf '%s\n' "$members" | grep -c .)" "$(quoted "${removed# }")" "$(quoted "${foreign# }")"
