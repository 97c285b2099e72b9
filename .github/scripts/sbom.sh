#!/bin/sh
# Writes a bill of materials (CycloneDX 1.6, JSON) of the npm packages in package-lock.json. Asks nobody.
#
# usage: .github/scripts/sbom.sh FILE [FOLDER]
#
# FOLDER holds the package-lock.json; the current folder unless one is given. Packages that are needed for the tests
# alone are in it, too, and are marked cdx:npm:package:development.
set -eu

file=${1:?usage: .github/scripts/sbom.sh FILE [FOLDER]}
folder=${2:-.}
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)

# From the lock file, not from what one machine has installed: then it is the same on all of them.
"$top/node_modules/.bin/cyclonedx-npm" --package-lock-only --output-reproducible --spec-version 1.6 \
    --output-format JSON --output-file "$file" "$folder/package.json"
