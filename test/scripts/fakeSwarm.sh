# shellcheck shell=sh
# A swarm of files, as `docker` on a manager shows and changes it: what the fake docker of the roster's tests sources,
# with $dir, the files' folder, and the arguments of docker. It is stricter than Docker: it refuses what the roster
# must never do, so that a step out of order fails a test whatever the order of the rest.
#
# members   ID ROLE AVAILABILITY STATE VOTE LABEL-STACK LABEL-NODE ENGINE-STACK HOSTNAME
#           where no VOTE is leader, the swarm answers nothing; for two seconds after the leader is demoted, say
# services  ID NAME MODE STACK
# updates   SERVICE-NAME STATE          of services that have been updated
# networks  NAME STACK USE              (USE: free, or what Docker says of it instead, with - for a blank) [MARK of its options, ID of a service on it]
# tasks     ID SERVICE-ID NODE-ID STATE DESIRED-STATE
# labels    ID NAME=VALUE               of members, but for those two
# due       WHEN FILE ID FIELD VALUE    field number FIELD of that line becomes VALUE; WHEN in seconds
#           WHEN FILE + LINE            a line more
# refusals  GROUP COMMAND TEXT          what the next such command is answered, once a line
# promotions  SECONDS                   how long a promotion takes; default 1
# unsuitable  TEXT                      what the swarm says of a task that waits for a node
# containers  SERVICE-NAME here|stuck   its tasks' containers on this manager, and whether they end with the service
# graces    NANOSECONDS                 what tasks have for their stop
# clock     seconds that the script has slept

# shellcheck disable=SC2154 # dir is the harness's
read -r clock <"$dir/clock"

refuse() {
    printf '%s\n' "$*" >&2
    exit 1
}

# rewrite FILE SED-SCRIPT
rewrite() {
    sed "$2" "$dir/$1" >"$dir/$1.new"
    mv "$dir/$1.new" "$dir/$1"
}

# put FILE ID FIELD VALUE
put() {
    rewrite "$1" "/^$2 /s|^\(\([^ ]* \)\{$(($3 - 1))\}\)[^ ]*|\1$4|"
}

# later SECONDS FILE ID FIELD VALUE
later() {
    after=$1
    shift
    printf '%s\n' "$((clock + after)) $*" >>"$dir/due"
}

what_is_due() {
    [ -s "$dir/due" ] || return 0
    : >"$dir/due.left"
    while read -r when file id field value; do
        if [ "$when" -gt "$clock" ]; then
            printf '%s\n' "$when $file $id $field $value" >>"$dir/due.left"
        elif [ "$id" = + ]; then
            printf '%s\n' "$field $value" >>"$dir/$file"
        else
            put "$file" "$id" "$field" "$value"
        fi
    done <"$dir/due"
    mv "$dir/due.left" "$dir/due"
}

refuse_what_is_to_be_refused() {
    [ -s "$dir/refusals" ] || return 0
    refusal=$(grep "^$1 $2 " "$dir/refusals" | head -n 1)
    [ -n "$refusal" ] || return 0
    grep -vxF "$refusal" "$dir/refusals" >"$dir/refusals.new"
    mv "$dir/refusals.new" "$dir/refusals"
    refuse "${refusal#"$1 $2 "}"
}

# each FILE ID...: the lines with these IDs.
each() {
    each_file=$1
    shift
    for id; do grep "^$id " "$dir/$each_file" || refuse "Error: no such object: $id"; done
}

field() {
    sed "s|^\(\([^ ]* \)\{$(($1 - 1))\}\)\([^ ]*\).*|\3|"
}

# How Docker's templates call the fields of these files: sed puts their numbers there.
members_fields='
s/{{\.ID}}/\\1/
s/{{\.Spec\.Role}}/\\2/
s/{{\.Spec\.Availability}}/\\3/
s/{{\.Status\.State}}/\\4/
s/{{with \.ManagerStatus}}{{if \.Leader}}leader{{else}}{{\.Reachability}}{{end}}{{else}}-{{end}}/\\5/
s/{{with index \.Spec\.Labels "swarm\.stack"}}{{\.}}{{else}}-{{end}}/\\6/
s/{{with index \.Spec\.Labels "swarm\.node"}}{{\.}}{{else}}-{{end}}/\\7/
s/{{with index \.Description\.Engine\.Labels "swarm\.stack"}}{{\.}}{{else}}-{{end}}/\\8/
s/{{\.Description\.Hostname}}/\\9/'
tasks_fields='
s/{{\.ID}}/\\1/
s/{{\.ServiceID}}/\\2/
s/{{\.NodeID}}/\\3/
s/{{\.Status\.State}}/\\4/'

