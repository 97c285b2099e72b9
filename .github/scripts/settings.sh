#!/bin/sh
# Checks that a job has all it needs before it runs pulumi, and names at once everything that is missing.
#
# usage: .github/scripts/settings.sh ENVIRONMENT
#
# ENVIRONMENT is the name of the GitHub environment that holds them, for the messages.
#
# Environment: PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_ACCESS_TOKEN, PULUMI_CONFIG_PASSPHRASE, DIGITALOCEAN_TOKEN,
# AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. RUNNER_ENVIRONMENT, as GitHub sets it; BRANCH_RUNNER, the label of the runner
# on which the code of branches runs, DEPLOY_RUNNER, that of deployments, and RUNNERS_EPHEMERAL, whether each of their jobs
# has a machine of its own: true or anything else.
set -eu

environment=${1:?usage: .github/scripts/settings.sh ENVIRONMENT}
missing=

lacks() {
    missing="$missing
- $1"
}

given() {
    eval "[ -n \"\${$1:-}\" ]"
}

stack=${PULUMI_STACK:-}
# It may be named as ORGANISATION/NAME.
file=Pulumi.${stack##*/}.yaml
if ! given PULUMI_STACK; then
    lacks "the variable PULUMI_STACK: the name of the stack"
elif [ ! -f "$file" ]; then
    lacks "the file $file in the repository: the config of the stack that PULUMI_STACK names"
elif grep -q '^encryptionsalt:' "$file"; then
    given PULUMI_CONFIG_PASSPHRASE ||
        lacks "the secret PULUMI_CONFIG_PASSPHRASE: $file has secrets encrypted by a passphrase"
elif [ -n "${PULUMI_BACKEND_URL:-}" ] && ! grep -q '^secretsprovider:' "$file"; then
    lacks "encryptionsalt or secretsprovider in $file: commit the file as \"pulumi stack init\" left it"
fi
given DIGITALOCEAN_TOKEN || lacks "the secret DIGITALOCEAN_TOKEN: see the scopes in README.md"
case ${PULUMI_BACKEND_URL:-} in
    '') given PULUMI_ACCESS_TOKEN ||
        lacks "the variable PULUMI_BACKEND_URL, or the secret PULUMI_ACCESS_TOKEN for Pulumi Cloud: where the state is" ;;
    file:*) lacks "a PULUMI_BACKEND_URL that outlives the job; \"$PULUMI_BACKEND_URL\" is a folder of the runner" ;;
    s3:*)
        if ! given AWS_ACCESS_KEY_ID && given AWS_SECRET_ACCESS_KEY; then
            lacks "the secret AWS_ACCESS_KEY_ID beside AWS_SECRET_ACCESS_KEY"
        elif given AWS_ACCESS_KEY_ID && ! given AWS_SECRET_ACCESS_KEY; then
            lacks "the secret AWS_SECRET_ACCESS_KEY beside AWS_ACCESS_KEY_ID"
        fi
        ;;
esac

if [ "$environment" = production ] && [ "${RUNNER_ENVIRONMENT:-}" = self-hosted ] &&
    [ "${RUNNERS_EPHEMERAL:-}" != true ] && [ "${DEPLOY_RUNNER:-}" = "${BRANCH_RUNNER:-}" ]; then
    lacks "a runner that no branch's code has run on, and left something on for these secrets: the variable \
SWARM_DEPLOY_RUNNER with another label than SWARM_RUNNER, or, where each job gets a new machine, SWARM_RUNNERS_EPHEMERAL: true"
fi

[ -n "$missing" ] || exit 0
echo "The environment \"$environment\" lacks, see docs/workflows.md:$missing" >&2
exit 1
