#!/usr/bin/env bash
# `make prove-sip-call`: installs Kamailio and sipp where they are missing, then makes the calls.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/env.sh
modules="$(ls -d /usr/lib/*/kamailio/modules 2>/dev/null | head -1 || true)"
packages=()
command -v kamailio >/dev/null 2>&1 || packages+=(kamailio)
[ -e "$modules/http_client.so" ] || packages+=(kamailio-utils-modules)
[ -e "$modules/jansson.so" ] || packages+=(kamailio-extra-modules)
command -v sipp >/dev/null 2>&1 || packages+=(sip-tester)
if [ ${#packages[@]} -gt 0 ]; then
    say "installing ${packages[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
exec .ci/prove.sh prove_sip_call
