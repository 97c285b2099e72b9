#!/bin/sh
# Looks for drift: whether cloud and cluster are still as the stack's config says, and whether the cluster is healthy.
# Changes nothing, neither in the state nor in the cloud.
#
# usage: .github/scripts/drift.sh FOLDER
#
# FOLDER, made if need be, gets drift.md: a marker line, and what was found.
#
# Environment: PULUMI_STACK; POLICY_PACK (policy.sh); what pulumi and swarm need.
# Status: 0 no drift and a healthy cluster; 1 drift, or a cluster that is not healthy; 2 one of the two could not be
# looked at.
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
folder=${1:?usage: .github/scripts/drift.sh FOLDER}
stack=${PULUMI_STACK:?names the stack}
mkdir -p "$folder"

set -- --stack "$stack" --non-interactive --color never
# shellcheck source=.github/scripts/policy.sh
. "$here/policy.sh"

previewed=0
pulumi preview "$@" --refresh --expect-no-changes --diff --suppress-progress \
    >"$folder/preview.txt" 2>&1 || previewed=$?
healthy=0
swarm status --stack "$stack" >"$folder/status.txt" 2>&1 || healthy=$?

found=0
node "$here/text/driftReport.ts" "$folder" "$previewed" "$healthy" >"$folder/drift.md" || found=$?
if [ ! -s "$folder/drift.md" ]; then
    echo "The report could not be written; the lines above say why." >&2
    exit 2
fi
cat "$folder/drift.md"
# shellcheck source=.github/scripts/whole.sh
. "$here/whole.sh"
whole "$folder/drift.md" "$folder/preview.txt" "$folder/status.txt"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$folder/drift.md" >>"$GITHUB_STEP_SUMMARY"
exit "$found"
