# shellcheck shell=sh
# An engine of files, as a manager's `docker` shows and changes one service: what the fake docker of the service's tests
# sources, with $dir, the files' folder, and the arguments of docker.
#
# service       NAME ID VERSION FORCED-UPDATES MODE STACK IMAGE-LABEL IMAGE PLATFORMS; empty: there is none
# job           the mark of what the job that there is has run for
# ports         its endpoint's mode, then PROTOCOL TARGET PUBLISHED MODE, of the service that there is
# networks      NAME ID STACK [MARK of its options]
# refusals      NAME TEXT                        what the making of a network is answered; where it "already exists", another
#               service has just made it
# objects       KIND NAME ID                     secrets and configs
# distribution  what the registry says of the image; empty: it is not to be had
# posts         STATUS BODY                      how the next changes are answered, a line each; default: well. - TEXT: by
#               the client alone
# requests      the requests to the API, a line each; sent: the JSON of the last one
# used          networks that the service has once it is changed, their IDs
# AT.update     state and message of its update; AT.replicas: as `service ls` has it; AT.tasks, a line each:
#               ID|DESIRED-STATE|STATE|yes or no: up to date|NAME|NODE|ERROR. AT is the second from which it is so.
# logs          what a task's log says
# label         swarm.stack of the manager as a node
# clock         seconds that the script has slept

# shellcheck disable=SC2154 # dir is the harness's
read -r clock <"$dir/clock"

refuse() {
    printf '%s\n' "$*" >&2
    exit 1
}

# now KIND: the file of that kind that holds at this second.
now() {
    latest='' at=0
    while [ "$at" -le "$clock" ]; do
        [ ! -e "$dir/$at.$1" ] || latest=$at.$1
        at=$((at + 1))
    done
    [ -z "$latest" ] || cat "$dir/$latest"
}

answer() {
    printf 'HTTP/1.0 %s\r\nContent-Type: application/json\r\n\r\n%s\n' "$1" "$2"
}

serve() {
    request=$(tr -d '\r')
    line=$(printf '%s\n' "$request" | sed -n '1s/ HTTP.*//p')
    printf '%s\n' "$line" >>"$dir/requests"
    case $line in
    "GET /distribution/"*)
        if [ -s "$dir/distribution" ]; then answer "200 OK" "$(cat "$dir/distribution")"; else answer "404 Not Found" '{"message":"manifest unknown: \"nope\" is not there"}'; fi
        ;;
    "POST /networks/create")
        body=$(printf '%s\n' "$request" | sed '1,/^$/d')
        network=$(printf '%s\n' "$body" | sed 's/^{"Name":"\([^"]*\)".*/\1/')
        stack=$(printf '%s\n' "$body" | sed 's/.*"swarm.stack":"\([^"]*\)".*/\1/')
        mark=$(printf '%s\n' "$body" | sed -n 's/.*"swarm.options":"\([^"]*\)".*/\1/p')
        refusal=$(grep "^$network " "$dir/refusals") || refusal=''
        case $refusal in '' | *"already exists") printf '%s\n' "$network id-of-$network $stack${mark:+ $mark}" >>"$dir/networks" ;; esac
        if [ -z "$refusal" ]; then answer "201 Created" '{"Id":"x"}'; else answer "409 Conflict" "{\"message\":\"${refusal#* }\"}"; fi
        ;;
    "POST /services/"*)
        printf '%s\n' "$request" | sed '1,/^$/d' >"$dir/sent"
        length=$(printf '%s\n' "$request" | sed -n 's/^Content-Length: //p')
        [ "$length" -le "$(wc -c <"$dir/sent")" ] || refuse "the fake: $length bytes were announced"
        if [ -s "$dir/posts" ]; then
            read -r status text <"$dir/posts"
            sed 1d "$dir/posts" >"$dir/posts.new" && mv "$dir/posts.new" "$dir/posts"
            [ "$status" != - ] || refuse "$text"
            answer "$status" "$text"
            return
        fi
        [ ! -e "$dir/used" ] || cat "$dir/used" >"$dir/uses"
        case $line in
        *create) answer "201 Created" '{"ID":"new1","Warnings":null}' ;;
        *) answer "200 OK" '{"Warnings":null}' ;;
        esac
        ;;
    *) answer "404 Not Found" '{"message":"page not found"}' ;;
    esac
}

