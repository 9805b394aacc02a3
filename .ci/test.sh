#!/usr/bin/env bash
# Everything that must hold, step by step with its time. `make test` runs it; `.ci/test.sh STEP…` runs some.
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
wanted=("$@")
passed=0
began=$SECONDS

step() { # NAME command…
    local name="$1"; shift
    if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $name "* ]]; then return; fi
    printf '\n== %s\n' "$name"
    local start=$SECONDS
    if "$@"; then
        passed=$((passed + 1))
        printf '== %s: passed in %d s\n' "$name" $((SECONDS - start))
    else
        printf '\n== make test: the step “%s” failed after %d s (run it alone: .ci/test.sh %s)\n' "$name" $((SECONDS - start)) "$name" >&2
        printf '%d passed, 1 failed\n' "$passed"
        exit 1
    fi
}

database() { # starts the cluster and gives the compile-time checks a database with today's schema
    DATABASE_URL="$(.ci/postgres.sh start)" || return 1
    export DATABASE_URL
}
# The proofs are run by name, so `--all-targets` leaves them out.
clippy() { SQLX_OFFLINE=true cargo clippy --quiet --all-targets -- -D warnings && SQLX_OFFLINE=true cargo clippy --quiet --test 'prove_*' -- -D warnings; }
clippy_wasm() {
    cargo clippy --quiet -p voxlink-client --target wasm32-unknown-unknown --no-default-features --target-dir "$CARGO_TARGET_DIR/front" -- -D warnings
}
deny() {
    cargo deny --log-level error check bans licenses sources || return 1
    if cargo deny --log-level off fetch db >/dev/null 2>&1; then
        cargo deny --log-level error check advisories
    else
        echo "(the database of advisories cannot be reached from here: advisories were not checked)"
    fi
}
queries() {
    local checked="${DATABASE_URL%/*}/voxlink_queries"
    sqlx database reset -y --database-url "$checked" >/dev/null || return 1
    # It touches the crates' roots, to have them compiled anew. With their times back the later steps,
    # and the next run, find everything compiled as it was.
    local roots; roots="$(find src app -name lib.rs -o -name main.rs | xargs stat -c '%Y %n')"
    DATABASE_URL="$checked" cargo sqlx prepare --check --workspace -- --all-targets
    local outcome=$?
    while read -r time root; do touch -d "@$time" "$root"; done <<<"$roots"
    return $outcome
}
tests() { SQLX_OFFLINE=true cargo test --quiet; }
build() { SQLX_OFFLINE=true cargo leptos build; }
proofs() { SQLX_OFFLINE=true make --no-print-directory prove-small; }
# Two servers with databases of their own: pages are looked at while the journeys go. What stood on the
# page and what the servers warned of comes last: it is what tells a cause.
journeys() {
    local visit=(npx playwright test --config end2end/playwright.config.ts) failed=0
    mkdir -p target/end2end
    E2E_PORT=3198 "${visit[@]}" --project pages >target/end2end/pages.log 2>&1 &
    local pages=$!
    "${visit[@]}" --project wasm --project no-scripting || failed=1
    wait "$pages" || failed=1
    cat target/end2end/pages.log
    [ "$failed" = 1 ] || return 0
    find target/end2end -name error-context.md -exec head -c 4000 {} +
    grep -hE ' (WARN|ERROR) ' target/end2end/*/server.log | tail -20
    return 1
}

step set-up .ci/setup.sh test
step database database
step format cargo fmt --check
step clippy clippy
step clippy-wasm clippy_wasm
step deny deny
step queries queries
step tests tests
step build build
step proofs proofs
step journeys journeys
printf '\n== make test: all steps passed in %d s\n%d passed, 0 failed\n' $((SECONDS - began)) "$passed"
