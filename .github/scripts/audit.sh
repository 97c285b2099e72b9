#!/bin/sh
# Asks the npm registry for known vulnerabilities of the installed packages, and whether each has the registry's
# signature.
#
# usage: .github/scripts/audit.sh [FOLDER...]
#
# FOLDER holds a package-lock.json and the packages installed from it; the current folder unless one is given.
# Status: 0 nothing found; 1 a vulnerability of level high or critical, or a signature that is wrong or missing; 2 the
# registry could not be asked, and nothing is known. Vulnerabilities below high are named.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
[ $# -gt 0 ] || set -- .

# Seconds that one question may take; npm itself tries for many minutes.
limit=${AUDIT_SECONDS:-180}
status=0
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# judge KIND FOLDER: what the answer in the file means. What could not be asked outweighs what was found.
judge() {
    judged=0
    node "$here/text/audit.ts" "$1" "$2" <"$answer" || judged=$?
    [ "$judged" -le "$status" ] || status=$judged
}

for folder; do
    # npm's own status does not tell "found" from "could not ask"; its JSON does.
    (cd "$folder" && timeout "$limit" npm audit --json) >"$answer" 2>/dev/null || :
    judge vulnerabilities "$folder"
    (cd "$folder" && timeout "$limit" npm audit signatures --json) >"$answer" 2>/dev/null || :
    judge signatures "$folder"
done
exit "$status"
