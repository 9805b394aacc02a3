#!/usr/bin/env bash
# Installs what is missing and nothing else; costs a second when all is there.
#   .ci/setup.sh run     what `make run` needs
#   .ci/setup.sh test    what `make test` needs as well
#   .ci/setup.sh bench   what `make bench` needs as well
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
for_what="${1:-run}"

# --- The system's packages -------------------------------------------------------------------
packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
# With a database of its own, `make run` needs none on this machine.
if [ "$for_what" = test ] || [ -z "${DATABASE_URL:-}" ]; then
    [ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb >/dev/null 2>&1 || packages+=(postgresql)
fi
need cc build-essential
need pkg-config pkg-config
need curl curl
[ "$for_what" != bench ] || need wrk wrk
if [ "$for_what" != run ]; then
    need chromium chromium
    need pdftotext poppler-utils
fi
if [ ${#packages[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        say "this is no Debian: install ${packages[*]} by your system's means; going on with what is there"
    elif [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        say "this user may not install packages: have root run “apt-get install ${packages[*]}”; going on with what is there"
    else
        say "installing ${packages[*]}"
        as_root apt-get update -qq
        # The distribution would start a cluster of its own; VoxLink makes one where it is told to.
        as_root mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    fi
fi
for tool in cc cargo node npm; do
    command -v "$tool" >/dev/null 2>&1 || { echo "make: $tool is missing: install a C compiler, Rust with rustup (https://rustup.rs), and Node 20 or newer with npm" >&2; exit 1; }
done
# `new_enough WANTED FOUND`: whether FOUND is at least WANTED.
new_enough() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }
node_version="$(node --version | tr -d v)"
new_enough 20 "$node_version" || { echo "make: Node $node_version is too old: install Node 20 or newer (https://nodejs.org)" >&2; exit 1; }
rust_wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
rust_version="$(rustc --version | cut -d' ' -f2)"
new_enough "$rust_wanted" "$rust_version" || { echo "make: Rust $rust_version is too old: Rust $rust_wanted or newer is needed (rustup update stable)" >&2; exit 1; }

# --- The wasm target -------------------------------------------------------------------------
sysroot="$(rustc --print sysroot)"
if [ ! -d "$sysroot/lib/rustlib/wasm32-unknown-unknown/lib" ]; then
    say "adding the wasm target"
    { command -v rustup >/dev/null 2>&1 && rustup target add wasm32-unknown-unknown; } || {
        echo "make: the wasm target cannot be added to Rust $rust_version in $sysroot: install Rust with rustup (https://rustup.rs)," >&2
        echo "      or a Rust of your distribution that has the standard library for wasm32-unknown-unknown" >&2
        exit 1
    }
fi

# --- Cargo's tools, once, outside the checkout -----------------------------------------------
# `cargo_tool COMMAND CRATE VERSION flags…`: debug builds cost a quarter of the time and run fast enough;
# only what makes load must not be slow itself.
cargo_tool() {
    local command="$1" crate="$2" version="$3"; shift 3
    local mark="$VOXLINK_CACHE/tools/.$crate-$version"
    if [ -x "$VOXLINK_CACHE/tools/bin/$command" ] && { [ -e "$mark" ] || grep -q "\"$crate $version " "$VOXLINK_CACHE/tools/.crates2.json" 2>/dev/null; }; then return; fi
    say "building $crate $version (once)"
    local profile=--debug
    [ "$crate" != oha ] || profile=
    # Nobody debugs these, and nobody builds them twice.
    CARGO_PROFILE_DEV_DEBUG=false CARGO_INCREMENTAL=false CARGO_TARGET_DIR="$VOXLINK_CACHE/tools-target" cargo install --quiet --root "$VOXLINK_CACHE/tools" $profile "$crate" --version "$version" "$@"
    touch "$mark"
}
bindgen="$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)"
cargo_tool cargo-leptos cargo-leptos 0.3.10 --locked --no-default-features --features no_downloads
cargo_tool wasm-bindgen wasm-bindgen-cli "$bindgen"
[ "$for_what" != bench ] || cargo_tool oha oha 1.16.0 --locked
if [ "$for_what" = test ]; then
    cargo_tool sqlx sqlx-cli 0.9.0 --no-default-features --features postgres
    cargo_tool cargo-deny cargo-deny 0.20.2 --locked
fi

# --- npm's tools, in node_modules --------------------------------------------------------------
if [ ! -e node_modules/.package-lock.json ] || ! cmp -s package-lock.json "node_modules/.voxlink-lock"; then
    say "installing npm's tools"
    # Not `npm ci`: it refuses a lock file that leaves other platforms' optional packages out.
    npm install --no-save --no-audit --no-fund --silent
    cp package-lock.json node_modules/.voxlink-lock
fi
