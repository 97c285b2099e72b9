# shellcheck shell=sh
# Sourced by the scripts that run pulumi: adds the policy pack to the options in "$@", where there is one.
# POLICY_PACK names its folder; "policy" unless it is set. Its config is the config.json in it.

policy_pack=${POLICY_PACK:-policy}
if [ -d "$policy_pack" ]; then
    set -- "$@" --policy-pack "$policy_pack"
    [ ! -e "$policy_pack/config.json" ] || set -- "$@" --policy-pack-config "$policy_pack/config.json"
fi
