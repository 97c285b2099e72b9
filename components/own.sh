# shellcheck shell=sh
# Whose a thing of the swarm is. Sent after the prelude to scripts that set $stack, the label of this stack.

# is_own LABEL: whether it is the label of a thing of this stack's. Networks, secrets and configs keep their first one: that
# has the stack's mark, after whatever name the stack had then, or its name alone from before there were marks.
is_own() {
    case $1 in *"-${stack##*-}" | "${stack%-*}") return 0 ;; esac
    return 1
}
