#!/usr/bin/env bash
# `make bench`: one release server on scratch data, every program in .ci/bench/ in turn, never two at
# once. Figures go to standard output as they stand in src/BENCHMARKS.md, progress to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/setup.sh bench >&2
. .ci/bench/stage.sh
stage
cat <<EOF
*$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), \`make bench\`.* $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB; $(sql "select 'PostgreSQL ' || current_setting('server_version')") with its defaults; $(rustc --version | cut -d' ' -f1,2). Load average at the beginning: $(load).
EOF
for bench in .ci/bench/*; do
    [ -x "$bench" ] || continue
    note "$(basename "$bench")"
    "$bench"
done
printf '\nLoad average at the end: %s.\n' "$(load)"
