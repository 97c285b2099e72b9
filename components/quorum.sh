# shellcheck shell=sh
# The arithmetic of the managers' quorum: numbers in, numbers out. Sent before `roster`.
#
# A change of the swarm counts once the majority of its managers has it. Managers that are down count among the
# members for as long as they are not demoted: three of which one is down bear no other loss.
# https://docs.docker.com/engine/swarm/admin_guide/#add-manager-nodes-for-fault-tolerance

# majority MEMBERS
majority() {
    echo $(($1 / 2 + 1))
}

# refusal_to_demote MEMBERS REACHABLE IT-IS-REACHABLE: why one manager may not be demoted where MEMBERS are managers,
# REACHABLE of them reachable, and the one is among those (yes) or not (no); nothing when it may.
#
# Two majorities have to be there: the one that is asked (of all MEMBERS), and the one that is left afterwards.
refusal_to_demote() {
    left=$(($1 - 1)) left_reachable=$2
    [ "$3" = no ] || left_reachable=$(($2 - 1))
    if [ "$left" -lt 1 ]; then
        echo "it is the only manager"
    elif [ "$2" -lt "$(majority "$1")" ]; then
        echo "$2 of $1 managers are reachable, where the majority is $(majority "$1")"
    elif [ "$left_reachable" -lt "$(majority "$left")" ]; then
        echo "without it there would be $left managers, $left_reachable of them reachable, where the majority is $(majority "$left")"
    fi
}
