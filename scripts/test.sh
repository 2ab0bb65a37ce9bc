#!/usr/bin/env bash
# Every test, from format to end-to-end, in one build profile. The system it brings up has a name, ports and a
# folder of its own, so that one that is in use is not touched; it is removed again at the end.
set -euo pipefail

# Optimising would take longer than it saves here.
export GANTRY_PROFILE="${GANTRY_PROFILE:-dev}"
export COMPOSE_PROJECT_NAME="${TEST_PROJECT:-gantry-test}"
export GANTRY_API_PORT=17070 GANTRY_HTTP_PORT=18080 GANTRY_HTTPS_PORT=18443 GANTRY_NATS_PORT=14222 GANTRY_REGISTRY_PORT=15000
. "$(dirname "$0")/settings.sh"
export GANTRY_HOME="$GANTRY_CACHE/$COMPOSE_PROJECT_NAME"
export GANTRY_NATS_SERVER="$NATS_SERVER"

# Each is a run of the whole system under faults, from 0 on; what so many never come to is rare indeed.
SEEDS=2000
log=$(mktemp)
table=
trap 'rm -f "$log"' EXIT

# step NAME COMMAND... : shows it live, keeps its output for the counts, ends everything when it fails.
step() {
  local name=$1 began=$SECONDS
  shift
  say "$name"
  if ! "$@" 2>&1 | tee -a "$log"; then
    printf '%s' "$table" >&2
    fail "step '$name' after $((SECONDS - began)) s" "look at the lines above; by itself: $*"
  fi
  table+=$(printf '%6d s  %s' $((SECONDS - began)) "$name")$'\n'
}

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked; }

# Unit, property and golden tests, and those that start the real NATS server.
tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --exclude gantry-e2e --locked --no-fail-fast
  else
    cargo test --workspace --exclude gantry-e2e --locked --no-fail-fast --lib --bins --tests
  fi
}

# The path a new user takes, then whatever else is to be true of the running system. What went wrong inside
# the containers is shown before they are removed.
end_to_end() {
  local failed=
  { sh scripts/up.sh && up_again && with_token end_to_end_tests; } || failed=1
  [ -z "$failed" ] || inside
  sh scripts/clean.sh
  [ -z "$failed" ]
}

# What `make up` left is looked at before anything is broken: machines come and go after that.
end_to_end_tests() {
  local one
  for one in first_look changes failures; do
    cargo test -p gantry-e2e --locked --test $one -- --test-threads=1 --nocapture || return 1
  done
}

# A second run changes nothing: the same containers, the same replicas of the same release, as many as its user
# asked for meanwhile.
up_again() {
  local before after
  with_token bin/gantry scale hello=4 -p demo || return 1
  before=$(what_runs) && sh scripts/up.sh && after=$(what_runs) || return 1
  [ "$before" = "$after" ] || { printf 'a second run changed what runs, from\n%s\nto\n%s\n' "$before" "$after" >&2; return 1; }
  with_token bin/gantry scale hello=3 -p demo
}

# Containers of services and machines; the one-shot first start may run again, and finds its work done.
what_runs() {
  docker ps -q --no-trunc --filter "label=$CLUSTER_LABEL" | sort
  with_token bin/gantry ps -p demo -o json | jq -c '.items[] | [.id, .release, .restarts, .address]'
}

with_token() (
  set -a
  . "$GANTRY_HOME/env"
  "$@"
)

inside() {
  local id
  for id in $(containers); do
    say "last lines of $(docker inspect -f '{{.Name}} ({{.State.Status}})' "$id")"
    docker logs --tail 60 "$id" 2>&1
  done
}

passed() {
  sed -nE 's/^test result: ok\. ([0-9]+) passed.*/\1/p; s/.* tests run: ([0-9]+) passed.*/\1/p' "$log" |
    awk '{ n += $1 } END { print n + 0 }'
}

step "install what is missing" sh scripts/install.sh
step "format" cargo fmt --all --check
step "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
step "docs" documentation
step "laws" cargo xtask laws
step "unit, property, golden and integration tests" tests
step "documentation tests" cargo test --workspace --doc --locked
step "simulator, $SEEDS seeds" cargo run --quiet --locked -p gantry-simulator -- --seeds $SEEDS
step "make up, twice, and end-to-end tests" end_to_end
step "beauty" cargo xtask beauty

printf '\n%s%6d s  all\n%d tests passed, %d seeds without a violation\n' "$table" $SECONDS "$(passed)" $SEEDS
