# shellcheck shell=sh
# What `swarm` and `join` ask of a host before Docker is told anything. Sent between the prelude and the script.

# version_at_least HAVE WANT: compares dotted numbers; what follows them (-ce, ~rc1, +dfsg1) does not count.
version_at_least() {
    version_have=$1 version_want=$2
    for _ in 1 2 3; do
        a=${version_have%%.*} b=${version_want%%.*}
        a=${a%%[!0-9]*} b=${b%%[!0-9]*}
        a=${a:-0} b=${b:-0}
        [ "$a" -le "$b" ] || return 0
        [ "$a" -ge "$b" ] || return 1
        case $version_have in *.*) version_have=${version_have#*.} ;; *) version_have=0 ;; esac
        case $version_want in *.*) version_want=${version_want#*.} ;; *) version_want=0 ;; esac
    done
    return 0
}

# cloud-init leaves this file at its very end. Looking is free, while asking `cloud-init status` starts a Python,
# and that twice a second on a host that is busy booting.
cloud_init_is_done() {
    seen="cloud-init is at work"
    [ -e /run/cloud-init/result.json ] || [ -e /run/cloud-init/disabled ]
}

# For a login other than root: to the files of a host it gets by sudo, to the daemon as a member of its group, which a
# session that has begun does not become.
check_login() {
    [ "$(id -u)" != 0 ] || return 0
    login=$(id -un)
    no_sudo=$(sudo -n true 2>&1) ||
        fail "$name: its user $login (swarm:sshUser) cannot become root: $no_sudo. Choose an image with sudo, whose cloud-init makes the user that it is told to make, or log in as root"
    case $(docker version 2>&1) in *"permission denied while trying to connect"*)
        fail "$name: its user $login (swarm:sshUser) may not use Docker. On it run: sudo usermod -aG docker $login"
        ;;
    esac
}

docker_answers() {
    if seen=$(timeout 10 docker version --format '{{.Server.Version}}' 2>&1); then
        docker_version=$seen
        return 0
    fi
    seen=$(printf '%s' "$seen" | tail -n 1)
    return 1
}

