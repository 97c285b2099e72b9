# shellcheck shell=sh
# Makes secrets and configs that the swarm has not. Their names end in a hash of the content, so one that is there is the one
# that is wanted. Runs on the seed manager, after the roster and before the services.
#
# Input: node (the seed's name), stack, object (KIND NAME CONFIG-NAME CONTENT, any number; the content in base64).

name=$(value node)
stack=$(value stack)

# Where nothing is called so, the daemon takes a name for the beginning of an ID.
has_object() {
    [ "$(docker "$1" inspect --format '{{.Spec.Name}}' "$2" 2>/dev/null)" = "$2" ]
}

# make_object KIND NAME CONFIG-NAME CONTENT
make_object() {
    until has_object "$1" "$2" || engine POST "/$1s/create" \
        "{\"Name\":\"$2\",\"Labels\":{\"swarm.name\":\"$3\",\"swarm.stack\":$(quoted "$stack")},\"Data\":\"$4\"}"; do
        case $(engine_error) in *"does not have a leader"* | *"already exists"*) ;; *) fail "$1 $3: it cannot be made: $(engine_error)" ;; esac
        [ "$(now)" -lt "$made_until" ] || fail "$1 $3: it cannot be made, after 120 s: $(engine_error)"
        stop_if_left_alone
        sleep 0.5
    done
}

made_until=$(($(now) + 120))
# By a pipe: some shells write a here-document to the disk.
values object | while read -r kind object config_name content; do
    make_object "$kind" "$object" "$config_name" "$content" </dev/null
done

printf '{"script":"objects","node":%s,"wanted":%s}\n' "$(quoted "$name")" "$(values object | grep -c . || true)"
