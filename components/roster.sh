# shellcheck shell=sh
# Makes the swarm's list of members the wanted one. Runs on the seed manager, after the joins and before anything
# is deleted: if it fails, no droplet goes.
#
# In this order, a step at a time:
#   1. waits until every wanted member is ready, and where the stack was renamed, takes over what carries its former
#      name;
#   2. removes services that carry this stack's label and are no longer wanted, so that a renamed one finds its
#      published port free; so do networks whose options change, with the services on them; makes networks that are
#      for what others deploy;
#   3. promotes whoever is to be a manager, until it is a reachable one;
#   4. demotes whoever is to be none: unreachable ones first, the leader last, never below the quorum;
#   5. gives the workers their labels and opens them to tasks;
#   6. empties the members that are to run no tasks: managers that are to be kept free of them, and those that this
#      stack owns and no longer wants. None of them gets new tasks from here on; then one after another is drained,
#      its tasks run elsewhere, and if it is not wanted it is removed;
#   7. waits until every wanted member is ready again, and a minute at most for tasks that are on their way: those of
#      lost nodes start elsewhere, and global services on new ones. A service that cannot run is nothing that the
#      list of members could mend, so the roster says it and ends well.
# Members are handled by ID: host names are not unique.
#
# Input: node (the seed's name), stack, limit (seconds for a new node to be ready), drain (seconds for tasks to
# move; longer where they may take longer to stop), member (ID NAME ROLE AVAILABILITY; one or more), label (ID NAME=VALUE, of a
# member; any number), service (name of a
# wanted service; any number), network (name of a wanted overlay network and the mark of its options, and where no wanted
# service is on it the JSON that makes it; any number).

name=$(value node)
stack=$(value stack)
limit=$(value limit)
drain=$(value drain)
wanted=$(values member)
wanted_ids=$(printf '%s\n' "$wanted" | cut -d' ' -f1)

# How long a member that was ready before may be away: enough for a reboot.
reboot=120

# retry DOCKER-ARGUMENTS: the swarm answers "update out of sequence" when a node changes between its reading and
# its writing, which happens for some seconds after each change of role, and there is a moment without a leader
# when the leader is demoted; a change that was under way then is answered "lost leader status". A manager whose
# promotion has not taken effect yet "can't be found in the raft memberlist".
retry() {
    stop_if_left_alone
    retry_until=$(($(now) + 30))
    until retried=$(docker "$@" 2>&1); do
        # A removal whose answer was lost.
        case "$1 $2 $retried" in "node rm "*"not found"*) return 0 ;; esac
        case $retried in *"out of sequence"* | *"does not have a leader"* | *"lost leader status"* | *"raft memberlist"*) ;; *) fail "$name: docker $*: $retried" ;; esac
        [ "$(now)" -lt "$retry_until" ] || fail "$name: docker $*: still after 30 s: $retried"
        sleep 0.5
    done
}

# One line a member, "-" for what is absent:
# ID ROLE AVAILABILITY STATE VOTE LABEL-STACK LABEL-NODE ENGINE-STACK HOSTNAME
# VOTE is leader, reachable, unreachable or unknown; a manager that a forced new cluster has cut off has none.
# False while there is no answer, as in the moment without a leader after the leader has been demoted: an empty list
# would look as if everyone had left.
read_members() {
    if ids=$(docker node ls -q 2>/dev/null) &&
        lines=$(printf '%s\n' "$ids" | xargs docker node inspect --format '{{.ID}} {{.Spec.Role}} {{.Spec.Availability}} {{.Status.State}} {{with .ManagerStatus}}{{if .Leader}}leader{{else}}{{.Reachability}}{{end}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.node"}}{{.}}{{else}}-{{end}} {{with index .Description.Engine.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{.Description.Hostname}}' 2>/dev/null); then
        members=$lines
    else
        seen="no list of members: $(docker node ls -q 2>&1 >/dev/null | tail -n 1)"
        advice=$(about_quorum "$seen" "$name")
        return 1
    fi
}

# member ID: that member's line as variables; false when the swarm does not know it.
member() {
    member_line=$(printf '%s\n' "$members" | grep "^$1 ") || return 1
    # shellcheck disable=SC2086 # the fields are words
    set -- $member_line
    role=$2 availability=$3 state=$4 vote=$5 label_stack=$6 label_node=$7 engine_stack=$8
    # None until the node reports for the first time, which one that ended between its certificate and that never does.
    hostname=${9:-unnamed}
    shown=$label_node
    [ "$label_node" != - ] || shown=$hostname
}

# Whether this stack made the member last looked at: by the label of the roster, or where a run was interrupted before
# the roster, by that of its engine.
is_ours() {
    [ "$label_stack" = "$stack" ] || { [ "$label_stack" = - ] && [ "$engine_stack" = "$stack" ]; }
}

