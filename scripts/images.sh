#!/bin/sh
# Makes the images of the system from the built programs and Debian's packages. Nothing is pulled, except
# where GANTRY_NATS_IMAGE or GANTRY_REGISTRY_IMAGE names an outside image to take that program from.
set -eu
. "$(dirname "$0")/settings.sh"

work="$GANTRY_CACHE/images/$COMPOSE_PROJECT_NAME.$$"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

# Debug information is for the tests; in an image it only takes time to send.
programs() {
  for program in gantryd hello; do
    [ -e "$BINARIES/$program" ] || fail "no $BINARIES/$program" "build it first: 'make images' does"
    strip -o "$work/$program" "$BINARIES/$program"
  done
}

# A context of its own for each image, so that only what goes in is sent to the engine.
context() {
  rm -rf "$work/context"
  mkdir -p "$work/context"
  cp "$@" "$work/context/"
}

make_image() {
  image=$1
  shift
  say "image $image"
  docker build -t "$image" "$@" "$work/context" >"$work/log" 2>&1 || {
    tail -20 "$work/log" >&2
    fail "building $image" "look at the lines above; does 'docker info' show a working engine?"
  }
}

# take_from IMAGE PATH FILE: one program out of an outside image.
take_from() {
  container=$(docker create "$1") || fail "no image $1" "check its name, and that it can be pulled from here"
  docker cp "$container:$2" "$3" >/dev/null
  docker rm "$container" >/dev/null
}

gantry() {
  context images/gantry/Dockerfile "$work/gantryd" /etc/ssl/certs/ca-certificates.crt
  make_image "gantry/gantry:$COMPOSE_PROJECT_NAME"
}

nats() {
  context images/nats/Dockerfile "$NATS_SERVER"
  mkdir -p "$work/context/var/lib/nats"
  cp "$packages/bin/busybox" "$work/context/"
  [ -z "${GANTRY_NATS_IMAGE:-}" ] || take_from "$GANTRY_NATS_IMAGE" /nats-server "$work/context/nats-server"
  make_image "gantry/nats:$COMPOSE_PROJECT_NAME" --build-arg "GANTRY=gantry/gantry:$COMPOSE_PROJECT_NAME"
}

registry() {
  context images/registry/Dockerfile images/registry/config.yml
  root="$work/context/root"
  mkdir -p "$work/context/var/lib/registry" "$root/bin" "$root/usr/bin"
  sh images/closure.sh "$packages" "$root" usr/bin/docker-registry
  cp "$packages/bin/busybox" "$root/bin/"
  [ -z "${GANTRY_REGISTRY_IMAGE:-}" ] || take_from "$GANTRY_REGISTRY_IMAGE" /bin/registry "$root/usr/bin/docker-registry"
  make_image "gantry/registry:$COMPOSE_PROJECT_NAME"
}

machine() {
  base=$(sh images/machine/base.sh "$packages")
  context images/machine/Dockerfile images/machine/entry.sh "$work/gantryd"
  make_image "gantry/machine:$COMPOSE_PROJECT_NAME" --build-arg "BASE=$base"
}

hello() {
  context examples/hello/Dockerfile "$work/hello"
  make_image hello:1
}

# A bare `docker-compose up` would name the system after the folder it is in, and find no images of that name.
remember_name() {
  [ "$COMPOSE_PROJECT_NAME" = gantry ] || return 0
  grep -qs '^COMPOSE_PROJECT_NAME=' .env || echo COMPOSE_PROJECT_NAME=gantry >>.env
}

packages=$(sh images/packages.sh)
programs
gantry
nats
registry
machine
hello
remember_name
