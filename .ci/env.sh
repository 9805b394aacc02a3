# Where tools and build output stand, for every script here. Source it from the project's folder.
export VOXLINK_CACHE="${VOXLINK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/voxlink}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$VOXLINK_CACHE/target}"
export PATH="$VOXLINK_CACHE/tools/bin:$PWD/node_modules/.bin:$HOME/.cargo/bin:$PATH"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}" CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-1}"
mkdir -p "$VOXLINK_CACHE"

say() { printf '\n== %s\n' "$*"; }

# Runs a command as root: directly when we are, by sudo otherwise.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