# show FILE FIELDS TEMPLATE ID...: the template for each of the lines with these IDs.
show() {
    show_format=$(printf '%s\n' "$3" | sed "$2")
    case $show_format in *'{{'*) refuse "the fake does not know: $show_format" ;; esac
    show_file=$1
    shift 3
    lines=$(each "$show_file" "$@") || exit 1
    word='\([^ ]*\) \{0,1\}'
    printf '%s\n' "$lines" | sed "s|^$word$word$word$word$word$word$word$word$word\$|$show_format|"
}

update_member() {
    for id; do :; done
    before=$(each members "$id") || exit 1
    ! grep -q '^[0-9]* members [^ ]* 5 ' "$dir/due" ||
        refuse "the fake: $id is changed before the last change of a role has taken effect"
    while [ $# -gt 1 ]; do
        case "$1 $2" in
        "--role manager") put members "$id" 2 manager ;;
        "--role worker")
            case $before in "$id manager "*" - "*)
                [ "$(printf '%s\n' "$before" | cut -d' ' -f5)" != - ] ||
                    refuse "Error response from daemon: rpc error: code = NotFound desc = can't find manager in raft memberlist"
                ;;
            esac
            put members "$id" 2 worker
            ;;
        "--availability "*) put members "$id" 3 "$2" ;;
        "--label-add swarm.stack="*) put members "$id" 6 "${2#swarm.stack=}" ;;
        "--label-add swarm.node="*) put members "$id" 7 "${2#swarm.node=}" ;;
        "--label-add "*)
            rewrite labels "/^$id ${2%%=*}=/d"
            printf '%s\n' "$id $2" >>"$dir/labels"
            ;;
        "--label-rm "*)
            grep -q "^$id $2=" "$dir/labels" || refuse "key $2 doesn't exist in node's labels"
            rewrite labels "/^$id $2=/d"
            ;;
        *) refuse "the fake: node update $1 $2" ;;
        esac
        shift 2
    done
    # shellcheck disable=SC2046,SC2086 # the fields are words
    set -- $before $(each members "$id")
    case "$2 ${11} $5" in
    "worker manager "*)
        put members "$id" 5 unknown
        later "$(grep . "$dir/promotions" || echo 1)" members "$id" 5 reachable
        ;;
    "manager worker -") ;;
    "manager worker "*)
        keep_the_quorum "$id"
        later 1 members "$id" 5 -
        [ "$5" != leader ] || elect_another "$id"
        ;;
    esac
    if [ "${12}" = drain ] && [ "$3" != drain ]; then move_tasks "$id"; fi
    return 0
}

# keep_the_quorum ID: Docker would take the change, and then answer nothing any more.
keep_the_quorum() {
    others=$(grep -v "^$1 " "$dir/members" | cut -d' ' -f5 | grep -v '^-$')
    all=$(printf '%s\n' "$others" | grep -c .)
    reachable=$(printf '%s\n' "$others" | grep -cE '^(leader|reachable)$')
    [ $((2 * reachable)) -gt "$all" ] || refuse "the fake: without $1, $reachable of $all managers are reachable"
}

elect_another() {
    put members "$1" 5 reachable
    next=$(grep -v "^$1 " "$dir/members" | grep '^[^ ]* manager [^ ]* ready reachable ' | head -n 1 | cut -d' ' -f1)
    later 2 members "$next" 5 leader
    # A new leader knows of nobody's state until each has reported to it.
    for other in $(grep -v "^$next " "$dir/members" | grep ' ready ' | cut -d' ' -f1); do
        later 2 members "$other" 4 unknown
        later 9 members "$other" 4 ready
    done
}

# Where a new task starts. Not on a paused member, nor on a drained one; one whose state is not known yet is ready soon.
find_room() {
    room=$(grep -E ' active (ready|unknown) ' "$dir/members" | head -n 1 | cut -d' ' -f1)
}

