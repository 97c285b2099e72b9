# shellcheck shell=sh
# Waits until a service has converged, or fails with the reason. Sent between the prelude and `service`, whose variables it
# reads: service, id, mode (Replicated or Global), restart (the condition), limit, start, ran_before, warning.

# tasks DESIRED-STATE FORMAT [up-to-date]: a line a task; up to date by Docker's own notion, to which a task is that has another
# spec and a node that meets the new constraints.
tasks() {
    docker service ps --no-trunc --filter "desired-state=$1" ${3:+--filter _up-to-date=true} --format "$2" "$id"
}

# Those that run, and are to run on.
running_tasks() {
    tasks running '{{.ID}} {{.CurrentState}}' "$@" | sed -n 's/ Running.*//p'
}

# Converged: no update under way, as many tasks as wanted, all of them up to date and running, or ended well where they are
# meant to end, and the same ones for a while: 2 s, or 10 s once any has failed, since a container that dies at its start
# counts as running before. Tasks that ran before this script changed anything, in a service without failures, have proven
# themselves.
calm_since='' calm_tasks='' none=none
has_converged() {
    if is_job; then
        job_has_converged
        return
    fi
    state=$(docker service inspect --format '{{with .UpdateStatus}}{{.State}} {{.Message}}{{end}}' "$id")
    case $state in paused* | rollback_*) give_up "its update ended as ${state%% *}: ${state#* }" ;; esac
    counts=$(docker service ls --filter "id=$id" --format '{{.Replicas}}')
    counts=${counts%% *}
    up=${counts%/*} wanted=${counts#*/}
    now_running=$(running_tasks)
    fresh=$(running_tasks up-to-date)
    past=$(tasks shutdown '{{.CurrentState}}' up-to-date)
    failures=$(printf '%s\n' "$past" | grep -cE '^(Failed|Rejected)' || true)
    # Of each slot the last one, which comes first: earlier ones may have had the same spec.
    last=$(docker service ps --no-trunc --filter _up-to-date=true --format '{{.Name}} {{.CurrentState}}' "$id" | sort -s -u -k 1,1)
    ended=0
    [ "$restart" = any ] || ended=$(printf '%s\n' "$last" | grep -c '^[^ ]* Complete' || true)
    [ "$restart" != none ] || failures=$(printf '%s\n' "$last" | grep -cE '^[^ ]* (Failed|Rejected)' || true)
    [ "$restart" != none ] || [ "$failures" = 0 ] || [ "${state%% *}" = updating ] || give_up "a task has failed, and its restart condition is none"
    seen="$up of $wanted tasks run"
    [ "$ended" = 0 ] || seen="$seen, $ended ended well"
    [ "$fresh" = "$now_running" ] || seen="$seen, not all of them to the new spec"
    # The swarm counts those that are about to stop, too, even before it says that an update is under way.
    staying=$(printf '%s\n' "$now_running" | grep -c . || true)
    [ "$staying" = "$up" ] || seen="$seen, not all of them to stay"
    [ "$failures" = 0 ] || seen="$seen, $failures have failed"
    [ "${state%% *}" != updating ] || seen="$seen, an update is under way"
    # The swarm counts the tasks of a global service by what is to run: none in the instant of its making, and none in the end.
    if [ "$mode" = Global ] && [ "$up" = "$wanted" ]; then wanted=$((up + ended)) none=0; fi
    if [ "${state%% *}" = updating ] || [ $((up + ended)) != "$wanted" ] || [ "$wanted" = "$none" ] ||
        [ "$staying" != "$up" ] || [ "$fresh" != "$now_running" ]; then
        calm_since=''
        return 1
    fi
    unproven=''
    for task in $now_running; do has "$task" "$ran_before" || unproven=$task; done
    [ -n "$unproven" ] || [ "$failures" != 0 ] || [ "$ended" != 0 ] || return 0
    if [ -z "$calm_since" ] || [ "$now_running" != "$calm_tasks" ]; then
        calm_since=$(hundredths) calm_tasks=$now_running
    fi
    [ $(($(hundredths) - calm_since)) -ge "$([ "$failures" = 0 ] && echo 200 || echo 1000)" ]
}

