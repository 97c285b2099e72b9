# shellcheck shell=bash
# What bash does at a <tab>: completes the last of the words that are its arguments.
set -u

# Of the bash-completion package, which the script builds on.
_get_comp_words_by_ref() {
    words=("${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=${words[cword]}
    prev=${words[cword - 1]}
}

# shellcheck source=/dev/null
source <(swarm completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
# compopt works only while bash itself completes.
__swarm_complete 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
