# shellcheck shell=sh
# Labels of members that the config gives them. Sent between the prelude and `roster`, whose variables it reads: wanted_ids.
# The label `swarm.labels` names those that a member has from there, so that one that the config drops goes, and one that
# somebody else has set stays.

# Once, for all members.
read_labels() {
    labels_wanted=$(values label)
    # shellcheck disable=SC2016 # variables of the template
    labels_there=$(printf '%s\n' "$wanted_ids" | xargs docker node inspect --format '{{$id := .ID}}{{range $name, $value := .Spec.Labels}}{{printf "%s %s=%s\n" $id $name $value}}{{end}}' || true)
}

# label_changes ID: arguments of `docker node update` that make a member's labels the wanted ones, in $changes.
label_changes() {
    labels=$(printf '%s\n' "$labels_wanted" | sed -n "s/^$1 //p")
    there=$(printf '%s\n' "$labels_there" | sed -n "s/^$1 //p")
    label_names=$(printf '%s\n' "$labels" | sed -n 's/=.*//p')
    given=$(printf '%s\n' "$there" | sed -n 's/^swarm\.labels=//p')
    listed=$(printf '%s' "$label_names" | tr '\n' ,)
    changes=''
    for label in $labels; do
        has "$label" "$there" || changes="$changes --label-add $label"
    done
    for label in $(printf '%s' "$given" | tr , ' '); do
        if ! has "$label" "$label_names" && has "$label" "$(printf '%s\n' "$there" | sed 's/=.*//')"; then
            changes="$changes --label-rm $label"
        fi
    done
    if [ "$listed" != "$given" ]; then
        if [ -n "$listed" ]; then changes="$changes --label-add swarm.labels=$listed"; else changes="$changes --label-rm swarm.labels"; fi
    fi
}
