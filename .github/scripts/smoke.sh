#!/bin/sh
# Asks every node for every published TCP port of every service, from where this runs, through the routing mesh.
#
# usage: .github/scripts/smoke.sh
#
# Environment: PULUMI_STACK; SMOKE_SECONDS, how long each has to answer well (30); what pulumi and swarm need.
# Status: 0 when all answer; 1 when one did not in that time: the lines say which, and what was last seen.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
stack=${PULUMI_STACK:?names the stack}

outputs=$(pulumi stack output --json --stack "$stack")
services=$(printf '%s' "$outputs" | node "$here/text/smoke.ts" services)
if [ -z "$services" ]; then
    echo "The stack $stack has no service with a published TCP port, so there is nothing to ask for."
    exit 0
fi
# How each port is published stands in no output of the stack; the swarm knows.
# shellcheck disable=SC2086 # a list of names
ports=$(swarm docker --stack "$stack" service inspect --format '{{json .Endpoint.Ports}}' $services)
printf '%s' "$outputs" | node "$here/text/smoke.ts" ask "$ports"
