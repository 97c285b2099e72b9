# shellcheck shell=sh
# Removes this stack's secrets and configs that nothing asks for any more, but for those that a service uses still. Runs on the
# seed manager, after the services.
#
# Input: node (the seed's name), stack, keep (how many former ones stay, of each that is wanted), secret and config (NAME
# CONFIG-NAME; any number).

name=$(value node)
stack=$(value stack)
keep=$(value keep)
removed=0

# objects_here KIND: a line each, NAME ID CONFIG-NAME, in the order of their config names, and the newest first.
objects_here() {
    docker "$1" ls --filter label=swarm.stack --format '{{.ID}} {{.Label "swarm.stack"}}' |
        while read -r object label; do ! is_own "$label" || printf '%s\n' "$object"; done |
        xargs -r docker "$1" inspect --format '{{with index .Spec.Labels "swarm.name"}}{{.}}{{else}}-{{end}} {{.Version.Index}} {{.Spec.Name}} {{.ID}}' |
        sort -k 1,1 -k 2,2nr
}

for kind in secret config; do
    wanted=$(values "$kind" | cut -d' ' -f1)
    wanted_names=$(values "$kind" | cut -d' ' -f2)
    here=$(objects_here "$kind")
    former_of='' kept=0
    while read -r config_name _ object id; do
        if [ -z "$id" ] || has "$object" "$wanted"; then continue; fi
        [ "$config_name" = "$former_of" ] || kept=0
        former_of=$config_name
        if has "$config_name" "$wanted_names" && [ "$kept" -lt "$keep" ]; then
            kept=$((kept + 1))
            continue
        fi
        stop_if_left_alone
        if refused=$(docker "$kind" rm "$id" 2>&1); then
            removed=$((removed + 1))
        else
            case $refused in
            *"not found"* | *"no such"*) ;;
            *"in use by"*) say "$kind $object stays: ${refused#*: }" ;;
            *) fail "$kind $object cannot be removed: $refused" ;;
            esac
        fi
    done <<END
$here
END
done

printf '{"script":"unused","node":%s,"removed":%s}\n' "$(quoted "$name")" "$removed"
