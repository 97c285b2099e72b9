#!/bin/sh
# Posts a text under a pull request, or updates the comment that an earlier run has left there: one comment a stack.
#
# usage: .github/scripts/comment.sh FILE
#
# The first line of FILE is the marker by which the comment is found again. Only comments of the workflow itself are
# looked at: anybody may write a marker.
#
# Environment: GITHUB_REPOSITORY (owner/name), PULL_REQUEST (its number), GH_TOKEN with pull-requests: write.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
file=${1:?usage: .github/scripts/comment.sh FILE}
repository=${GITHUB_REPOSITORY:?is owner/name}
request=${PULL_REQUEST:?is the number of the pull request}

comments=$(gh api --paginate --slurp "repos/$repository/issues/$request/comments?per_page=100")
id=$(printf '%s' "$comments" | node "$here/text/own.ts" "$(head -n 1 "$file")")
if [ -n "$id" ]; then
    gh api --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$file" --silent
    echo "Updated the comment $id."
else
    gh api --method POST "repos/$repository/issues/$request/comments" --field "body=@$file" --silent
    echo "Posted a comment."
fi