# tasks FILTER... FORMAT: DESIRED-STATE and whether only those up to date.
tasks() {
    now tasks | while IFS='|' read -r id desired state fresh name node error; do
        [ -z "$1" ] || [ "$1" = "$desired" ] || continue
        [ -z "$2" ] || [ "$fresh" = yes ] || continue
        case $3 in
        '{{.ID}} {{.Name}} on {{.Node}} {{.CurrentState}} {{.Error}}') printf '%s\n' "$id $name on $node $state $error" ;;
        '{{.ID}}') printf '%s\n' "$id" ;;
        '{{.CurrentState}}') printf '%s\n' "$state" ;;
        '{{.ID}} {{.CurrentState}}') printf '%s\n' "$id $state" ;;
        '{{.Name}} {{.CurrentState}}') printf '%s\n' "$name $state" ;;
        '{{.Name}}{{if .Node}} on {{.Node}}{{end}}: {{.CurrentState}}{{if .Error}}: {{.Error}}{{end}}') printf '%s\n' "$name${node:+ on $node}: $state${error:+: $error}" ;;
        *) refuse "the fake does not know the format $3" ;;
        esac
    done
}

read_service='{{.Spec.Name}} {{.ID}} {{.Version.Index}} {{.Spec.TaskTemplate.ForceUpdate}} {{json .Spec.Mode}} {{with index .Spec.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.image"}}{{.}}{{else}}-{{end}} {{with .Spec.TaskTemplate.ContainerSpec}}{{.Image}}{{end}} {{with .Spec.TaskTemplate.Placement}}{{json .Platforms}}{{end}}'
is_up_to_date='--filter _up-to-date=true '

case "$*" in
"system dial-stdio")
    serve
    # As Docker's client does where the daemon has closed the connection first (cli/command/system/dial_stdio.go).
    echo 'time="2026-12-01T18:20:00Z" level=error msg="error while CloseWrite (stdin to stream): shutdown: transport endpoint is not connected"' >&2
    ;;
"node inspect --format {{with index .Spec.Labels \"swarm.stack\"}}{{.}}{{end}} self") cat "$dir/label" ;;
"service inspect --format $read_service web") grep . "$dir/service" || refuse "Error: no such service: web" ;;
"service inspect --format {{.Version.Index}} "*) echo 99 ;;
"service inspect --format {{index .Spec.Labels \"swarm.job\"}} "*) cat "$dir/job" ;;
"service inspect --format {{with .UpdateStatus}}{{.State}} {{.Message}}{{end}} "*) now update ;;
"service inspect --format {{range .Spec.TaskTemplate.Networks}}{{println .Target}}{{end}} "*) cat "$dir/uses" ;;
"service inspect --format {{with .Spec.EndpointSpec}}{{println .Mode}}{{range .Ports}}{{println .Protocol}}{{println .TargetPort}}{{println .PublishedPort}}{{println .PublishMode}}{{end}}{{end}} "*) tr ' ' '\n' <"$dir/ports" ;;
"service ls --filter id="*" --format {{.Replicas}}") now replicas ;;
"service ps --no-trunc --filter desired-state="*)
    desired=${5#desired-state=}
    case "$6 $7 " in "$is_up_to_date") tasks "$desired" fresh "$9" ;; *) tasks "$desired" '' "$7" ;; esac
    ;;
"service ps --no-trunc --filter _up-to-date=true --format "*) tasks '' fresh "$7" ;;
"service ps --no-trunc --format "*) tasks '' '' "$5" ;;
"service logs --raw --tail 10 "*) cat "$dir/logs" ;;
"service rm "*) echo "$3" && : >"$dir/service" ;;
"network inspect --format {{.Name}} "*)
    # As the daemon has it: by name, or by the beginning of an ID.
    { grep "^$5 " "$dir/networks" || grep "^[^ ]* $5" "$dir/networks"; } | sed 's/ .*//' | grep . || refuse "no such network"
    ;;
"network inspect --format {{index .Labels \"swarm.stack\"}} "*) grep " $5 " "$dir/networks" | cut -d' ' -f3 ;;
"network inspect --format {{with index .Labels \"swarm.options\"}}{{.}}{{else}}-{{end}} "*)
    mark=$(grep "^$5 " "$dir/networks" | cut -d' ' -f4)
    printf '%s\n' "${mark:--}"
    ;;
"network rm "*) sed "/ $3 /d" "$dir/networks" >"$dir/networks.new" && mv "$dir/networks.new" "$dir/networks" ;;
"secret inspect --format {{.Spec.Name}}={{.ID}} "* | "config inspect --format {{.Spec.Name}}={{.ID}} "*)
    # As the daemon has it: by name, or by the beginning of an ID.
    { grep "^$1 $5 " "$dir/objects" || grep "^$1 [^ ]* $5" "$dir/objects"; } | sed 's/^[^ ]* \([^ ]*\) /\1=/' | grep . || refuse "no such $1"
    ;;
*) refuse "the fake does not know: docker $*" ;;
esac
