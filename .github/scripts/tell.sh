#!/bin/sh
# Sends what came of a job to the address that the secret SWARM_WEBHOOK_URL holds, as JSON with a field `text`, which
# Slack, Mattermost and others take. Without that secret nothing happens. A message that cannot be sent is said in a
# warning, and fails nothing.
#
# usage: .github/scripts/tell.sh deploy|plan STATUS | drift FOUND
#
# STATUS is that of the job, as GitHub has it; FOUND the status of drift.sh, empty where it was not run. A plan that succeeded,
# and a night without drift, are not told.
#
# Environment: PULUMI_STACK, RUN_URL (of this run), SWARM_WEBHOOK_URL.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
case "$#:${1:-}:${2:-}" in
    2:deploy:success) text='deployed; the cluster is healthy, and its services answer' ;;
    2:deploy:failure) text='the deployment has FAILED' ;;
    2:deploy:?*) text="the deployment ended before it was done ($2)" ;;
    2:plan:failure) text='no plan for a deployment could be made; nothing was changed' ;;
    2:plan:?*) exit 0 ;;
    2:drift:0) exit 0 ;;
    2:drift:1) text='DRIFT, or a cluster that is not healthy; the issue about it says what' ;;
    2:drift:*) text='it could not be told whether there is drift' ;;
    *)
        echo "usage: .github/scripts/tell.sh deploy|plan STATUS | drift FOUND" >&2
        exit 64
        ;;
esac
[ -n "${SWARM_WEBHOOK_URL:-}" ] || exit 0
node "$here/text/tell.mjs" "stack ${PULUMI_STACK:?names the stack}: $text: ${RUN_URL:?is the address of this run}"
