#!/bin/sh
# From a fresh clone to answers of three replicas. Each step looks first and does what is missing, so a second
# run changes nothing. With EMPTY=1 it ends where the system is ready, without pool and example.
set -eu
. "$(dirname "$0")/settings.sh"

READY_WITHIN=90     # seconds, from the start of containers to every service ready
NODES_WITHIN=120    # three machines made, their engines started, their nodes joined
ANSWERS_WITHIN=60   # all replicas seen through the balancer
MACHINES=3          # of the pool that is made, where there is none yet
EXAMPLE=hello.demo.localhost

# until_true SECONDS WHAT COMMAND...: tries each half second; says every ten seconds what is still missing.
until_true() {
  began=$(date +%s) seconds=$1 what=$2 said=0
  shift 2
  until "$@"; do
    waited=$(($(date +%s) - began))
    [ $waited -lt "$seconds" ] || return 1
    if [ $waited -ge $((said + 10)) ]; then
      said=$waited
      say "waiting for $what, $waited of $seconds s:$missing"
    fi
    sleep 0.5
  done
}

container() { containers label=com.docker.compose.service="$1" | head -1; }

# The check is the image's own, run now instead of at its next turn.
healthy() {
  id=$(container "$1")
  [ -n "$id" ] || return 1
  check=$(docker inspect -f '{{join (slice .Config.Healthcheck.Test 1) " "}}' "$id")
  # shellcheck disable=SC2086 # the check is a list of words
  docker exec "$id" $check >/dev/null 2>&1
}

all_ready() {
  missing=
  for service in nats registry api scheduler provisioner lb-sync ingress; do
    healthy $service || missing="$missing $service"
  done
  [ -z "$missing" ]
}

show_logs() {
  for service in "$@"; do
    id=$(container "$service")
    [ -z "$id" ] || { say "last lines of $service:"; docker logs --tail 30 "$id" >&2 2>&1; }
  done
}

start() {
  say "starting $COMPOSE_PROJECT_NAME"
  mkdir -p -m 700 "$GANTRY_HOME"
  compose up -d >&2 || {
    show_logs init nats
    fail "compose could not start the system" "look at the lines above; a port that is taken is changed by a variable (GANTRY_API_PORT and the like)"
  }
  until_true $READY_WITHIN "services" all_ready || {
    # shellcheck disable=SC2086 # a list of words
    show_logs init $missing
    fail "not ready after $READY_WITHIN s:$missing" "look at their logs above; 'make down' and 'make up' start afresh with the same data"
  }
}

gantry() { bin/gantry "$@"; }

# All machines of the pool as it is now, which need not be as large as it was made.
nodes_ready() {
  counts=$(gantry pool ls -o json | jq -r '.items[] | select(.id == "local") | "\(.ready) of \(.size)"')
  missing=" $counts are ready"
  [ -n "$counts" ] && [ "${counts% of *}" = "${counts#* of }" ]
}

pool() {
  if ! gantry pool ls -o json | jq -e '.items[] | select(.id == "local")' >/dev/null; then
    say "making a pool of $MACHINES simulated machines"
    gantry pool create local --provider local --size $MACHINES
  fi
  until_true $NODES_WITHIN "nodes" nodes_ready || {
    show_logs provisioner
    fail "not all nodes of the pool are ready after $NODES_WITHIN s:$missing" "'bin/gantry node ls' says what each waits for; 'docker logs MACHINE' shows a machine"
  }
}

# How many replicas the example should have; nothing where it is not deployed, or was given up.
wanted() {
  gantry status -p demo -o json 2>/dev/null |
    jq -r '.items[] | select(.id == "hello") | select(.status.state == "active" or (.status.state == "degraded" and .status.problem == null)) | .status.replicas.wanted'
}

# Once deployed it is the user's: scaled or changed, it stays so.
example() {
  [ -z "$(wanted)" ] || return 0
  say "deploying examples/hello"
  gantry image push hello:1 >/dev/null || fail "pushing the example's image" "look at the lines above"
  gantry deploy -f examples/hello/gantry.yaml --yes ||
    fail "deploying the example" "'bin/gantry ps -p demo' says what each replica waits for"
}

fetch() { curl -fsS --max-time 5 -H "Host: $EXAMPLE" "http://127.0.0.1:$GANTRY_HTTP_PORT/"; }

# One answer from each replica, in the order they came.
answers=
all_answered() {
  answer=$(fetch 2>/dev/null) || { missing=" the balancer has no answer yet"; return 1; }
  case $answers in
    *"$answer"*) ;;
    *) answers="$answers  $answer
" ;;
  esac
  seen=$(printf '%s' "$answers" | grep -c .)
  missing=" $seen of $REPLICAS answered"
  [ "$seen" -ge $REPLICAS ]
}

show_answers() {
  REPLICAS=$(wanted)
  [ "${REPLICAS:-0}" -gt 0 ] || return 0
  until_true $ANSWERS_WITHIN "answers" all_answered || {
    show_logs lb-sync ingress
    fail "not all $REPLICAS replicas answered at http://$EXAMPLE:$GANTRY_HTTP_PORT within $ANSWERS_WITHIN s:$missing" \
      "'bin/gantry ps -p demo' says what each replica waits for"
  }
  printf '\nhttp://%s:%s answers:\n%s' "$EXAMPLE" "$GANTRY_HTTP_PORT" "$answers"
}

next() {
  cat <<EOF

Next:
  . ${GANTRY_HOME#"$ROOT/"}/env                       the address and the token, for bin/gantry and curl
EOF
  [ -z "${EMPTY:-}" ] || { echo "  bin/gantry pool create local --provider local --size 3"; return 0; }
  cat <<EOF
  bin/gantry status -p demo            what runs, and where
  bin/gantry scale hello=5 -p demo     more of it
  bin/gantry logs hello -p demo        what it says
  bin/gantry events -f                 all that happens, as it happens
  curl -H 'Host: $EXAMPLE' http://127.0.0.1:$GANTRY_HTTP_PORT/
  make down                            stop everything; 'make up' goes on from there
EOF
}

sh scripts/install.sh
sh scripts/build.sh
sh scripts/images.sh
missing=
start
set -a
. "$GANTRY_HOME/env"
set +a
if [ -z "${EMPTY:-}" ]; then
  pool
  example
  show_answers
fi
next
