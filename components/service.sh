# shellcheck shell=sh
# Makes one service exactly as wanted, then waits until it has converged, or fails with the reason. Runs on the seed
# manager, after the roster.
#
# The service is sent as a whole, never as a delta: what is not in the spec is not in the service, and the order of a list is
# the config's. What only the swarm knows is filled in, in lines whose indentation no text within the spec can have.
#
# Whose it is, is what the swarm says of this node: the roster has seen to that.
#
# Input: node (the seed's name), service (name), image (as the config has it), limit (seconds to converge), auth (the
# login at the image's registry, as the Engine's API takes it; none where there is no login), network (NAME, the mark of its
# options, and its JSON for the Engine's API; any number), then a line `spec` and the service's spec as JSON, a field a line.

name=$(value node)
service=$(value service)
image=$(value image)
limit=$(value limit)
spec=$(printf '%s\n' "$input" | sed '1,/^spec$/d')
start=$(now)
# Goes with every change: nodes pull by the login that came with the last one.
registry_auth=$(values auth)

# What the swarm has under exactly this name, in variables; false when there is nothing.
read_service() {
    had=$(docker service inspect --format '{{.Spec.Name}} {{.ID}} {{.Version.Index}} {{.Spec.TaskTemplate.ForceUpdate}} {{json .Spec.Mode}} {{with index .Spec.Labels "swarm.stack"}}{{.}}{{else}}-{{end}} {{with index .Spec.Labels "swarm.image"}}{{.}}{{else}}-{{end}} {{with .Spec.TaskTemplate.ContainerSpec}}{{.Image}}{{end}} {{with .Spec.TaskTemplate.Placement}}{{json .Platforms}}{{end}}' "$service" 2>/dev/null) || return 1
    read -r had_name id version forced had_mode had_stack had_image running_image platforms <<END
$had
END
    # {"Replicated":{"Replicas":2}}
    had_mode=${had_mode#??} had_mode=${had_mode%%\"*}
    # Where nothing is called so, the daemon takes a name for the beginning of an ID.
    [ "$had_name" = "$service" ]
}

# Sets $pinned and $platforms. The image is looked up when the config names another one, so that a change of replicas does
# not roll the tasks to whatever the tag has come to mean.
find_image() {
    look_up
    case $had_image=${running_image%@*} in "$image=${image%@*}" | "$image=$image:latest")
        pinned=$running_image
        return 0
        ;;
    esac
    pinned=$image platforms=null
    [ -n "$looked_up" ] || look_up again
    [ "$looked_up" = yes ] || return 0
    digest=$(printf '%s\n' "$engine_answer" | sed 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/')
    case ${image##*/} in
    *@*) ;;
    *:*) pinned=$image@$digest ;;
    *) pinned=$image:latest@$digest ;;
    esac
    # As the docker command has it: nodes do not tell "arm" by that name (https://github.com/moby/swarmkit/issues/2294).
    platforms=$(printf '%s\n' "$engine_answer" | sed 's/.*"Platforms":\(\[[^]]*\]\).*/\1/; s/"architecture":"arm"/"architecture":""/g')
}

# look_up [again]: asks the registry for the image. With a login, always: one that is refused would be noticed months later
# else, when a task moves. Leaves in $looked_up whether there is an answer, in $engine_answer.
look_up() {
    looked_up=''
    [ -n "$registry_auth$*" ] || return 0
    looked_up=yes
    engine GET "/distribution/$image/json" && return 0
    looked_up=no
    registry=${image%%/*}
    case $image in */*) ;; *) registry=docker.io ;; esac
    case $registry in *.* | *:* | localhost) ;; *) registry=docker.io ;; esac
    case $(engine_error) in *[Uu]nauthorized* | *"no basic auth"* | *denied* | *"incorrect username or password"*)
        [ -z "$registry_auth" ] || fail "service $service: $registry refuses the login that swarm:registries has for it, or $image to it: $(engine_error)"
        warning="${newline}swarm:registries has no login for $registry, which may want one"
        ;;
    esac
    # The nodes may have it all the same, or a way to the registry that this one has not.
    warning="${newline}its image could not be looked up: $(engine_error)$warning"
}

# Sets $stack, the label by which all that is this stack's is known.
find_stack() {
    stack=$(docker node inspect --format '{{with index .Spec.Labels "swarm.stack"}}{{.}}{{end}}' self 2>&1) ||
        fail "service $service: $name does not say whose it is: $stack"
    [ -n "$stack" ] || fail "service $service: $name has lost its label swarm.stack, by which the stack knows what is its own; pulumi up without --target gives it back"
}

