#!/usr/bin/env bash
# A PostgreSQL cluster for tests and for checking queries, outside the checkout; not durable (fsync off).
# A test has a database of its own, more than a thousand files: in memory, where there is room, making one
# takes a tenth of the time it takes on a disk.
#   .ci/postgres.sh start   starts it if needed and prints its address
#   .ci/postgres.sh stop    stops it
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/env.sh
port="${VOXLINK_TEST_PORT:-54329}"
bin="$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1)" 2>/dev/null || true)"
[ -x "$bin/initdb" ] || bin="$(pg_config --bindir)"
room="$(df --output=avail -B1G /dev/shm 2>/dev/null | tail -1)"
# PostgreSQL refuses to run as root, so root hands the folder to the user that Debian made for it.
if [ "$(id -u)" = 0 ]; then
    home=/var/tmp/voxlink-test-postgres
    as_server() { su postgres -s /bin/sh -c "$*"; }
else
    home="$VOXLINK_CACHE/test-postgres"
    as_server() { sh -c "$*"; }
fi
memory="/dev/shm/voxlink-test-postgres-$(id -u)"
if [ -e "$memory" ] || [ "${room:-0}" -ge 4 ]; then home="$memory"; fi
case "${1:-start}" in
start)
    if ! as_server "$bin/pg_ctl -D $home/data status" >/dev/null 2>&1; then
        if [ ! -e "$home/data/PG_VERSION" ]; then
            mkdir -p "$home"
            [ "$(id -u)" != 0 ] || chown postgres "$home"
            as_server "$bin/initdb -D $home/data -U postgres --auth=trust -E UTF8 --locale=C.UTF-8" >/dev/null
        fi
        as_server "$bin/pg_ctl -D $home/data -l $home/log -w start -o '-p $port -k $home -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=512MB -c wal_level=minimal -c max_wal_senders=0'" >/dev/null </dev/null 2>&1
    fi
    echo "postgres://postgres@127.0.0.1:$port/postgres"
    ;;
stop) as_server "$bin/pg_ctl -D $home/data -m fast stop" >/dev/null 2>&1 || true ;;
*) echo "usage: .ci/postgres.sh start|stop" >&2; exit 2 ;;
esac
