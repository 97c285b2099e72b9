# shellcheck shell=sh
# Begins every remote script: sent in front of it, never run alone.
#
# A host has sh, docker and coreutils, and maybe nothing else. Values arrive on stdin as `key value` lines with an
# end mark behind them, are read once into $input, and are never part of the command text. The last line of stdout is
# one JSON object that names the script and the node: whoever reads it can tell a real answer from a host that answers
# every command with some text and status 0. What a person should see goes to stderr.
set -eu
export LC_ALL=C

input=$(cat)
newline='
'

# Nothing runs with half of its input: the roster would take the other half's members for ones that nobody wants. Where
# the connection was cut within the script, there is no input at all.
case $newline$input in
*"$newline#: end") input=${input%"#: end"} input=${input%"$newline"} ;;
*)
    echo 'the connection was cut before the whole script had come' >&2
    exit 1
    ;;
esac

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

# Its lines, each once, in their order.
unique() {
    unique_lines=''
    while IFS= read -r line; do
        if [ -z "$line" ] || has "$line" "$unique_lines"; then continue; fi
        printf '%s\n' "$line"
        unique_lines="$unique_lines$newline$line"
    done
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s\n' "$*" >&2
}

# A script whose connection is gone has nobody left to answer to, and the next run may be at work beside it: it stops
# where it stands, which every script allows for. $caller is the SSH session's process, as the launcher saw it.
stop_if_left_alone() {
    [ -z "${caller:-}" ] || [ -d "/proc/$caller" ] || fail "the connection that started this script is gone; stopped"
}

# Seconds since boot: unlike the date it does not jump when the clock is first set.
now() {
    cut -d. -f1 /proc/uptime
}

# The launcher's `timeout` ends a script that takes longer than all its waits together, and whatever it has started.
# shellcheck disable=SC2034 # for the trap
began=$(now) wait_what='' seen=''
trap 'fail "the script \"$0\" was ended by its limit, after $(($(now) - began)) s${wait_what:+; it waited for $wait_what; last seen: ${seen%; }}"' TERM

# wait_for SECONDS WHAT CHECK...: runs CHECK twice a second until it succeeds. CHECK leaves what it saw in $seen, which
# may be a list with "; " behind each part, and in $advice what a person can do about it, if it knows. Says what it waits
# for at times that get rarer, and fails with the last state seen and the advice when SECONDS have passed.
wait_for() {
    wait_limit=$1 wait_what=$2
    shift 2
    seen=nothing advice=''
    wait_start=$(now)
    wait_next=5
    until "$@"; do
        waited=$(($(now) - wait_start))
        [ "$waited" -lt "$wait_limit" ] ||
            fail "waited $waited s for $wait_what; last seen: ${seen%; }${advice:+$newline$advice}"
        if [ "$waited" -ge "$wait_next" ]; then
            say "waiting for $wait_what, $waited s: ${seen%; }"
            wait_next=$((waited * 3))
        fi
        stop_if_left_alone
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

# field NAME JSON: the string NAME of a flat JSON object that one of these scripts printed.
field() {
    printf '%s\n' "$2" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

# What to do where managers are there and too few of them: the daemon's text says as much, and nothing of a remedy.
# about_quorum TEXT [SURVIVOR]: the remedy, if TEXT is that of a swarm without a leader. SURVIVOR is a manager that is
# known to be left.
about_quorum() {
    case $1 in
    *"does not have a leader"* | *"almost all managers"* | *"too few managers"*)
        printf '%s\n' "More than half of the managers are lost, so nothing in the swarm can be changed; its tasks run on. Bring managers back (power their droplets on), then: pulumi up. If they are gone for good, go on from one that is left${2:+, $2 or another}: pulumi config set swarm:recoverFrom ${2:-NAME}, then: pulumi up --refresh"
        ;;
    esac
}

# What to do where a join token is refused: somebody has rotated the tokens, or the root certificate, since this stack
# last read them. about_token TEXT [FIRST]: the remedy, if TEXT says so. FIRST is what has to be done before it.
about_token() {
    case $1 in
    *"join token is necessary"* | *"remote CA does not match fingerprint"*)
        printf '%s\n' "The swarm's join tokens have been rotated since this stack read them. To read them again, on the swarm as it is${2:+, $2}: pulumi up --replace '**:Command::swarm'"
        ;;
    esac
}
