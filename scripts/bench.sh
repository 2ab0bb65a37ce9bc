#!/usr/bin/env bash
# Speed and size, as ratios to a floor of the same run. The system it brings up has a name, ports and a folder of its
# own, so that one that is in use is not touched; it is removed again at the end. Everything given is passed on to
# the bench (`--only ingress`); GANTRY_PROFILE=dev is for a quick look, its figures say little.
set -euo pipefail

export COMPOSE_PROJECT_NAME="${BENCH_PROJECT:-gantry-bench}"
export GANTRY_API_PORT=19070 GANTRY_HTTP_PORT=19080 GANTRY_HTTPS_PORT=19443 GANTRY_NATS_PORT=19222 GANTRY_REGISTRY_PORT=19500
. "$(dirname "$0")/settings.sh"
export GANTRY_HOME="$GANTRY_CACHE/$COMPOSE_PROJECT_NAME"

# The rival of the ingress, made like the system's own images: of Debian's package, pulled from nowhere.
nginx() {
  local packages root
  packages=$(sh images/packages.sh nginx)
  root=$(mktemp -d)
  sh images/closure.sh "$packages" "$root" usr/sbin/nginx
  mkdir -p "$root/etc" "$root/var/log/nginx" "$root/var/lib/nginx" "$root/tmp"
  echo 'root:x:0:0:root:/:/bin/false' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" --owner=0 --group=0 -c . | docker import - "gantry/bench-nginx:$COMPOSE_PROJECT_NAME" >/dev/null
  rm -rf "$root"
}

# The failure tests only cause and time what happens, so they are built as `make test` builds them.
measure() (
  set -a
  . "$GANTRY_HOME/env"
  "$BINARIES/gantry-bench" --out "${BENCH_OUT:-$ROOT/bench.json}" \
    --failure-tests "cargo test -p gantry-e2e --locked --test failures -- --test-threads=1" "$@"
)

remove() {
  sh scripts/clean.sh
  docker image rm -f "gantry/bench-nginx:$COMPOSE_PROJECT_NAME" >/dev/null 2>&1 || true
}

trap remove EXIT
# In one build with the rest: by itself it would compile what they share a second time.
GANTRY_ALSO="-p gantry-bench" sh scripts/up.sh >&2
say "nginx, to compare with"
nginx
measure "$@"
