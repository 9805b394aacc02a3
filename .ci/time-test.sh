#!/usr/bin/env bash
# `make time-test`: `make run` and `make test` on a clean clone, with every cache folder empty at
# first, and again.
# Takes an hour. A row of src/BENCHMARKS.md each.
set -euo pipefail
cd "$(dirname "$0")/.."
home="$(mktemp -d /var/tmp/voxlink-cold.XXXXXX)"
trap 'DATA_DIR="$home/data" "$home/voxlink/target/debug/voxlink" postgres stop >/dev/null 2>&1; chmod -R u+w "$home" && rm -rf "$home"' EXIT
git clone --quiet . "$home/clone"
commit="$(git -C "$home/clone" rev-parse --short HEAD)"
# rustup's proxies find their toolchains by RUSTUP_HOME, which is no cache and stays.
export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
export VOXLINK_CACHE="$home/voxlink" CARGO_HOME="$home/cargo" npm_config_cache="$home/npm" XDG_CACHE_HOME="$home/xdg"
# Settings of registries are no cache either.
mkdir -p "$CARGO_HOME"
cp "$HOME"/.cargo/config.toml "$CARGO_HOME/" 2>/dev/null || true
export PATH="$HOME/.cargo/bin:$PATH"
unset CARGO_TARGET_DIR DATABASE_URL
# The private cluster's user must reach it.
chmod 711 "$home"
echo "| what | minutes | load before | load after | result |"
echo "|---|---|---|---|---|"

# `row WHAT SECONDS LOAD RESULT` prints a row.
row() { echo "| $1, $(date -u +%Y-%m-%d), commit $commit | $(($2 / 60)):$(printf '%02d' $(($2 % 60))) | $3 | $(cut -d' ' -f1 /proc/loadavg) | $4 |"; }

# `served WHAT`: `make run` until it serves, then its end.
served() {
    local before began=$SECONDS
    before="$(cut -d' ' -f1 /proc/loadavg)"
    (cd "$home/clone" && DATA_DIR="$home/data" LISTEN=127.0.0.1:3177 PUBLIC_URL=http://127.0.0.1:3177 exec setsid make run) >"$home/run.log" 2>&1 &
    local make=$!
    until curl -sf -o /dev/null http://127.0.0.1:3177/health/ready; do
        kill -0 "$make" 2>/dev/null || { tail -40 "$home/run.log" >&2; exit 1; }
        sleep 1
    done
    row "\`make run\`, $1" $((SECONDS - began)) "$before" "serves"
    kill -- "-$make"
    wait "$make" || true
}

# `tested WHAT`: `make test` to its end.
tested() {
    local before began=$SECONDS result=passed
    before="$(cut -d' ' -f1 /proc/loadavg)"
    (cd "$home/clone" && make --no-print-directory test) >"$home/test.log" 2>&1 || result=failed
    row "\`make test\`, $1" $((SECONDS - began)) "$before" "$result, $(tail -1 "$home/test.log")"
    grep -E '^== .*: passed in' "$home/test.log" >&2 || true
    [ "$result" = passed ] || { tail -60 "$home/test.log" >&2; exit 1; }
}

# From empty caches `make test` alone takes at most as long as the first two together.
served "empty caches"
tested "after that"
served "again"
tested "again"
