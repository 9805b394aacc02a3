#!/usr/bin/env bash
# `make bench`: runs every script in .ci/bench/ in turn, never two at once, and prints what it measured.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
.ci/setup.sh test
for bench in .ci/bench/*; do
    say "$(basename "$bench")"
    "$bench"
done
