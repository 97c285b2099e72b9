# shellcheck shell=sh
# Joins this node to the stack's swarm, or confirms that it is in. Never initialises one.
#
# First argument `create` or `update`; by its previous output an update knows the node ID that this stack's last swarm
# gave the node, and so that it may leave that swarm for a new one.
#
# Whoever finds itself a manager here sees to it that the seed is one as well: a config can make a worker the seed,
# and only a manager can promote it.
#
# Input: node, address, range (of the private network), limit, minimum, stack, role, cluster, ca, token, seed (address of the
# seed manager), manager (address of a manager to join through; one or more), key (a public key that may log in; any
# number), unlock (a key that may unlock this manager's swarm; any number).

wait_for_host
open_own_firewall
address=$(value address)
cluster=$(value cluster)
role=$(value role)

# People's keys live between two marks in authorized_keys, so that one more or fewer replaces no droplet and
# keys that came from elsewhere (the deploy key, the image's) stay. Nobody else reads them, at no moment.
write_keys() (
    umask 077
    file=$HOME/.ssh/authorized_keys
    mkdir -p "$HOME/.ssh"
    touch "$file"
    chmod 700 "$HOME/.ssh"
    chmod 600 "$file"
    [ -n "$(values key)" ] || grep -q '^# begin swarm keys$' "$file" || return 0
    # Written beside and moved over: a host that stops half-way must not be left without keys.
    {
        sed '/^# begin swarm keys$/,/^# end swarm keys$/d' "$file"
        echo '# begin swarm keys'
        values key
        echo '# end swarm keys'
    } >"$file.new"
    mv "$file.new" "$file"
)
write_keys
mark_engine
harden
wait_for 30 "$name's swarm state to settle" swarm_is_settled
unlock_swarm "$(values unlock)"

# On a manager the daemon names the cluster; on a worker, or while there is no leader, the root certificate does.
in_our_cluster() {
    if [ -n "$swarm_cluster" ]; then
        [ "$swarm_cluster" = "$cluster" ]
        return
    fi
    # The root certificate may have been rotated since; then the managers that this node talks to decide.
    has_ca "$(value ca)" || sees_manager_of "$(values manager)"
}

# Whether this stack's previous swarm made it a member: then it may be taken out without asking. A swarm that came
# with the image, or that somebody else made, never is.
in_our_previous_cluster() {
    previous=$(field id "${PULUMI_COMMAND_STDOUT:-}")
    [ -n "$previous" ] && [ "$previous" = "$swarm_id" ]
}

# What a look at the swarm has found: it does not have this node. Its word counts for more than this engine's, which takes
# itself for a member after `docker node rm --force` still. The engine sends the word again with every later update, so it is
# printed in the end, and one that the last run has printed counts no more.
word=${PULUMI_COMMAND_SWARM_DIFFERS:-}
is_missing() {
    [ "$1" = update ] && [ "$word" != "$(field word "${PULUMI_COMMAND_STDOUT:-}")" ] || return 1
    case $word in "missing "*) return 0 ;; esac
    return 1
}

join_swarm() {
    join_through "$(value token)" "$(values manager)" && return 0
    remedy=$(about_quorum "$tries")
    remedy=${remedy:-$(about_token "$tries")}
    fail "$name: no manager of cluster $cluster let it in:${tries:- there is no other manager}${remedy:+$newline$remedy}"
}

case $swarm_state in
active | error)
    if [ "$swarm_state" = active ] && in_our_cluster && ! is_missing "$1"; then
        :
    elif in_our_previous_cluster || { [ "$swarm_state" = active ] && in_our_cluster; }; then
        if is_missing "$1"; then
            say "$name: the swarm does not have it any more; joining again"
        else
            say "$name: leaving this stack's previous swarm"
        fi
        docker swarm leave --force >/dev/null
        join_swarm
    elif [ "$swarm_state" = active ]; then
        fail "$name: it is a member of another swarm already (node $swarm_id at $swarm_addr${swarm_cluster:+, cluster $swarm_cluster}), not of $cluster. If that is left over from the image, which was then made from a member, choose one that was not (swarm:image), or run on the node: docker swarm leave --force"
    else
        fail "$name: its swarm is in state error: $swarm_error. On it run: docker swarm leave --force"
    fi
    ;;
inactive)
    join_swarm
    ;;
esac

member_is_active() {
    look_at_swarm
    seen="state $swarm_state${swarm_error:+, $swarm_error}"
    [ "$swarm_state" = active ] && [ -n "$swarm_id" ]
}
wait_for 60 "$name to be a member" member_is_active

# A wrong advertise address is swallowed at a join, and the swarm takes the source address it saw. Or the image was made
# from a member, whose node ID two machines have now.
[ "$swarm_addr" = "$address" ] ||
    fail "$name: the swarm has it (node $swarm_id) at $swarm_addr instead of its private address $address. If its image was made from a member of this swarm, choose one that was not (swarm:image): two machines with one node ID harm both. Otherwise run on it: docker swarm leave --force"

# The next manager joins after this one: it must count as reachable by then, or the quorum is at risk.
manager_is_reachable() {
    seen=$(docker node inspect self --format '{{if .ManagerStatus}}{{.ManagerStatus.Reachability}}{{else}}no manager yet{{end}}' 2>&1) || {
        advice=$(about_quorum "$seen" "$name")
        return 1
    }
    [ "$seen" = reachable ]
}

i_am_promoted() {
    look_at_swarm
    seen="a worker"
    [ "$swarm_manager" = true ]
}

seed_is_manager() {
    seed_ids=$(docker node ls -q 2>&1) || {
        seen=$seed_ids
        return 1
    }
    # shellcheck disable=SC2086 # IDs are words
    seed_line=$(docker node inspect --format '{{.ID}} {{.Status.Addr}} {{.Status.State}} {{.Spec.Role}} {{with .ManagerStatus}}{{.Reachability}}{{else}}-{{end}}' \
        $seed_ids 2>&1 | grep " $(value seed) ready ") || {
        seen="no ready member at $(value seed)"
        return 1
    }
    seen=${seed_line#* }
    case $seed_line in
    *" reachable") return 0 ;;
    *" worker -") docker node update --role manager "${seed_line%% *}" >/dev/null 2>&1 || true ;;
    esac
    return 1
}

if [ "$role" = manager ]; then
    if [ "$address" = "$(value seed)" ] && [ "$swarm_manager" != true ]; then
        # Left a worker by swarm.sh, for a manager among the stack's nodes to promote it. If there is none, since all
        # that were are about to go, it joins again, with a manager's token.
        i_am_promoted_by=$(($(now) + 30))
        until i_am_promoted || [ "$(now)" -ge "$i_am_promoted_by" ]; do
            stop_if_left_alone
            sleep 0.5
        done
        if [ "$swarm_manager" != true ]; then
            say "$name: joining again, as a manager"
            docker swarm leave >/dev/null
            join_swarm
            wait_for 60 "$name to be a member" member_is_active
        fi
    fi
    if [ "$swarm_manager" = true ]; then wait_for 60 "$name to be a reachable manager" manager_is_reachable; fi
fi
if [ "$swarm_manager" = true ] && [ "$address" != "$(value seed)" ]; then
    wait_for 60 "the seed at $(value seed) to be a manager" seed_is_manager
fi

printf '{"script":"join","node":%s,"id":%s,"docker":%s,"word":%s}\n' \
    "$(quoted "$name")" "$(quoted "$swarm_id")" "$(quoted "$docker_version")" "$(quoted "$word")"
