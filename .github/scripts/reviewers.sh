#!/bin/sh
# Stops where nobody would be asked before a deployment: an environment without required reviewers lets it follow its plan
# at once.
#
# usage: .github/scripts/reviewers.sh ENVIRONMENT
#
# Environment: GITHUB_REPOSITORY (owner/name), GH_TOKEN with actions: read.
set -eu

environment=${1:?usage: .github/scripts/reviewers.sh ENVIRONMENT}
repository=${GITHUB_REPOSITORY:?is owner/name}
count=$(gh api "repos/$repository/environments/$environment" \
    --jq '[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]?] | length')
case $count in
    '' | *[!0-9]*)
        echo "gh api answered \"$count\" instead of the number of reviewers of \"$environment\"" >&2
        exit 1
        ;;
    0)
        echo "The environment \"$environment\" has no required reviewers, so nobody would approve the plan: set them. Where \
GitHub's plan has none for private repositories, deploy from a terminal; docs/workflows.md has both." >&2
        exit 1
        ;;
esac
echo "Reviewers of $environment: $count."
