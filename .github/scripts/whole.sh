# shellcheck shell=sh
# Sourced. `whole REPORT FILE...` prints the files where the report leaves a part of them out: it says that the log has it.

whole() {
    grep -q 'characters left out' "$1" || return 0
    shift
    for file in "$@"; do
        if [ -s "$file" ]; then
            echo "--- ${file##*/}, whole:"
            cat "$file"
        fi
    done
}