# A new member has the time of a first boot. One that was in its place before is broken when it stays away for longer
# than a reboot takes: nobody should wait for the other nodes' limit then.
everyone_is_ready() {
    read_members || return 1
    seen='' missing='' new=''
    while read -r id wanted_name _; do
        if ! member "$id"; then
            seen="$seen$wanted_name ($id) is not in the swarm's list; "
        elif [ "$state" != ready ]; then
            seen="$seen$wanted_name is $state; "
            [ "$label_node" = "$wanted_name" ] || new=yes
        else
            continue
        fi
        missing="$missing$wanted_name "
    done <<END
$wanted
END
    [ -n "$seen" ] || return 0
    advice=$(for missed in $missing; do how_to_mend "$missed"; done)
    [ -n "$new" ] || [ $(($(now) - wait_start)) -lt "$reboot" ] || wait_limit=0
    return 1
}

how_to_mend() {
    printf '%s\n' "$1: is its droplet on, does its dockerd run (systemctl status docker), has its disk room (df)? If it is not to be mended, make it anew: cli/bin/swarm replace $1"
}

# role_is_settled ID ROLE: a promotion counts once the manager is reachable, a demotion once it has no vote: before
# that, the next step would count on a wrong quorum.
role_is_settled() {
    read_members || return 1
    member "$1" || return 0
    seen="role $role, as a manager $vote"
    case $2:$vote in
    manager:leader | manager:reachable | worker:-) return 0 ;;
    esac
    return 1
}

# settle ID NAME ROLE AVAILABILITY: gives a wanted member what the config says, if it differs. One that runs tasks and is
# to run none keeps them: it is emptied once all the others are in their places.
settle() {
    member "$1" || fail "$name: $2 ($1) is not in the swarm's list any more; somebody has removed it. To make it anew: cli/bin/swarm replace $2"
    open=$4
    [ "$open" = active ] || open=$availability
    label_changes "$1"
    # `swarm drain` marks that it was on purpose. That is over with the drain: the next one may be nobody's purpose.
    if [ "$open" = active ] && has swarm.drained=yes "$there"; then changes="$changes --label-rm swarm.drained"; fi
    [ "$role $availability $label_stack $label_node$changes" != "$3 $open $stack $2" ] || return 0
    # shellcheck disable=SC2086 # names and values have no blanks
    retry node update --role "$3" --availability "$open" \
        --label-add "swarm.stack=$stack" --label-add "swarm.node=$2" $changes "$1"
    [ "$role" = "$3" ] || wait_for 60 "$2 to be a $3" role_is_settled "$1" "$3"
}

settle_all() {
    while read -r id member_name member_role member_availability; do
        if [ "$member_role" = "$1" ]; then settle "$id" "$member_name" "$member_role" "$member_availability"; fi
    done <<END
$wanted
END
}

# The managers that are to be none, a line each: ORDER ID NAME. One without a vote cannot be demoted, and can be removed
# as it is. Those that cannot be reached come first, since each of
# them weighs on the quorum, and the leader last, since an election takes a moment.
managers_too_many() {
    for id in $(printf '%s\n' "$members" | grep '^[^ ]* manager ' | cut -d' ' -f1); do
        member "$id"
        case $vote in leader) order=3 ;; reachable) order=2 ;; *) order=1 ;; esac
        if wanted_line=$(printf '%s\n' "$wanted" | grep "^$id "); then
            case ${wanted_line#* * } in "worker "*) printf '%s\n' "$order $id $shown" ;; esac
        elif is_ours && [ "$vote" != - ]; then
            printf '%s\n' "$order $id $shown"
        fi
    done | sort -s -n -k1,1
}

# demote ID NAME: makes a manager a worker, unless that would cost the quorum.
demote() {
    votes=$(printf '%s\n' "$members" | cut -d' ' -f1,2,5 | grep ' manager ' | grep -v ' -$' || true)
    case $(printf '%s\n' "$votes" | grep "^$1 ") in
    '') refusal='' ;; # a manager without a vote
    *" leader" | *" reachable") refusal=$(refusal_to_demote "$(count "$votes")" "$(count_reachable "$votes")" yes) ;;
    *) refusal=$(refusal_to_demote "$(count "$votes")" "$(count_reachable "$votes")" no) ;;
    esac
    [ -z "$refusal" ] ||
        fail "$name: $2 stays a manager: $refusal. Nothing is changed from here on, no node is removed. Bring unreachable managers back first, or take fewer away at once."
    say "demoting $2 ($1)"
    retry node update --role worker "$1"
    wait_for 60 "$2 to be a worker" role_is_settled "$1" worker
}

count() {
    printf '%s\n' "$1" | grep -c . || true
}

count_reachable() {
    printf '%s\n' "$1" | grep -cE ' (leader|reachable)$' || true
}

demote_all() {
    too_many=$(managers_too_many)
    [ -n "$too_many" ] || return 0
    while read -r _ id member_name; do
        demote "$id" "$member_name"
    done <<END
$too_many
END
}

