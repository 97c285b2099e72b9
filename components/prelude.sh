# shellcheck shell=sh
# Begins every remote script: sent in front of it, never run alone.
#
# A host has sh, docker and coreutils, and maybe nothing else. Values arrive on stdin as `key value` lines,
# are read once into $input, and are never part of the command text. The last line of stdout is one JSON object
# that names the script and the node: whoever reads it can tell a real answer from a host that answers every
# command with some text and status 0. What a person should see goes to stderr.
set -eu
export LC_ALL=C

input=$(cat)
newline='
'

# value KEY: the first value of KEY; fails when the program did not send it.
value() {
    printf '%s\n' "$input" | while IFS= read -r line; do
        case $line in "$1 "*)
            printf '%s\n' "${line#"$1 "}"
            exit 7
            ;;
        esac
    done && fail "this script was sent no \"$1\""
    return 0
}

# values KEY: every value of KEY, a line each; nothing when there is none.
values() {
    printf '%s\n' "$input" | while IFS= read -r line; do
        case $line in "$1 "*) printf '%s\n' "${line#"$1 "}" ;; esac
    done
}

# has LINE LINES: whether LINES holds LINE.
has() {
    case "$newline$2$newline" in *"$newline$1$newline"*) return 0 ;; esac
    return 1
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s\n' "$*" >&2
}

# Seconds since boot: unlike the date it does not jump when the clock is first set.
now() {
    cut -d. -f1 /proc/uptime
}

# wait_for SECONDS WHAT CHECK...: runs CHECK twice a second until it succeeds. CHECK leaves what it saw in $seen.
# Says what it waits for once it takes long, and fails with the last state seen when SECONDS have passed.
wait_for() {
    wait_limit=$1 wait_what=$2
    shift 2
    seen=nothing
    wait_start=$(now)
    wait_next=$((wait_start + 5))
    until "$@"; do
        wait_now=$(now)
        [ $((wait_now - wait_start)) -lt "$wait_limit" ] ||
            fail "waited $((wait_now - wait_start)) s for $wait_what; last seen: $seen"
        if [ "$wait_now" -ge "$wait_next" ]; then
            say "waiting for $wait_what, $((wait_now - wait_start)) s: $seen"
            wait_next=$((wait_now + 10))
        fi
        sleep 0.5
    done
}

# Whoever logs in without being root reaches the daemon through the docker group, and files through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# quoted TEXT: TEXT as a JSON string. Control characters are dropped: no value that matters has one.
quoted() {
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"
}