# A daemon on a full disk fails in many ways, none of which says so.
least_room=65536
check_room() {
    for folder in /var/lib/docker "$HOME"; do
        [ -d "$folder" ] || continue
        room=$(df -Pk "$folder" | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\([0-9][0-9]*\) .*/\1/p')
        [ "${room:-$least_room}" -ge "$least_room" ] ||
            fail "$name: its disk is full: $((room / 1024)) MB are left at $folder. On it, free some (docker system prune, journalctl --vacuum-size=100M), or choose a larger swarm:size"
    done
}

# Waits until the first boot is over and Docker answers; leaves its version in $docker_version.
# On an image whose first boot sets Docker up, that happens before cloud-init ends, hence the order.
# cloud-init's "degraded" (exit status 2) is common on stock images and no reason to stop; "error" (1) is.
wait_for_host() {
    name=$(value node)
    limit=$(value limit)
    if command -v cloud-init >/dev/null 2>&1; then
        wait_for "$limit" "$name's first boot (cloud-init) to end" cloud_init_is_done
        if ! grep -q '"errors": \[\]' /run/cloud-init/result.json 2>/dev/null; then
            cloud_init=$(cloud-init status --long 2>&1) || [ $? = 2 ] ||
                fail "$name: cloud-init ended with an error:$newline$cloud_init"
        fi
    fi
    check_room
    command -v docker >/dev/null 2>&1 ||
        fail "$name: there is no docker command on this image; choose an image with Docker in it (swarm:image)"
    check_login
    # The first boot is over: what starts Docker has started it, or will not.
    [ "$limit" -lt 120 ] || limit=120
    wait_for "$limit" "Docker to answer on $name" docker_answers
    minimum=$(value minimum)
    version_at_least "$docker_version" "$minimum" ||
        fail "$name: its Docker is $docker_version, older than $minimum (swarm:minDockerVersion); choose a newer image"
}

# On Debian, whoever is not root searches no folder of the administrator's; sudo does.
admin_path=/usr/sbin:/sbin
has_ufw() (
    PATH=$PATH:$admin_path
    command -v ufw >/dev/null 2>&1
)

# Some images, DigitalOcean's own one with Docker among them, come with ufw switched on and let in SSH and Docker's
# API alone. The cloud's firewall decides who reaches these ports; here they are opened to the private network.
# Published ports need nothing: Docker's rules for them come before ufw's. The same image lets an address begin six
# SSH sessions in half a minute and then none (`ufw limit ssh`), which a few services, or somebody who watches, exceed.
open_own_firewall() {
    has_ufw || return 0
    as_root ufw status 2>/dev/null | grep -q '^Status: active' || return 0
    as_root ufw allow 22/tcp >/dev/null
    as_root ufw allow proto tcp from "$(value range)" to any port 2377,7946 >/dev/null
    as_root ufw allow proto udp from "$(value range)" to any port 7946,4789 >/dev/null
}

# The swarm's own state of this host, in variables. On a worker the daemon does not know the cluster's ID.
look_at_swarm() {
    swarm_info=$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} id={{.Swarm.NodeID}} addr={{.Swarm.NodeAddr}} cluster={{if .Swarm.Cluster}}{{.Swarm.Cluster.ID}}{{end}} error={{.Swarm.Error}}')
    swarm_state=${swarm_info%% *}
    swarm_rest=${swarm_info#* }
    swarm_manager=${swarm_rest%% *}
    swarm_id=${swarm_info#* id=}
    swarm_id=${swarm_id%% *}
    swarm_addr=${swarm_info#* addr=}
    swarm_addr=${swarm_addr%% *}
    swarm_cluster=${swarm_info#* cluster=}
    swarm_cluster=${swarm_cluster%% *}
    swarm_error=${swarm_info#* error=}
    # A node that has ended and been started again since, as a promotion may have it, is in state "error" for the rest of
    # its engine's life: Docker does not take back that it waited for that start (daemon/cluster/noderunner.go,
    # cancelReconnect; seen with 26.1.5). One that waits, or starts in vain, has no ID; one whose own start failed says why.
    if [ "$swarm_state" = error ] && [ -n "$swarm_id" ]; then
        if [ "$swarm_manager" = true ] || [ -z "$swarm_error" ]; then swarm_state=active; fi
    fi
}

swarm_is_settled() {
    look_at_swarm
    seen="state $swarm_state${swarm_error:+, $swarm_error}"
    case $swarm_state:$swarm_error in
    error:) ;; # it has ended, and is about to be started again
    active:* | inactive:* | error:* | locked:*) return 0 ;;
    esac
    advice=$(about_quorum "$swarm_error" "$name")
    return 1
}

engine_has_ended() {
    seen="process $engine runs"
    [ ! -d "/proc/$engine" ]
}

# Ends the containers on it. They are the swarm's, which starts them again.
restart_engine() {
    say "$name: restarting its Docker"
    if systemctl is-active --quiet docker 2>/dev/null; then
        as_root systemctl restart docker
    elif engine=$(cat /var/run/docker.pid 2>/dev/null); then
        # Whatever started it starts it again.
        as_root kill "$engine"
        wait_for 60 "$name's Docker to end" engine_has_ended
    else
        fail "$name: its Docker is no service of systemd's and has no /var/run/docker.pid; restart it, then run again: pulumi up"
    fi
    wait_for 120 "$name's Docker to answer again" docker_answers
}

gossip_port_is_free() {
    seen="something listens on it"
    ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':1F0A [0-9A-F]*:0000 0A '
}

# To be called where this host is in no swarm, before it gets into one. Docker gives its gossip port (7946) back when it
# leaves a swarm, except where it could not take its leave of the other nodes within a second, as when those are lost:
# then it holds it on until it is restarted, and in its next swarm it is without gossip, so that published ports are
# silent on it (networkdb's clusterLeave; seen with Docker 26.1.5).
free_gossip_port() {
    free_by=$(($(now) + 5))
    until gossip_port_is_free; do
        if [ "$(now)" -ge "$free_by" ]; then
            say "$name: port 7946 is still taken from its last swarm"
            restart_engine
            wait_for 10 "port 7946 to be free on $name" gossip_port_is_free
            break
        fi
        sleep 0.5
    done
}

# unlock_swarm KEYS: unlocks this manager's swarm with the first of KEYS (a line each) that fits, if it is locked: with
# autolock it is after each start of its engine. The key goes by stdin, so that no process list shows it.
unlock_swarm() {
    [ "$swarm_state" = locked ] || return 0
    refused=''
    for unlock_key in $1; do
        refused=$(printf '%s\n' "$unlock_key" | docker swarm unlock 2>&1) || continue
        say "$name: its swarm was locked, and is unlocked"
        wait_for 60 "$name's unlocked swarm to settle" swarm_is_settled
        [ "$swarm_state" != locked ] || break
        return 0
    done
    fail "$name: its swarm is locked${refused:+, and the unlock key of this stack does not fit: $refused}; unlock it with: docker swarm unlock"
}

# join_as ROLE-TOKEN ADDRESS: one attempt to join through the manager at ADDRESS, with the three ways it can end; leaves what was
# said in $tried. The daemon answers with an error after 20 s and goes on in the background, so an error means nothing
# until the state has settled; a second join meanwhile is refused. One that does not settle is given up, for the next
# manager.
#
# Drained: the roster opens the node to tasks in the same step in which it gives it its labels, so that no task that
# asks for a label, or must avoid one, lands in between.
join_as() {
    tried=$(timeout 60 docker swarm join --token "$1" --advertise-addr "$address" --listen-addr "$address:2377" \
        --data-path-addr "$address" --availability drain "$2:2377" 2>&1) && return 0
    settled_by=$(($(now) + 60))
    until swarm_is_settled || [ "$(now)" -ge "$settled_by" ]; do
        stop_if_left_alone
        sleep 0.5
    done
    [ "$swarm_state" != active ] || return 0
    docker swarm leave --force >/dev/null 2>&1 || true
    return 1
}

# join_through TOKEN ADDRESSES: joins through the first of the managers that lets it in. False when none does; then
# $tries has a line for each.
join_through() {
    tries=''
    free_gossip_port
    for manager in $2; do
        [ "$manager" != "$address" ] || continue
        if join_as "$1" "$manager"; then return 0; fi
        tries="$tries$newline  $manager: $tried"
    done
    return 1
}

# Where this node's daemon last saw managers: their addresses, a line each.
managers_seen() {
    docker info --format '{{range .Swarm.RemoteManagers}}{{println .Addr}}{{end}}' | sed -n 's/:[0-9]*$//p'
}

# sees_manager_of ADDRESSES: whether one of them is a manager for this node's daemon.
sees_manager_of() {
    for manager in $(managers_seen); do
        has "$manager" "$1" && return 0
    done
    return 1
}

# A cluster's root certificate is the one mark that a worker has of its cluster. Empty when it cannot be read.
ca_digest() {
    ca_file=$(docker info --format '{{.DockerRootDir}}')/swarm/certificates/swarm-root-ca.crt
    ca_text=$(as_root cat "$ca_file" 2>/dev/null) || return 0
    printf '%s\n' "$ca_text" | sha256sum | cut -d' ' -f1
}

# has_ca DIGEST: whether this node's cluster has the root certificate with that digest. One that cannot be read is like
# no other, nor like another that cannot be read.
has_ca() {
    own_ca=$(ca_digest)
    [ -n "$own_ca" ] && [ "$own_ca" = "$1" ]
}

# Puts the stack's name on the engine, where the swarm sees it from the moment of joining: a member that was
# lost before the roster could label it can still be told from one that somebody joined by hand.
# Labels are reloaded on SIGHUP, so nothing restarts. An engine that cannot be marked is used all the same.
mark_engine() {
    mark=swarm.stack=$(value stack)
    engine_is_marked && return 0
    # Another stack's name is that of before `pulumi stack rename`, or of the node that the image was made from. Other
    # labels are somebody's own: an engine that has some from its command line would not start again beside a file's.
    case $engine_labels in
    null | '[]') unlabelled=yes ;;
    *'"swarm.stack='*) unlabelled='' ;;
    *) return 0 ;;
    esac
    pid=$(cat /var/run/docker.pid 2>/dev/null) || return 0
    config=$(as_root cat "/proc/$pid/cmdline" | tr '\000' '\n' | sed -n '/^--config-file$/{n;p;}; s/^--config-file=//p')
    config=${config:-/etc/docker/daemon.json}
    if as_root grep -q '"swarm\.stack=' "$config" 2>/dev/null; then
        marked=$(as_root sed "s/\"swarm\.stack=[^\"]*\"/\"$mark\"/" "$config")
    elif [ -z "$unlabelled" ]; then
        return 0 # from its command line
    elif ! as_root test -s "$config" || [ "$(as_root cat "$config" | tr -d '[:space:]')" = '{}' ]; then
        as_root mkdir -p "${config%/*}"
        marked="{\"labels\": [\"$mark\"]}"
    elif as_root grep -q '"labels"' "$config"; then
        return 0 # somebody's own
    else
        marked=$(as_root sed "0,/{/s//{\"labels\": [\"$mark\"], /" "$config")
    fi
    printf '%s\n' "$marked" | as_root tee "$config" >/dev/null
    as_root kill -HUP "$pid"
    marked_by=$(($(now) + 3))
    until engine_is_marked || [ "$(now)" -ge "$marked_by" ]; do sleep 0.1; done
}

engine_is_marked() {
    engine_labels=$(docker info --format '{{json .Labels}}')
    case $engine_labels in *"\"$mark\""*) return 0 ;; esac
    return 1
}
