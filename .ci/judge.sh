#!/usr/bin/env bash
# `make judge JUDGE=folder`: what the carriers' adapters send, judged by a strict mock of the
# carriers' specifications that is no part of this project: see src/PROOFS.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
if [ ! -e "${JUDGE:-}/judge.mjs" ]; then
    echo "make judge: say where the mock is: make judge JUDGE=folder (with judge.mjs in it)" >&2
    exit 2
fi
judge="$(cd "$JUDGE" && pwd)"
export SPECS="${SPECS:-$(dirname "$judge")/specs}"

# Its npm packages: beside it, or once outside the checkout.
modules="$judge/node_modules"
if [ ! -d "$modules" ]; then
    packages="$VOXLINK_CACHE/judge"
    modules="$packages/node_modules"
    if ! cmp -s "$judge/package.json" "$packages/.installed"; then
        say "installing the mock's npm packages (once)"
        rm -rf "$packages"
        mkdir -p "$packages"
        cp "$judge"/package*.json "$packages/"
        (cd "$packages" && npm install --no-audit --no-fund --silent)
        cp "$judge/package.json" "$packages/.installed"
    fi
fi

say "building"
export SQLX_OFFLINE=true
cargo test --quiet --no-run --test prove_judge

# A copy of this run's own, with free ports, so that two runs do not meet.
run="$(mktemp -d)"
record="$run/exchanges.jsonl"
mock=
stop() {
    [ -z "$mock" ] || kill "$mock" 2>/dev/null || true
    [ -z "$mock" ] || wait "$mock" 2>/dev/null || true
    mock=
}
trap stop EXIT # also when something fails on the way; the folder stays then, for a look
for part in "$judge"/*; do
    [ "$(basename "$part")" = node_modules ] || cp -R "$part" "$run/"
done
ln -s "$modules" "$run/node_modules"
node -e '
const fs = require("node:fs"), net = require("node:net");
const [from, to] = process.argv.slice(1);
const names = fs.readFileSync(from, "utf8").trim().split("\n").map((line) => line.split("\t")[0]);
const servers = names.map(() => net.createServer());
Promise.all(servers.map((s) => new Promise((ok) => s.listen(0, "127.0.0.1", ok)))).then(() => {
  fs.writeFileSync(to, names.map((name, i) => `${name}\t${servers[i].address().port}\n`).join(""));
  servers.forEach((s) => s.close());
});' "$judge/ports.tsv" "$run/ports.tsv"
while IFS=$'\t' read -r name port; do
    export "AT_${name^^}=http://127.0.0.1:$port"
done <"$run/ports.tsv"

say "starting the mock"
node "$run/judge.mjs" serve --record "$record" >"$run/log" 2>&1 &
mock=$!
for _ in $(seq 300); do
    if grep -qx ready "$run/log" || ! kill -0 "$mock" 2>/dev/null; then break; fi
    sleep 0.2
done
if ! grep -qx ready "$run/log"; then
    echo "make judge: the mock does not start:" >&2
    cat "$run/log" >&2
    exit 1
fi

say "judging"
failed=0
cargo test --quiet --test prove_judge || failed=1
stop
# The same by the mock's own record, so that a finding that got lost on the way shows.
if node "$run/judge.mjs" check "$record" >"$run/checked"; then
    echo "the record: $(tail -1 "$run/checked")"
else
    failed=1
    grep -v '^ok ' "$run/checked" || true
fi
if [ "$failed" = 0 ]; then rm -rf "$run"; else echo "the exchanges: $record"; fi
exit "$failed"
