# A release server on scratch data, for the scripts beside it. Source it from the project's folder
# and call `stage`. `make bench` sets the stage once for all; a script run alone sets its own and
# clears it away.
#   NUMBERS=200000   numbers in the local carrier's catalogue
#   OWNED=1000       numbers that the customer has bought
#   BUILD=no         takes what is built already; PROFILE=debug what `make run` built (to try the scripts)
. .ci/env.sh
NUMBERS="${NUMBERS:-200000}" OWNED="${OWNED:-1000}"
voxlink="$CARGO_TARGET_DIR/${PROFILE:-release}/voxlink" programs="$CARGO_TARGET_DIR/${PROFILE:-release}/voxlink-bench"
twilio_secret="the secret of the benchmark's carrier"

# Progress is for people, figures are for src/BENCHMARKS.md.
note() { printf -- '-- %s\n' "$*" >&2; }
fail() { printf 'make bench: %s\n' "$*" >&2; exit 1; }

stage() {
    [ -z "${STAGE:-}" ] || return 0
    build
    # Not in the user's home: run by root, PostgreSQL belongs to another user, who must reach it.
    STAGE="$(mktemp -d /var/tmp/voxlink-bench.XXXXXX)"
    chmod 711 "$STAGE"
    trap clear_stage EXIT
    local port="${BENCH_PORT:-3188}"
    BASE="http://127.0.0.1:$port"
    export STAGE BASE LISTEN="127.0.0.1:$port" PUBLIC_URL="$BASE" DATA_DIR="$STAGE" SITE_DIR="${SITE_DIR:-$PWD/target/site$([ "${PROFILE:-release}" = debug ] || echo -release)}"
    unset DATABASE_URL
    # A cluster of its own, as durable as a user's.
    (cd "$STAGE" && "$voxlink" postgres start) >&2
    DATABASE_URL="$(cd "$STAGE" && "$voxlink" postgres url)"
    export DATABASE_URL
    note "making $NUMBERS numbers"
    local began; began="$(now)"
    (cd "$STAGE" && "$voxlink" demo --count "$NUMBERS") >"$STAGE/demo"
    GENERATED="$(since "$began")"
    export GENERATED
    # Calls come signed by Twilio; nothing is bought there, so its API is where nobody listens.
    export TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000 TWILIO_AUTH_TOKEN="$twilio_secret" TWILIO_BASE_URL=http://127.0.0.1:9 TWILIO_PRICING_URL=http://127.0.0.1:9
    # A new catalogue is tidied as autovacuum would within minutes.
    sql "vacuum analyze local_carrier.numbers"
    note "buying $OWNED numbers"
    # Ordered while no worker runs: what follows is the worker's own speed.
    serve WORKER_CONCURRENCY=0
    sign_in
    sql "update billing_accounts set credit_limit_minor = 100000000"
    order_numbers "$((OWNED - 1))" 50
    order_numbers 1 1
    end_server
    serve
    until [ "$(sql "select count(*) from orders where state in ('pending', 'processing')")" = 0 ]; do sleep 0.5; done
    NUMBER="$(sql "select e164 from subscriptions order by e164 limit 1")"
    export NUMBER
    publish_plan
}

build() {
    [ "${BUILD:-}" != no ] || return 0
    note "building"
    export SQLX_OFFLINE=true
    # The server is built with the programs below: by itself it would be compiled with other features
    # of its dependencies, and again.
    LEPTOS_SITE_ROOT=target/site-release cargo leptos build --release --precompress --frontend-only >&2
    cargo build --quiet --release --no-default-features --package voxlink --package voxlink-bench >&2
}

clear_stage() {
    end_server
    (cd "$STAGE" && "$voxlink" postgres stop) >&2 || true
    rm -rf "$STAGE"
}

# Starts the server, with more settings if given, and waits until it is ready.
serve() {
    (cd "$STAGE" && exec env "$@" "$voxlink" serve >>"$STAGE/server.log" 2>&1) &
    server=$!
    for _ in $(seq 300); do
        curl -sf -o /dev/null "$BASE/health/ready" && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.2
    done
    tail -5 "$STAGE/server.log" >&2
    fail "the server did not start"
}

