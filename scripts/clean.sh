#!/bin/sh
# Removes what carries this cluster's label (containers, networks, volumes) and the operator's folder.
set -eu
. "$(dirname "$0")/settings.sh"

docker info >/dev/null 2>&1 || sh scripts/engine.sh

# First the one that would make machines anew.
provisioner=$(containers label=com.docker.compose.service=provisioner)
[ -z "$provisioner" ] || docker rm -f "$provisioner" >/dev/null

say "removing containers, networks and volumes of $COMPOSE_PROJECT_NAME"
# With -v: volumes without a name go with their container.
containers | xargs -r docker rm -f -v >/dev/null
docker network ls -q --filter "label=$CLUSTER_LABEL" | xargs -r docker network rm >/dev/null
docker volume ls -q --filter "label=$CLUSTER_LABEL" | xargs -r docker volume rm >/dev/null

# Only a folder that init has written is the operator's folder.
if [ -e "$GANTRY_HOME/env" ]; then
  rm -rf "$GANTRY_HOME"
elif [ -d "$GANTRY_HOME" ]; then
  rmdir "$GANTRY_HOME" 2>/dev/null || say "left alone: $GANTRY_HOME has no file 'env', so it may not be Gantry's"
fi
