#!/bin/sh
# Says what `pulumi up` would do to the running swarm, as the text of one comment.
#
# usage: .github/scripts/preview.sh [--save-plan] FOLDER
#
# FOLDER, made if need be, gets comment.md: the marker line, what `swarm plan` says, and the raw diff, folded. With
# --save-plan also plan.json, to which deploy.sh holds `pulumi up`; secrets in it are encrypted as in the state.
#
# Environment: PULUMI_STACK; POLICY_PACK (policy.sh); what pulumi needs. In a workflow the comment becomes the step's
# summary too, and the output `changes` says whether there is anything to do.
# Status: 0, or that of what failed; comment.md says then what and why.
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
save=
if [ "${1:-}" = --save-plan ]; then
    save=yes
    shift
fi
if [ $# -ne 1 ]; then
    echo "usage: .github/scripts/preview.sh [--save-plan] FOLDER" >&2
    exit 64
fi
folder=$1
mkdir -p "$folder"
rm -f "$folder/plan.json" "$folder/plan.md" "$folder/plan.err"

set -- --stack "${PULUMI_STACK:?names the stack}" --non-interactive --color never
# shellcheck source=.github/scripts/policy.sh
. "$here/policy.sh"

# The diff first: should the preview fail, this is the output that a person can read.
previewed=0
planned=0
pulumi preview "$@" --diff --suppress-progress >"$folder/diff.txt" 2>&1 || previewed=$?
if [ "$previewed" -eq 0 ]; then
    # Violated policies that are only advisory stand in no JSON but the engine's log of events. That has secrets in
    # clear, so it goes through a pipe, of which the lines about policies are kept. The script holds both ends until
    # the engine has ended, so that nobody waits for an end that never comes.
    pipe=$folder/events
    rm -f "$pipe"
    mkfifo "$pipe"
    exec 3<>"$pipe"
    exec 4<"$pipe"
    grep policyEvent <&4 >"$folder/policies.json" 3>&- &
    reader=$!
    exec 4<&-
    PULUMI_DEBUG_COMMANDS=true pulumi preview "$@" --json --show-sames --event-log "$pipe" \
        ${save:+--save-plan "$folder/plan.json"} >"$folder/preview.json" 2>"$folder/preview.err" 3>&- || previewed=$?
    exec 3>&-
    # Its status is only whether there was such a line.
    wait "$reader" || :
    rm -f "$pipe"
    [ "$previewed" -eq 0 ] || cat "$folder/preview.err" "$folder/preview.json" >"$folder/diff.txt"
fi
if [ "$previewed" -eq 0 ]; then
    swarm plan "$folder/preview.json" --events "$folder/policies.json" --format markdown \
        >"$folder/plan.md" 2>"$folder/plan.err" || planned=$?
    changes=$(node "$here/text/changes.ts" "$folder/preview.json")
    [ -z "${GITHUB_OUTPUT:-}" ] || echo "changes=$changes" >>"$GITHUB_OUTPUT"
fi

node "$here/text/previewComment.ts" "$folder" "$previewed" "$planned" >"$folder/comment.md"
cat "$folder/comment.md"
# shellcheck source=.github/scripts/whole.sh
. "$here/whole.sh"
whole "$folder/comment.md" "$folder/plan.md" "$folder/plan.err" "$folder/diff.txt"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$folder/comment.md" >>"$GITHUB_STEP_SUMMARY"

[ "$previewed" -eq 0 ] || exit "$previewed"
exit "$planned"
