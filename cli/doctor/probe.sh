# shellcheck shell=sh
# What the doctor asks of a node, as `key value` lines. Reads and tries only; changes nothing.
#
# Arguments: each `host:port` is tried by TCP; each `ping:address` is pinged through the overlay network, once with a
# small packet and once with the largest that the network takes, not to be divided on the way.
set -u
export LC_ALL=C

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

echo "begin $(date +%s.%N)"
client=${SSH_CONNECTION:-unknown}
echo "from ${client%% *}"
docker info --format 'docker {{.ServerVersion}}
root {{.DockerRootDir}}
swarm {{.Swarm.LocalNodeState}}' 2>/dev/null || echo "docker none"
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || root=/var/lib
as_root df -P "$root" | tail -n 1 | while read -r _ _ _ free used _; do echo "disk ${used%\%} $free"; done
as_root df -Pi "$root" | tail -n 1 | while read -r _ _ _ free used _; do echo "inodes ${used%\%} $free"; done
docker network inspect ingress --format '{{range .Containers}}{{if eq .Name "ingress-endpoint"}}ingress {{.IPv4Address}}{{end}}{{end}}' 2>/dev/null | grep .

sandbox=/var/run/docker/netns/ingress_sbox
# through_overlay ADDRESS BYTES: 28 bytes of headers come on top.
through_overlay() {
    as_root nsenter "--net=$sandbox" ping -n -c 1 -W 2 -M 'do' -s "$2" "$1" >/dev/null 2>&1
}

# shellcheck disable=SC2016 # host and port are bash's to read, not this shell's to put in
knock=': <"/dev/tcp/$0/$1"'
for what in "$@"; do
    case $what in
    ping:*)
        address=${what#ping:}
        if ! command -v ping >/dev/null || ! command -v nsenter >/dev/null || ! as_root test -e "$sandbox"; then
            echo "overlay $address untried"
        elif through_overlay "$address" 1422; then
            echo "overlay $address full"
        elif through_overlay "$address" 56; then
            echo "overlay $address small"
        else
            echo "overlay $address lost"
        fi
        ;;
    *)
        if ! command -v bash >/dev/null; then
            echo "tcp $what untried"
        elif timeout 4 bash -c "$knock" "${what%:*}" "${what##*:}" 2>/dev/null; then
            echo "tcp $what open"
        else
            echo "tcp $what closed"
        fi
        ;;
    esac
done
echo "end $(date +%s.%N)"
