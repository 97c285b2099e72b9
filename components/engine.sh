# shellcheck shell=sh
# Speaks to the Engine's API, for what the docker command has no word for. Sent between the prelude and the scripts that need it.

# engine METHOD PATH [JSON]: sets $engine_status (HTTP) and $engine_answer (the body); false unless the daemon did it. The
# JSON goes by a pipe: it is no argument of any process, and as long as it likes. So does the login at a registry, $registry_auth.
engine() {
    engine_length=$(printf '%s' "${3-}" | wc -c)
    # Version 1.0, for an answer that comes as one piece. Without a version in the path the daemon takes its newest.
    # The client's own words are marked, and come last: where the daemon has hung up before it, it complains of that beside
    # an answer that is whole.
    engine_said=$({
        {
            printf '%s %s HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n' "$1" "$2"
            [ -z "${registry_auth:-}" ] || printf 'X-Registry-Auth: %s\r\n' "$registry_auth"
            printf 'Content-Length: %s\r\n\r\n%s' "$engine_length" "${3-}"
        } | docker system dial-stdio 2>&1 >&3 | sed 's/^/#: client: /'
    } 3>&1) || true
    engine_words=$(printf '%s\n' "$engine_said" | sed -n 's/^#: client: //p')
    engine_said=$(printf '%s\n' "$engine_said" | sed '/^#: client: /d' | tr -d '\r')
    engine_status=$(printf '%s\n' "$engine_said" | sed -n '1s|^HTTP/[^ ]* \([0-9]*\).*|\1|p')
    # Where the client itself failed there are no headers.
    engine_answer=${engine_said:-${engine_words:-"Docker gave no answer"}}
    [ -z "$engine_status" ] || engine_answer=$(printf '%s\n' "$engine_said" | sed '1,/^$/d')
    case $engine_status in 2??) return 0 ;; esac
    return 1
}

# The daemon's own words for why it did not.
engine_error() {
    engine_message=$(printf '%s\n' "$engine_answer" | sed -n 's/^{"message":"\(.*\)"}$/\1/p' | sed 's/\\n/ /g; s/\\\(.\)/\1/g')
    printf '%s\n' "${engine_message:-$engine_answer}"
}
