# shellcheck shell=sh
# Sourced by the scripts that run pulumi: adds the policy pack to the options in "$@". One that is not there is an end:
# without it nothing would be refused, and nobody would see that.
# POLICY_PACK names its folder; "policy" unless it is set. Its config is the file of the stack's name in config/.

policy_pack=${POLICY_PACK:-policy}
if [ ! -e "$policy_pack/PulumiPolicy.yaml" ]; then
    echo "There is no policy pack in the folder \"$policy_pack\"; POLICY_PACK names another." >&2
    exit 1
fi
set -- "$@" --policy-pack "$policy_pack"
# The stack may be named as ORGANISATION/NAME.
policy_config=${PULUMI_STACK:?names the stack}
policy_config=$policy_pack/config/${policy_config##*/}.json
[ ! -e "$policy_config" ] || set -- "$@" --policy-pack-config "$policy_config"
