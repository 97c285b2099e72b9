# shellcheck shell=sh
# Sourced by the scripts that run pulumi: adds the policy pack to the options in "$@", where there is one.
# POLICY_PACK names its folder; "policy" unless it is set. Its config is the file of the stack's name in config/.

policy_pack=${POLICY_PACK:-policy}
if [ -d "$policy_pack" ]; then
    set -- "$@" --policy-pack "$policy_pack"
    policy_config=$policy_pack/config/${PULUMI_STACK:?names the stack}.json
    [ ! -e "$policy_config" ] || set -- "$@" --policy-pack-config "$policy_config"
fi