# stop_grace SERVICE...: the longest that a task of these services may take to stop, in seconds, in $grace. The config takes an
# hour at most; of a service that somebody else made, no more is waited for.
stop_grace() {
    grace=0
    for nanoseconds in $(docker service inspect --format '{{with .Spec.TaskTemplate.ContainerSpec}}{{json .StopGracePeriod}}{{end}}' "$@" 2>/dev/null); do
        [ "$nanoseconds" != null ] || continue
        [ $((nanoseconds / 1000000000)) -le "$grace" ] || grace=$((nanoseconds / 1000000000))
    done
    [ "$grace" -le 3600 ] || grace=3600
}

service_is_gone() {
    seen=$(docker ps -aq --filter "label=com.docker.swarm.service.name=$1" | grep -c . || true)
    seen="$seen tasks on $name"
    [ "$seen" = "0 tasks on $name" ]
}

remove_service() {
    stop_grace "$1"
    docker service rm "$1" >/dev/null
    [ "$grace" -gt 30 ] || grace=30
    wait_for $((grace + 30)) "the tasks of $1 to end" service_is_gone "$1"
}

# A network keeps the options that it was made with. So one that is to have others goes, and this stack's services on it go
# with it: their own commands make them anew, and it with them.
remove_changed_networks() {
    while read -r network mark _; do
        had=$([ -z "$network" ] || docker network inspect --format '{{.ID}} {{index .Labels "swarm.stack"}}' "$network" 2>/dev/null) || continue
        if ! is_own "${had#* }" || [ "$(options_mark "$network")" = "$mark" ]; then continue; fi
        using=$(for service in $(docker service ls -q); do
            docker service inspect --format '{{.Spec.Name}} {{index .Spec.Labels "swarm.stack"}} {{range .Spec.TaskTemplate.Networks}}{{.Target}} {{end}}' "$service"
        done | grep " ${had%% *} " | cut -d' ' -f1,2 || true)
        others=$(printf '%s\n' "$using" | grep -v " $stack$" | cut -d' ' -f1 | tr '\n' ' ')
        [ -z "${others% }" ] || fail "$name: the network $network is to have other options, for which it is made anew, and services are on it that this stack did not make: ${others% }. Take them off it first, or name another network"
        using=$(printf '%s\n' "$using" | cut -d' ' -f1)
        say "the network $network is made anew with other options${using:+, and with it the services on it: }$(printf '%s' "$using" | tr '\n' ' ')"
        for service in $using; do remove_service "$service"; done
        remove_networks "$network"
    done <<END
$(values network)
END
}

# Those that a service is on are made by that service's own command.
make_lone_networks() {
    while read -r network mark body; do
        [ -z "$body" ] || make_network "$name" "$network" "$mark" "$body"
    done <<END
$(values network)
END
}

remove_unwanted_services() {
    wanted_services=$(values service)
    for service in $(docker service ls --filter "label=swarm.stack=$stack" --format '{{.Name}}'); do
        has "$service" "$wanted_services" && continue
        say "removing service $service"
        remove_service "$service"
    done
    wanted_networks=$(values network | cut -d' ' -f1) unwanted=''
    for network in $(docker network ls --filter label=swarm.stack --format '{{.Name}}={{.Label "swarm.stack"}}'); do
        has "${network%%=*}" "$wanted_networks" && continue
        ! is_own "${network#*=}" || unwanted="$unwanted ${network%%=*}"
    done
    # shellcheck disable=SC2086 # names without blanks
    remove_networks $unwanted
}

# Of the services that are wanted, which are all that are left; foreign ones are somebody else's business. A task that has
# ended well, and is its slot's last one, which comes first, was meant to. Where an update has stopped, no task is on its way.
tasks_run() {
    seen=$(docker service ls --filter "label=swarm.stack=$stack" --format '{{.Name}} {{.Replicas}}' | while read -r service replicas _; do
        [ "${replicas%/*}" != "${replicas#*/}" ] || continue
        case $(docker service inspect --format '{{with .UpdateStatus}}{{.State}}{{end}}' "$service") in *paused) continue ;; esac
        ended=$(docker service ps --format '{{.Name}} {{.CurrentState}}' "$service" | sort -s -u -k 1,1 | grep -c '^[^ ]* Complete' || true)
        [ "$((${replicas%/*} + ended))" -ge "${replicas#*/}" ] || printf '%s' "$service runs $replicas; "
    done)
    [ -z "$seen" ]
}

read_again() {
    wait_for 30 "the swarm's list of members" read_members
}

wait_for "$limit" "all nodes to be ready" everyone_is_ready
take_over_former_names
remove_unwanted_services
remove_changed_networks
make_lone_networks
read_labels
settle_all manager
read_again
demote_all
read_again
settle_all worker
read_again
empty_nodes
# After an election the new leader knows nobody's state until the nodes have reported to it.
wait_for "$limit" "all nodes to be ready again" everyone_is_ready
(wait_for 60 "every service's tasks to run" tasks_run) || say "The nodes are in their places all the same; see why tasks do not run: cli/bin/swarm docker service ps SERVICE"

printf '{"script":"roster","node":%s,"members":%s,"removed":%s,"foreign":%s}\n' "$(quoted "$name")" \
    "$(count "$members")" "$(quoted "${removed# }")" "$(quoted "${foreign# }")"
