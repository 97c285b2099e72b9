#!/bin/sh
# Keeps one issue about drift: opens it when drift is found, updates it while there is some, closes it when it is gone.
#
# usage: .github/scripts/issue.sh STATUS FILE
#
# STATUS and FILE are those of drift.sh: its status, and its drift.md, whose first line is the marker by which the issue
# is found again. Only open issues of the workflow itself are looked at.
#
# Environment: GITHUB_REPOSITORY (owner/name), PULUMI_STACK, RUN_URL (of this run), GH_TOKEN with issues: write.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
if [ $# -ne 2 ]; then
    echo "usage: .github/scripts/issue.sh STATUS FILE" >&2
    exit 64
fi
found=$1
file=$2
repository=${GITHUB_REPOSITORY:?is owner/name}
run=${RUN_URL:?is the address of this run}

open=$(gh api --paginate --slurp "repos/$repository/issues?state=open&per_page=100")
number=$(printf '%s' "$open" | node "$here/text/own.ts" "$(head -n 1 "$file")")

body=$(mktemp)
trap 'rm -f "$body"' EXIT
case $found in
    0)
        if [ -z "$number" ]; then
            echo "No drift, and no issue about any."
            exit 0
        fi
        gh api --method POST "repos/$repository/issues/$number/comments" --silent \
            --raw-field "body=No drift any more, and the cluster is healthy: $run"
        gh api --method PATCH "repos/$repository/issues/$number" --silent \
            --raw-field state=closed --raw-field state_reason=completed
        echo "Closed the issue #$number."
        ;;
    1 | 2)
        cat "$file" >"$body"
        printf '\nLast seen in %s. This issue is updated each night, and closed when the drift is gone.\n' "$run" >>"$body"
        if [ -n "$number" ]; then
            gh api --method PATCH "repos/$repository/issues/$number" --field "body=@$body" --silent
            echo "Updated the issue #$number."
        else
            gh api --method POST "repos/$repository/issues" --silent \
                --raw-field "title=Drift in the stack ${PULUMI_STACK:?names the stack}" --field "body=@$body"
            echo "Opened an issue."
        fi
        ;;
    *)
        echo "the status of drift.sh is 0, 1 or 2, not \"$found\"" >&2
        exit 64
        ;;
esac
