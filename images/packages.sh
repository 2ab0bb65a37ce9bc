#!/bin/sh
# packages.sh [PACKAGE...]: unpacks Debian packages, those that the system's images are made of unless others are
# named, with the libraries they depend on, into a folder of the cache that is named after their exact versions,
# and prints that folder. Nothing is installed.
set -eu
. "$(dirname "$0")/../scripts/settings.sh"

PACKAGES="${*:-docker.io containerd runc tini iptables iproute2 netbase docker-registry busybox-static}"

# Perl comes in through maintainer scripts only; elogind stands in for systemd's library, which is there.
libraries() {
  # shellcheck disable=SC2086 # a list of words
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $PACKAGES |
    grep -E '^lib[a-z0-9.+-]+$' | grep -Ev 'perl|^libelogind' | sort -u
}

fetch() {
  say "fetching Debian packages for the images"
  mkdir -p "$fresh/debs" "$fresh/root"
  (cd "$fresh/debs" && apt-get download -qq -o APT::Sandbox::User=root "$@" >&2) ||
    fail "downloading Debian packages" "run 'apt-get update' as root (the lists may be old), then try again"
  for deb in "$fresh"/debs/*.deb; do dpkg -x "$deb" "$fresh/root"; done
}

# shellcheck disable=SC2046,SC2086 # lists of words
set -- $PACKAGES $(libraries)
versions=$(apt-get download --print-uris "$@") ||
  fail "no package lists" "run 'apt-get update' as root, then try again"
folder="$GANTRY_CACHE/packages/$(printf '%s' "$versions" | sha256sum | cut -c1-16)"
if [ ! -d "$folder" ]; then
  fresh="$folder.$$"
  trap 'rm -rf "$fresh"' EXIT
  fetch "$@"
  # Another copy may have been quicker.
  mv -T "$fresh/root" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder"