is_job() {
    case $mode in *Job) return 0 ;; esac
    return 1
}

# `0/1 (2/2 completed)`: running, of how many at a time, and completed, of how many. A global job has none in the instant of its
# making.
job_is_done() {
    counts=$(docker service ls --filter "id=$id" --format '{{.Replicas}}')
    up=${counts%% *} wanted=${counts#*(}
    wanted=${wanted%% *}
    up=${wanted%/*} wanted=${wanted#*/}
    seen="$up of $wanted tasks have completed"
    [ "$wanted" != 0 ] && [ "$up" = "$wanted" ]
}

# A job is done when its tasks have ended well. Where none is on its way any more, it never will be.
idle=0
job_has_converged() {
    if job_is_done; then return 0; fi
    states=$(docker service ps --no-trunc --filter _up-to-date=true --format '{{.CurrentState}}' "$id")
    failures=$(printf '%s\n' "$states" | grep -cE '^(Failed|Rejected)' || true)
    [ "$failures" = 0 ] || seen="$seen, $failures have failed"
    if [ "$failures" = 0 ] || printf '%s\n' "$states" | grep -qvE '^(Failed|Rejected|Complete|Shutdown|Orphaned|Remove)'; then
        idle=0
        return 1
    fi
    # The one that takes its place comes a moment after a failure.
    idle=$((idle + 1))
    [ "$idle" -lt 4 ] || give_up "the job has failed: $seen, and no other is started"
    return 1
}

# Hundredths of a second since boot: whole seconds would make a wait of two one of one.
hundredths() {
    cut -d' ' -f1 /proc/uptime | tr -d .
}

# give_up WHY: fails with it, the last lines of a task that failed, or has ended and was not to, and what the tasks say of
# themselves. The engine deletes nothing where anything has failed, so the droplets of nodes that have left the swarm are there
# still.
give_up() {
    ended=$(tasks shutdown '{{.ID}} {{.Name}} on {{.Node}} {{.CurrentState}} {{.Error}}' up-to-date || true)
    # The status is in the error alone: task: non-zero exit (3)
    status=$(printf '%s\n' "$ended" | grep ' Failed ' | head -n 1 | sed -n 's/.*non-zero exit (\([0-9]*\)).*/ with exit status \1/p')
    last_lines=$(last_lines_of Failed "failed$status")
    is_job || [ "$restart" != any ] || last_lines=${last_lines:-$(last_lines_of Complete "ended with exit status 0")}
    fail "service $service: $1$warning$last_lines
its tasks:
$(docker service ps --no-trunc --format '{{.Name}}{{if .Node}} on {{.Node}}{{end}}: {{.CurrentState}}{{if .Error}}: {{.Error}}{{end}}' "$id" | head -n 12)$(not_deleted)"
}

# last_lines_of STATE HOW: what the newest of $ended in that state has written at last; nothing where there is none.
last_lines_of() {
    one=$(printf '%s\n' "$ended" | grep " $1 " | head -n 1)
    [ -n "$one" ] || return 0
    written=$(timeout 10 docker service logs --raw --tail 10 "${one%% *}" 2>&1 </dev/null || true)
    one=${one#* }
    printf '%s' "${newline}the task ${one%% "$1" *} $2, and wrote ${written:+at last:$newline}${written:-nothing}"
}

not_deleted() {
    # The engine sends it again with later updates, when those nodes are long gone.
    case ${PULUMI_COMMAND_SWARM_DIFFERS:-} in *" $(date -u +%Y-%m-%d)"*" leaving "*)
        printf '\n%s' "Since it failed, this up deletes nothing: ${PULUMI_COMMAND_SWARM_DIFFERS#* leaving } stay. To have them go all the same: pulumi up --continue-on-error"
        ;;
    esac
}

wait_until_converged() {
    wait_what="service $service to converge" next=5
    until has_converged; do
        waited=$(($(now) - start))
        [ "$waited" -lt "$limit" ] || give_up "not converged after $waited s: $seen"
        if [ "$waited" -ge "$next" ]; then
            say "waiting for service $service, $waited s: $seen"
            next=$((waited * 3))
        fi
        stop_if_left_alone
        sleep 0.5
    done
}
