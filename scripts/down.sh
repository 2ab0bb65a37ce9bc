#!/bin/sh
# Stops the machines, then everything else of this system. All data stays; `make up` goes on from there.
set -eu
. "$(dirname "$0")/settings.sh"

stop() {
  running=$(docker ps -q --filter "label=$CLUSTER_LABEL" "$@")
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$running" ] || docker stop -t 15 $running >/dev/null
}

docker info >/dev/null 2>&1 || fail "no Docker engine answers" "nothing of this system runs then; 'make up' starts the engine"
# The provisioner would start again what it finds stopped.
stop --filter label=com.docker.compose.service=provisioner
say "stopping the machines of $COMPOSE_PROJECT_NAME"
stop --filter label=gantry.machine
say "stopping the services of $COMPOSE_PROJECT_NAME"
compose stop >&2
