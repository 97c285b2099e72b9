#!/bin/sh
# Checks that a job has all it needs before it runs pulumi, and names at once everything that is missing.
#
# usage: .github/scripts/settings.sh ENVIRONMENT
#
# ENVIRONMENT is the name of the GitHub environment that holds them, for the messages.
#
# Environment: PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_ACCESS_TOKEN, PULUMI_CONFIG_PASSPHRASE, DIGITALOCEAN_TOKEN,
# AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
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

file=Pulumi.${PULUMI_STACK:-}.yaml
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

[ -n "$missing" ] || exit 0
echo "The environment \"$environment\" lacks, see docs/workflows.md:$missing" >&2
exit 1
