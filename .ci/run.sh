#!/usr/bin/env bash
# `make run`: from nothing to a served demonstration. A second run finds everything there.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
.ci/setup.sh run
say "building"
SQLX_OFFLINE=true cargo leptos build
say "starting"
exec "$CARGO_TARGET_DIR/debug/voxlink" serve --demo
