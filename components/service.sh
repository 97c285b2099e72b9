# shellcheck shell=sh
# Makes one service exactly as wanted, then waits until it has converged, or fails with its tasks' own errors.
# Runs on the seed manager, after the roster.
#
# Always detached: the client's own wait has no end, and its exit status is 0 after an automatic rollback. The
# image is sent only when the config names another one, so that a change of replicas does not roll the tasks to
# whatever the tag has come to mean since.
#
# Input: node (the seed's name), stack, service (name), image, mode (replicated, global), limit (seconds to
# converge), and any number of: flag (an option that `create` and `update` share, with its value: --user=nobody),
# env, label, constraint, publish, network, mount (TARGET SPEC), arg; entrypoint and args (the command and its
# arguments as one line of shell words).

name=$(value node)
stack=$(value stack)
service=$(value service)
image=$(value image)
mode=$(value mode)
limit=$(value limit)

inspect() {
    docker service inspect --format "$1" "$service"
}

# An overlay network that a service names is the stack's own; services that name the same one share it.
make_networks() {
    for network in $(values network); do
        docker network inspect "$network" >/dev/null 2>&1 && continue
        docker network create --driver overlay --label "swarm.stack=$stack" "$network" >/dev/null 2>&1 ||
            docker network inspect "$network" >/dev/null # another service has just made it
    done
}

# env_word NAME=VALUE: what docker is told of a variable, in $env_word. The value goes by docker's own environment, which
# root alone can read there, and not by its arguments, which every process of the host can. Except for names that are
# no shell's or mean something to docker, to its parts or to this shell: those are told in full.
env_word() {
    env_word=$1
    case ${1%%=*} in
    '' | [0-9]* | *[!A-Z0-9_]*) return 0 ;;
    PATH | HOME | IFS | ENV | PWD | OLDPWD | PPID | OPTIND | PS[0-9] | *UID | SHELLOPTS | BASH* | TMPDIR | TZ | TERM) return 0 ;;
    LANG | LANGUAGE | LC_* | LD_* | GO* | DOCKER_* | BUILD* | COMPOSE_* | OTEL_* | SSH_* | SSL_* | XDG_* | *_PROXY) return 0 ;;
    esac
    env_word=${1%%=*}
    env_words="$env_words $env_word"
    # shellcheck disable=SC2163 # the name is in the argument
    export "$1"
}
env_words=''

forget_env_words() {
    # shellcheck disable=SC2086 # names are words
    [ -z "$env_words" ] || unset $env_words
    env_words=''
}

create() {
    set -- --detach --name "$service" --label "swarm.stack=$stack" --label "swarm.image=$image" --mode "$mode"
    while IFS= read -r line; do
        key=${line%% *} rest=${line#* }
        case $key in
        flag) set -- "$@" "$rest" ;;
        env) env_word "$rest" && set -- "$@" --env "$env_word" ;;
        label | constraint | publish | network) set -- "$@" "--$key" "$rest" ;;
        mount) set -- "$@" --mount "${rest#* }" ;;
        entrypoint) set -- "$@" --entrypoint "$rest" ;;
        esac
    done <<END
$input
END
    set -- "$@" "$image"
    while IFS= read -r line; do
        case $line in "arg "*) set -- "$@" "${line#arg }" ;; esac
    done <<END
$input
END
    # A container that an interrupted run left half made cannot exist: the swarm makes a service whole or not.
    warnings=$(docker service create "$@" 2>&1) || fail "service $service: $warnings"
    forget_env_words
}

# without_wanted CURRENT WANTED OPTION: an option for each line of CURRENT that WANTED has not, in $removals.
without_wanted() {
    while IFS= read -r line; do
        if [ -n "$line" ] && ! has "$line" "$2"; then removals="$removals$3=$line$newline"; fi
    done <<END
$1
END
}

keys_of() {
    values "$1" | cut -d= -f1
}

ports_now='{{with .Spec.EndpointSpec}}{{range .Ports}}published={{.PublishedPort}},target={{.TargetPort}},protocol={{.Protocol}},mode={{.PublishMode}}{{println}}{{end}}{{end}}'

