#!/bin/sh
# Makes what was approved: `pulumi up` held to the plan of preview.sh, then waits until the cluster is healthy, then
# asks every node for every published port.
#
# usage: .github/scripts/deploy.sh FOLDER
#
# FOLDER holds plan.json. A plan that no longer fits is found by the preview with which `up` begins, so before anything
# is changed; then misfit.md says what differs and why.
#
# Environment: PULUMI_STACK; POLICY_PACK (policy.sh); WAIT_SECONDS, how long the cluster has to become healthy (300);
# what pulumi and swarm need.
# Status: 0, or that of the first step that failed.
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
folder=${1:?usage: .github/scripts/deploy.sh FOLDER}
stack=${PULUMI_STACK:?names the stack}
if [ ! -s "$folder/plan.json" ]; then
    echo "There is no plan in $folder: preview.sh --save-plan makes $folder/plan.json." >&2
    exit 1
fi

summary() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat >>"$GITHUB_STEP_SUMMARY"; else cat >/dev/null; fi
}

set -- --stack "$stack" --non-interactive --color never
# shellcheck source=.github/scripts/policy.sh
. "$here/policy.sh"

# The filter shows the output as it comes, but not the values that the engine prints, secret ones among them, where a
# plan does not fit.
rm -f "$folder/misfit.md" "$folder/up.status"
{
    up=0
    pulumi up "$@" --yes --suppress-progress --plan "$folder/plan.json" 2>&1 || up=$?
    echo "$up" >"$folder/up.status"
} | node "$here/text/planFit.ts" "$folder/misfit.md"
up=$(cat "$folder/up.status")
if [ "$up" -ne 0 ]; then
    if [ -s "$folder/misfit.md" ]; then
        cat "$folder/misfit.md" >&2
        summary <"$folder/misfit.md"
    else
        echo "\"pulumi up\" ended with status $up. The cluster now:" >&2
        swarm status --stack "$stack" >&2 || :
    fi
    exit "$up"
fi

swarm wait --stack "$stack" --timeout "${WAIT_SECONDS:-300}"
"$here/smoke.sh"

# Also what is not for a machine to judge: leader, versions, certificates.
healthy=0
swarm status --stack "$stack" >"$folder/status.txt" || healthy=$?
cat "$folder/status.txt"
node "$here/text/fenced.ts" <"$folder/status.txt" | summary
exit "$healthy"