# The stack's label; the image's digest and platforms; the count of forced updates, which are no change; the IDs of secrets and configs.
fill_in() {
    spec=$(printf '%s\n' "$spec" | sed -e 's|^  "swarm.stack": ""|  "swarm.stack": "'"$stack"'"|' \
        -e 's|^   "Image": "[^"]*"|   "Image": "'"$pinned"'"|' \
        -e 's|^   "Platforms": \[\]|   "Platforms": '"$platforms"'|' -e 's|^  "ForceUpdate": 0|  "ForceUpdate": '"$forced"'|')
    for kind in secret config; do
        field='     "'$([ $kind = secret ] && echo Secret || echo Config)'ID": "'
        for object in $(printf '%s\n' "$spec" | sed -n "s/^$field\([^\"]*\)\".*/\1/p"); do
            found=$(docker "$kind" inspect --format '{{.Spec.Name}}={{.ID}}' "$object" 2>/dev/null || true)
            [ "${found%=*}" = "$object" ] || fail "service $service: the swarm has no $kind called $object"
            spec=$(printf '%s\n' "$spec" | sed "s/^$field$object\"/$field${found#*=}\"/")
        done
    done
}

# Docker keeps the tasks, and the ports of before with them, where ports and constraints change at once: it looks at the
# constraints, and no further (swarmkit, IsTaskDirty). So another set of ports, or another mode of the endpoint, is a forced
# update as well.
force_other_ports() {
    had_ports=$(docker service inspect --format '{{with .Spec.EndpointSpec}}{{println .Mode}}{{range .Ports}}{{println .Protocol}}{{println .TargetPort}}{{println .PublishedPort}}{{println .PublishMode}}{{end}}{{end}}' "$id")
    ports=$(printf '%s\n' "$spec" | sed -n '/^ "EndpointSpec"/,/^ }/s/^  \(  \)\{0,1\}"[A-Za-z]*": "\{0,1\}\([^",[]*\)"\{0,1\},\{0,1\}$/\2/p')
    [ "$had_ports" = "$ports" ] || forced=$((forced + 1))
}

# send PATH: the spec goes to the Engine's API. The swarm refuses a change of what it has changed itself since it was read, as
# it does while tasks are exchanged, and any while it has no leader.
send() {
    until engine POST "$1$version" "$spec"; do
        case $(engine_error) in *"out of sequence"* | *"does not have a leader"*) ;; *) fail "service $service: $(engine_error)" ;; esac
        [ $(($(now) - start)) -lt "$limit" ] || fail "service $service: $(engine_error), for $limit s"
        stop_if_left_alone
        sleep 0.5
        [ -z "$version" ] || version=$(docker service inspect --format '{{.Version.Index}}' "$id")
    done
}

# Whether a job has completed for just what it is to run for. The swarm runs a job again whenever it is sent one.
has_run() {
    job_mark=$(printf '%s\n' "$spec" | sed -n 's/^  "swarm\.job": "\([0-9a-f]*\)".*/\1/p')
    [ -n "$job_mark" ] && [ -z "${PULUMI_COMMAND_SWARM_DIFFERS:-}" ] && job_is_done &&
        [ "$(docker service inspect --format '{{index .Spec.Labels "swarm.job"}}' "$id")" = "$job_mark" ]
}

create() {
    version=''
    send /services/create
    id=$(printf '%s\n' "$engine_answer" | sed 's/.*"ID":"\([a-z0-9]*\)".*/\1/')
}

mode=$(printf '%s\n' "$spec" | sed -n '/^ "Mode": {$/{n;s/^  "\([A-Za-z]*\)".*/\1/p;}')
restart=$(printf '%s\n' "$spec" | sed -n 's/^   "Condition": "\([a-z-]*\)".*/\1/p')
find_stack
make_networks
warning='' ran_before='' networks_before=''
if read_service; then
    # Only this program labels a service with its image: one without the stack's label has lost it.
    [ "$had_stack" = "$stack" ] || { [ "$had_stack" = - ] && [ "$had_image" != - ]; } ||
        fail "service $service: the swarm has a service of this name that this stack did not make; remove it or choose another name"
    find_image
    # Another count of forced updates tells the tasks of a job's next run from those of the last.
    if is_job; then forced=$((forced + 1)); else force_other_ports; fi
    fill_in
    networks_before=$(network_ids)
    if is_job && [ "$had_mode" = "$mode" ] && has_run; then
        :
    elif [ "$had_mode" = "$mode" ]; then
        ran_before=$(running_tasks)
        send "/services/$id/update?version="
    else
        say "service $service: its mode becomes ${mode}, for which it is made anew"
        docker service rm "$id" >/dev/null
        create
    fi
else
    had_image='' running_image='' forced=0
    find_image
    fill_in
    create
fi

wait_until_converged
remove_networks_left

printf '{"script":"service","node":%s,"service":%s,"id":%s,"image":%s,"running":%s}\n' "$(quoted "$name")" \
    "$(quoted "$service")" "$(quoted "$id")" "$(quoted "$pinned")" "$(quoted "$up/$wanted")"