update() {
    removals=''
    without_wanted "$(inspect '{{range .Spec.TaskTemplate.ContainerSpec.Env}}{{println .}}{{end}}' | cut -d= -f1)" "$(keys_of env)" --env-rm
    # shellcheck disable=SC2016 # the template's own variables
    without_wanted "$(inspect '{{range $key, $value := .Spec.Labels}}{{println $key}}{{end}}')" \
        "$(keys_of label)${newline}swarm.stack${newline}swarm.image" --label-rm
    constraints=$(inspect '{{with .Spec.TaskTemplate.Placement}}{{range .Constraints}}{{println .}}{{end}}{{end}}')
    without_wanted "$constraints" "$(values constraint)" --constraint-rm
    without_wanted "$(inspect '{{range .Spec.TaskTemplate.ContainerSpec.Mounts}}{{println .Target}}{{end}}')" \
        "$(values mount | cut -d' ' -f1)" --mount-rm
    networks=$(inspect '{{range .Spec.TaskTemplate.Networks}}{{println .Target}}{{end}}')
    wanted_networks=$(values network | xargs -r docker network inspect --format '{{.ID}}')
    without_wanted "$networks" "$wanted_networks" --network-rm
    networks_left=$(printf '%s\n' "$removals" | sed -n 's/^--network-rm=//p')
    ports=$(inspect "$ports_now")
    without_wanted "$ports" "$(values publish)" --publish-rm
    set -- --detach --label-add "swarm.image=$image"
    while IFS= read -r line; do
        case $line in
        '') continue ;;
        --publish-rm=*) line=--publish-rm=$(printf '%s' "$line" | sed 's/.*target=\([0-9]*\),protocol=\([a-z]*\),.*/\1\/\2/') ;;
        esac
        set -- "$@" "$line"
    done <<END
$removals
END
    while IFS= read -r line; do
        key=${line%% *} rest=${line#* }
        case $key in
        flag) set -- "$@" "$rest" ;;
        env) env_word "$rest" && set -- "$@" --env-add "$env_word" ;;
        label) set -- "$@" --label-add "$rest" ;;
        constraint) has "$rest" "$constraints" || set -- "$@" --constraint-add "$rest" ;;
        publish) has "$rest" "$ports" || set -- "$@" --publish-add "$rest" ;;
        network) has "$(docker network inspect --format '{{.ID}}' "$rest")" "$networks" || set -- "$@" --network-add "$rest" ;;
        mount) set -- "$@" --mount-add "${rest#* }" ;;
        args) set -- "$@" --args "$rest" ;;
        entrypoint) set -- "$@" --entrypoint "$rest" ;;
        esac
    done <<END
$input
END
    [ "$(inspect '{{index .Spec.Labels "swarm.image"}}')" = "$image" ] || set -- "$@" --image "$image"
    warnings=$(docker service update "$@" "$service" 2>&1) || fail "service $service: $warnings"
    forget_env_words
    restore_ports
}