end_server() {
    if [ -n "${server:-}" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; fi
    server=
}

# The demonstration's customer, by the password that was printed.
sign_in() {
    local secret; secret="$(awk '$1 == "customer" { print $3 }' "$STAGE/demo")"
    curl -sf -o /dev/null -c "$STAGE/cookies" -H "Origin: $BASE" "$BASE/sign-in" \
        --data-urlencode email=customer@voxlink.example --data-urlencode "password=$secret" || fail "nobody could sign in"
    COOKIE="$(awk '$6 == "session" { print $6 "=" $7 }' "$STAGE/cookies")"
    [ -n "$COOKIE" ] || fail "nobody could sign in"
    export COOKIE
}

# Orders so many numbers in carts of so many, paid from an ample credit.
order_numbers() { # NUMBERS EACH
    local left="$1" each="$2" picks
    while [ "$left" -gt 0 ]; do
        picks=()
        while read -r pick; do picks+=(--data-urlencode "pick=$pick"); done < <(
            for page in 1 2; do get "/search?country=US&type=local&page=$page"; done |
                grep -o 'value="local:+[0-9]*"' | cut -d'"' -f2 | sort -u | head -n "$((left < each ? left : each))"
        )
        [ ${#picks[@]} -gt 0 ] || fail "the search found nothing to buy"
        post /search/hold --data back=/search "${picks[@]}"
        post /checkout --data 'payment=credit&terms=on&expected=&name=Bench&line1=1+Main+St&line2=&city=Boston&region=MA&postal_code=02110&country=US'
        left=$((left - ${#picks[@]} / 2))
    done
}

# Hours in the number's zone, then a desk that rings: what a usual call goes through.
publish_plan() {
    local day='[{"from": "00:00", "to": "24:00"}]'
    sql "with version as (
             insert into number_configurations (id, tenant_id, subscription_id, version, state, published_at, plan)
             select gen_random_uuid(), tenant_id, id, 1, 'published', now(), '{
                 \"format\": 1, \"entry\": \"start\", \"voice\": \"woman\", \"language\": \"en-US\", \"nodes\": {
                 \"start\": {\"title\": \"Hours\", \"kind\": \"hours\", \"zone\": \"America/New_York\", \"holidays\": [],
                     \"week\": [$day, $day, $day, $day, $day, $day, $day],
                     \"open\": {\"node\": \"desk\"}, \"closed\": {\"node\": \"desk\"}, \"holiday\": null},
                 \"desk\": {\"title\": \"Desk\", \"kind\": \"forward\", \"targets\": [\"+16175550123\"],
                     \"ring\": \"all_at_once\", \"timeout_seconds\": 20, \"no_answer\": \"hang_up\", \"busy\": null}}}'
             from subscriptions where e164 = '$NUMBER' returning id, subscription_id)
         update subscriptions s set published_configuration_id = v.id from version v where s.id = v.subscription_id" >&2
    sleep 2 # the server reads changes every second
}

get() { curl -sf -H "Cookie: $COOKIE" "$BASE$1"; }
post() { local path="$1"; shift; curl -sf -o /dev/null -H "Cookie: $COOKIE" -H "Origin: $BASE" "$BASE$path" "$@" || fail "POST $path failed"; }
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "$1"; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
load() { cut -d' ' -f1 /proc/loadavg; }

# A signed-in person's GETs by oha: `latency PATH NAME [more of oha]` prints name, p50, p99, answers a
# second. First as often as every connection of the server needs to have prepared its statements.
latency() {
    local path="$1" name="$2"; shift 2
    oha --no-tui --output-format json -n 200 -c 2 -H "Cookie: $COOKIE" "$@" "$BASE$path" >"$STAGE/oha.json"
    oha --no-tui --output-format json -n 1000 -c 2 -H "Cookie: $COOKIE" "$@" "$BASE$path" >"$STAGE/oha.json"
    node -e '
        const { summary, latencyPercentiles: p, statusCodeDistribution: codes } = JSON.parse(require("fs").readFileSync(process.argv[1]));
        if (Object.keys(codes).join() !== "200") { console.error("make bench: " + process.argv[2] + " answered", codes); process.exit(1); }
        const ms = (s) => (s * 1000).toFixed(1);
        console.log(`| ${process.argv[2]} | ${ms(p.p50)} | ${ms(p.p99)} | ${summary.requestsPerSec.toFixed(0)} |`);
    ' "$STAGE/oha.json" "$name"
}
