#!/usr/bin/env bash
# Runs one proof (`make prove-…`), on the tests' own cluster unless DATABASE_URL names another.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
if [ -z "${DATABASE_URL:-}" ]; then
    .ci/setup.sh test
    DATABASE_URL="$(.ci/postgres.sh start)"
    export DATABASE_URL
fi
SQLX_OFFLINE=true cargo test --quiet --test "$1"
