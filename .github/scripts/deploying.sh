#!/bin/sh
# Says whether a deployment is under way: drift seen meanwhile would be none. One that waits for approval changes
# nothing, and does not count.
#
# usage: .github/scripts/deploying.sh
#
# Prints `true` or `false`, in a workflow also as the output `deploying`.
# Environment: GITHUB_REPOSITORY (owner/name), GH_TOKEN with actions: read.
set -eu

running=$(gh run list --repo "${GITHUB_REPOSITORY:?is owner/name}" --workflow deploy.yml --status in_progress --json databaseId)
case $running in
    '[]') deploying=false ;;
    '['*) deploying=true ;;
    *)
        echo "gh run list answered \"$running\" instead of a list" >&2
        exit 1
        ;;
esac
echo "$deploying"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "deploying=$deploying" >>"$GITHUB_OUTPUT"
