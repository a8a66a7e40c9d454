#!/usr/bin/env bash
# Makes .venv hold what is asked for: `setup.sh run` for the demo, `setup.sh test` for everything.
# Wheels are fetched once into ${XDG_CACHE_HOME:-~/.cache}/autorouter/wheels, checked by sha256, shared by clones.
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:?"setup.sh run|test"}
lock=deploy/requirements/$want.txt
wheels=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/autorouter/wheels
say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

[ "$(uname -sm)" = "Linux x86_64" ] || die "the Triton wheel runs on Linux x86_64 only; this is $(uname -sm)"

need_package() {  # need_package PACKAGE REASON: install it as root, name the line otherwise
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $1 ($2)"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1; } >/dev/null 2>&1 \
            || die "could not install $1 ($2); is there a network?"
    else
        die "$2: run 'sudo apt-get install $1', then try again"
    fi
}

find_python() {
    for python in python3.11 python3.12 python3; do
        command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' && return
    done
    return 1
}
find_python || { need_package "python3 python3-venv" "Python 3.11 or 3.12 is needed"; find_python || die "Python 3.11 or 3.12 is needed"; }
"$python" -c 'import ensurepip' 2>/dev/null || need_package "python3-venv" "this Python cannot make virtual environments"
"$python" - <<'PY' || need_package "libpython$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" "Triton's Python backend needs the shared libpython"
import ctypes, sys, sysconfig
from pathlib import Path
version = f"{sys.version_info.major}.{sys.version_info.minor}"
name = f"libpython{version}.so.1.0"
try:
    ctypes.CDLL(name)
except OSError:
    sys.exit(not (Path(sysconfig.get_config_var("LIBDIR")) / name).exists())
PY
command -v npm >/dev/null || need_package "nodejs npm" "voices come from npm, and the official JavaScript client is tested"
if [ "$want" = test ]; then
    [ "$(id -u)" != 0 ] || command -v ip >/dev/null || need_package "iproute2" "tests make networks with real delays"
fi

sum_of() { cat "deploy/requirements/$1.txt" deploy/requirements/openai-2.txt pyproject.toml deploy/setup.sh tests/e2e/js/package-lock.json | sha256sum | cut -d' ' -f1; }
holds() { [ "$(cat ".venv/.holds-$1" 2>/dev/null)" = "$(sum_of "$1")" ]; }
if .venv/bin/python -c '' 2>/dev/null; then
    if holds "$want" || holds test; then exit 0; fi    # what the tests need includes what the demo runs
else
    rm -rf .venv
fi

say "setting up .venv with $("$python" -V)"
"$python" -m venv .venv
mkdir -p "$wheels"
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
install() {  # install LOCK [OPTION...]: from the cache, which is filled first if need be
    local lock=$1; shift
    from_cache() { pip install --no-index --find-links "$wheels" --require-hashes -r "$lock" "$@"; }
    from_cache "$@" 2>/dev/null && return
    say "fetching the wheels of $lock (once per machine; 310 MB in all) into $wheels"
    pip download --require-hashes --no-deps --find-links "$wheels" -r "$lock" -d "$wheels" 2>.venv/fetch.log \
        || die "could not fetch the wheels: no network, or no package index that can be reached; .venv/fetch.log has the details"
    from_cache "$@" || die "the wheels do not install"
}
install "$lock"
[ "$want" != test ] || install deploy/requirements/openai-2.txt --no-deps --target .venv/openai-2
pip install --no-index --no-deps --no-build-isolation -e .
if [ "$want" = test ]; then
    say "fetching OpenAI's JavaScript client"
    (cd tests/e2e/js && npm ci --cache "${wheels%/*}/npm" --prefer-offline --no-audit --no-fund --loglevel=error) \
        || die "could not fetch the JavaScript client; is there a network?"
fi
sum_of "$want" >".venv/.holds-$want"
say "ready"