# Where the tasks of a service run: a line a task.
runs_on() {
    grep "^[^ ]* $1 [^ ]* running running$" "$dir/tasks" | cut -d' ' -f3
}

# As Docker drains: the old tasks end, all at once, while new ones start where there is room.
move_tasks() {
    ! grep -q '^[0-9]* tasks ' "$dir/due" || refuse "the fake: $1 is emptied before the tasks of the last one have moved"
    find_room
    down=$(grep "^$1 [^ ]* [^ ]* down " "$dir/members")
    for service in $(grep ' replicated ' "$dir/services" | cut -d' ' -f1); do
        where=$(runs_on "$service")
        [ -n "$down" ] || [ "$(printf '%s\n' "$where" | sort -u)" != "$1" ] || refuse "the fake: draining $1 takes all of $service away"
    done
    while read -r task service node _ desired; do
        [ "$node $desired" = "$1 running" ] || continue
        put tasks "$task" 5 shutdown
        [ -n "$down" ] || later 3 tasks "$task" 4 shutdown
        grep -q "^$service [^ ]* replicated " "$dir/services" || continue
        if [ -n "$room" ]; then
            printf '%s\n' "$task-again $service $room starting running" >>"$dir/tasks.more"
            later 2 tasks "$task-again" 4 running
        else
            printf '%s\n' "$task-again $service - pending running" >>"$dir/tasks.more"
        fi
    done <"$dir/tasks"
    cat "$dir/tasks.more" >>"$dir/tasks" 2>/dev/null
    rm -f "$dir/tasks.more"
}

# `service update --force`, as the usual update policy has it: one task after another, each old one ends first.
exchange_tasks() {
    find_room
    turn=0
    while read -r task service _ state desired; do
        [ "$service $state $desired" = "$1 running running" ] || continue
        later "$turn" tasks "$task" 5 shutdown
        later "$((turn + 1))" tasks "$task" 4 shutdown
        later "$((turn + 1))" tasks + "$task-forced $service ${room:--} $([ -n "$room" ] && echo starting || echo pending) running"
        [ -z "$room" ] || later "$((turn + 3))" tasks "$task-forced" 4 running
        turn=$((turn + 3))
    done <"$dir/tasks"
}

remove_member() {
    # shellcheck disable=SC2046 # the fields are words
    set -- $(each members "$1") || exit 1
    # One with a role and no vote, as a forced new cluster leaves it, can be removed as it is.
    [ "$3 $5" = "drain -" ] || refuse "the fake: removed as $2, $3, $5"
    [ "$4" = down ] || ! grep "^[^ ]* [^ ]* $1 running " "$dir/tasks" || refuse "the fake: removed with tasks"
    rewrite members "/^$1 /d"
}

what_is_due
case "$1" in node | service)
    grep -q ' leader ' "$dir/members" || refuse "Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader."
    ;;
esac
refuse_what_is_to_be_refused "$1" "$2"
case "$*" in
"node ls -q") cut -d' ' -f1 "$dir/members" ;;
"node inspect --format {{\$id := .ID}}"*) shift 4 && for id; do grep "^$id " "$dir/labels" || true; done ;;
"node inspect --format "*) shift 3 && show members "$members_fields" "$@" ;;
"node update "*) shift 2 && update_member "$@" ;;
"node rm --force "*) remove_member "$4" ;;
"node ps --format {{.ID}} "*) grep "^[^ ]* [^ ]* $5 " "$dir/tasks" | cut -d' ' -f1 ;;
"node ps --filter desired-state=running --format {{.ID}} "*) grep "^[^ ]* [^ ]* $7 [^ ]* running$" "$dir/tasks" | cut -d' ' -f1 ;;
"service ls --filter label=swarm.stack="*" --format {{.Name}}") grep " ${4#label=swarm.stack=}$" "$dir/services" | field 2 ;;
"service ls --filter label=swarm.stack="*" --format {{.Name}} {{.Replicas}}")
    grep " ${4#label=swarm.stack=}$" "$dir/services" | while read -r service name _; do
        printf '%s\n' "$name $(runs_on "$service" | grep -c .)/$(grep -c "^[^ ]* $service .* running$" "$dir/tasks")"
    done
    ;;
