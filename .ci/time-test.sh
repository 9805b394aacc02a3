#!/usr/bin/env bash
# `make time-test`: `make test` on a clean clone, once with every cache folder empty and once again.
# Takes an hour. A row of src/BENCHMARKS.md each.
set -euo pipefail
cd "$(dirname "$0")/.."
home="$(mktemp -d /var/tmp/voxlink-cold.XXXXXX)"
trap 'chmod -R u+w "$home" && rm -rf "$home"' EXIT
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
echo "| \`make test\` | minutes | load before | load after | result |"
echo "|---|---|---|---|---|"
for when in cold warm; do
    before="$(cut -d' ' -f1 /proc/loadavg)" began=$SECONDS
    if (cd "$home/clone" && make test) >"$home/$when.log" 2>&1; then result="passed"; else result="failed"; fi
    spent=$((SECONDS - began))
    echo "| $when, $(date -u +%Y-%m-%d), commit $commit | $((spent / 60)):$(printf '%02d' $((spent % 60))) | $before | $(cut -d' ' -f1 /proc/loadavg) | $result, $(tail -1 "$home/$when.log") |"
    grep -E '^== .*: passed in' "$home/$when.log" >&2 || true
    if [ "$result" = failed ]; then tail -40 "$home/$when.log" >&2; exit 1; fi
done