# `--publish-rm` goes by the container's port, so it also takes a port that stays when both lead to the same one.
restore_ports() {
    ports=$(inspect "$ports_now")
    set --
    for port in $(values publish); do
        has "$port" "$ports" || set -- "$@" --publish-add "$port"
    done
    [ $# = 0 ] || docker service update --detach "$@" "$service" >/dev/null
}

tasks() {
    docker service ps --no-trunc --format '{{.Name}} on {{.Node}}: {{.CurrentState}}{{if .Error}}: {{.Error}}{{end}}' "$service" | head -n 12
}

# Converged: no update under way, the wanted number of tasks, all running the wanted spec, and the same tasks for
# a while: 2 s, or 10 s once any has failed, since a container that dies at its start counts as running before.
# Tasks that ran before this script changed anything, in a service without failures, have proven themselves.
calm_since='' calm_tasks=''
has_converged() {
    status=$(inspect '{{with .UpdateStatus}}{{.State}} {{.Message}}{{end}}')
    case $status in
    paused* | rollback_*) fail "service $service: its update ended as ${status%% *}: ${status#* }$newline$(tasks)" ;;
    esac
    counts=$(docker service ls --filter "id=$service_id" --format '{{.Replicas}}')
    counts=${counts%% *}
    seen="$counts running"
    [ "${status%% *}" != updating ] || seen="$seen, an update is under way"
    failures=$(docker service ps --filter desired-state=shutdown --format '{{.CurrentState}}' "$service" | grep -cE '^(Failed|Rejected)' || true)
    calm=200
    [ "$failures" = 0 ] || calm=1000
    if [ "${status%% *}" = updating ] || [ "${counts%/*}" != "${counts#*/}" ] || [ "${counts%/*}" = "$unwanted_count" ]; then
        calm_since=''
        return 1
    fi
    running=$(docker service ps --filter desired-state=running -q --no-trunc "$service")
    # shellcheck disable=SC2086 # one word a task
    specs=$([ -z "$running" ] || docker inspect --format '{{.Status.State}} {{json .Spec}}' $running | sort -u)
    # The service's copy of the spec names the runtime even where it is the usual one, the tasks' copies do not.
    wanted_spec=$(inspect '{{json .Spec.TaskTemplate}}' | sed 's/,"Runtime":"container"//')
    if [ -n "$running" ] && [ "$specs" != "running $wanted_spec" ]; then
        calm_since='' seen="$seen, not all of them to the new spec"
        return 1
    fi
    fresh=''
    for task in $running; do
        has "$task" "$ran_before" || fresh=$task
    done
    [ -n "$fresh" ] || [ "$failures" != 0 ] || return 0
    if [ -z "$calm_since" ] || [ "$running" != "$calm_tasks" ]; then
        calm_since=$(hundredths) calm_tasks=$running
    fi
    [ $(($(hundredths) - calm_since)) -ge "$calm" ]
}

# Hundredths of a second since boot: whole seconds would make a wait of two one of one.
hundredths() {
    cut -d' ' -f1 /proc/uptime | tr -d .
}

remove_networks_left() {
    for network in $networks_left; do
        [ "$(docker network inspect --format '{{index .Labels "swarm.stack"}}' "$network" 2>/dev/null)" = "$stack" ] || continue
        remove_network "$network"
    done
}

make_networks
warnings='' ran_before='' networks_left=''
if have=$(inspect '{{index .Spec.Labels "swarm.stack"}} {{if .Spec.Mode.Global}}global{{else}}replicated{{end}}' 2>/dev/null); then
    [ "${have% *}" = "$stack" ] ||
        fail "service $service: the swarm has a service of this name that this stack did not make; remove it or choose another name"
    if [ "${have#* }" = "$mode" ]; then
        ran_before=$(docker service ps --filter desired-state=running --format '{{.ID}} {{.CurrentState}}' --no-trunc "$service" | sed -n 's/ Running.*//p')
        update
    else
        say "service $service: its mode becomes $mode, for which it is made anew"
        docker service rm "$service" >/dev/null
        create
    fi
else
    create
fi

service_id=$(inspect '{{.ID}}')
# A global service has no tasks in the instant of its making: 0/0 is no end there, as it is with replicas=0.
unwanted_count=none
[ "$mode" = replicated ] || unwanted_count=0
start=$(now)
next=$((start + 5))
until has_converged; do
    waited=$(($(now) - start))
    if [ "$waited" -ge "$limit" ]; then
        warned=$(printf '%s\n' "$warnings" | grep -i 'could not be accessed on a registry' || true)
        fail "service $service: not converged after $waited s: $seen${warned:+$newline$warned}
its tasks:
$(tasks)"
    elif [ $((start + waited)) -ge "$next" ]; then
        say "service $service: $seen, $waited s"
        next=$((start + waited + 10))
    fi
    stop_if_left_alone
    sleep 0.5
done

remove_networks_left

printf '{"script":"service","node":%s,"service":%s,"id":%s,"image":%s,"running":%s}\n' "$(quoted "$name")" \
    "$(quoted "$service")" "$(quoted "$service_id")" \
    "$(quoted "$(inspect '{{.Spec.TaskTemplate.ContainerSpec.Image}}')")" "$(quoted "$counts")"
