#!/usr/bin/env bash
# Pins every dependency by hash. Two files, the second a superset: what the demo runs, and what the tests need besides.
# Run with the oldest Python there is to support (Debian 12's 3.11.2): some packages need others only there, and what is
# needed only there does no harm elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d); trap 'rm -rf "$tools"' EXIT
${PYTHON:-/usr/bin/python3} -m venv "$tools" && "$tools/bin/pip" install --quiet pip-tools
common=(--quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
        --strip-extras --allow-unsafe --extra router --extra node --extra triton --extra demo)
"$tools/bin/pip-compile" "${common[@]}" -o deploy/requirements/run.txt pyproject.toml
"$tools/bin/pip-compile" "${common[@]}" --extra test -c deploy/requirements/run.txt -o deploy/requirements/test.txt pyproject.toml