"service inspect --format {{with .UpdateStatus}}{{.State}}{{end}} "*) grep "^$5 " "$dir/updates" | field 2 ;;
"service ls -q") field 1 <"$dir/services" ;;
"service inspect --format {{with .Spec.TaskTemplate.ContainerSpec}}{{json .StopGracePeriod}}{{end}} "*) grep . "$dir/graces" || echo null ;;
"service ls --filter mode=replicated -q") grep ' replicated ' "$dir/services" | cut -d' ' -f1 ;;
"service update --detach --label-add swarm.stack="*) put services "$(grep "^[^ ]* $6 " "$dir/services" | field 1)" 4 "${5#swarm.stack=}" ;;
"service update --detach --force "*) exchange_tasks "$5" ;;
"service rm "*)
    rewrite services "/^[^ ]* $3 /d"
    ! grep -q "^$3 here$" "$dir/containers" || later 2 containers "$3" 2 gone
    ;;
"service ps --filter desired-state=running --format {{.Error}} "*) cat "$dir/unsuitable" ;;
"service ps --filter desired-state=running --format {{.ID}} "*) grep "^[^ ]* $7 .* running$" "$dir/tasks" | cut -d' ' -f1 ;;
"service ps --format {{.Name}} {{.CurrentState}} "*)
    grep " $(grep "^[^ ]* $5 " "$dir/services" | field 1) " "$dir/tasks" | while read -r _ _ _ state _; do
        printf '%s\n' "$5.1 $state 4 seconds ago"
    done | sed 's/ complete / Complete /'
    ;;
"service inspect --format {{if .Spec.Mode.Replicated}}replicated{{end}} "*) each services "$5" | field 3 | sed 's/global//' ;;
"service inspect --format {{.Spec.Name}} {{index .Spec.Labels \"swarm.stack\"}} {{range .Spec.TaskTemplate.Networks}}{{.Target}} {{end}} "*)
    printf '%s %s\n' "$(grep "^$5 " "$dir/services" | cut -d' ' -f2,4)" "$(grep " $5$" "$dir/networks" | sed 's/^\([^ ]*\) .*/id-of-\1/' | tr '\n' ' ')"
    ;;
"service inspect --format {{.Spec.Name}} "*) each services "$5" | field 2 ;;
"ps -aq --filter label=com.docker.swarm.service.name="*) grep "^${4#label=com.docker.swarm.service.name=} " "$dir/containers" | grep -v ' gone$' ;;
"network ls --filter label=swarm.stack --format {{.Name}}={{.Label \"swarm.stack\"}}") sed 's/^\([^ ]*\) \([^ ]*\) .*/\1=\2/' "$dir/networks" ;;
"network inspect --format {{.ID}} {{index .Labels \"swarm.stack\"}} "*) grep "^$5 " "$dir/networks" | sed 's/^\([^ ]*\) \([^ ]*\).*/id-of-\1 \2/' | grep . || refuse "no such network" ;;
"network inspect --format {{with index .Labels \"swarm.options\"}}{{.}}{{else}}-{{end}} "*)
    mark=$(grep "^$5 " "$dir/networks" | cut -d' ' -f4)
    printf '%s\n' "${mark:--}"
    ;;
"network inspect --format {{.Name}} "*) grep "^$5 " "$dir/networks" | cut -d' ' -f1 | grep . || refuse "no such network" ;;
"system dial-stdio")
    request=$(tr -d '\r')
    case $request in "POST /networks/create "*) ;; *) refuse "the fake does not know: $request" ;; esac
    printf '%s\n' "$request" | sed -n 's/^{"Name":"\([^"]*\)".*"swarm.stack":"\([^"]*\)".*"swarm.options":"\([^"]*\)".*/\1 \2 free \3/p' >>"$dir/networks"
    printf 'HTTP/1.0 201 Created\r\n\r\n{"Id":"x"}\n'
    ;;
"network rm "*)
    grep -q "^$3 [^ ]* free\( \|$\)" "$dir/networks" || refuse "network $3 is $(grep "^$3 " "$dir/networks" | cut -d' ' -f3 | tr - ' ')"
    rewrite networks "/^$3 /d"
    ;;
"inspect --format "*) shift 2 && show tasks "$tasks_fields" "$@" ;;
*) refuse "the fake does not know: docker $*" ;;
esac
