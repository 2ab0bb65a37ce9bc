#!/bin/sh
# base.sh PACKAGES: makes, once for all copies of the system, the image that a simulated machine builds on, and
# prints its name. It is made of Debian's unpacked packages wherever the host's own Docker came from: engine,
# container runtime, packet filter, a docker client for looking in, busybox for the rest.
set -eu
cd "$(dirname "$0")/../.."

CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
from=$1
versions=$(printf '%s' "$from" | cat - images/machine/base.sh images/closure.sh $CERTIFICATES | sha256sum | cut -c1-16)
image="gantry/machine-base:$versions"

# Where a program lies differs between releases of Debian. Links that lead out of the tree are of no use.
where() { (cd "$from" && find . -name "$1" -path '*bin/*' ! -lname '/*' | head -1 | cut -c3-); }

programs() {
  # shellcheck disable=SC2046 # a list of paths
  sh images/closure.sh "$from" "$root" $(for program in dockerd docker docker-proxy docker-init \
    containerd containerd-shim-runc-v2 runc xtables-nft-multi ip busybox; do where "$program"; done)
}

# The packet filter is one program of many names, and loads its matches from a folder.
packet_filter() {
  mkdir -p "$root/usr/lib/x86_64-linux-gnu"
  cp -r "$from/usr/lib/x86_64-linux-gnu/xtables" "$root/usr/lib/x86_64-linux-gnu/"
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s "/$(where xtables-nft-multi)" "$root/usr/sbin/$name"
  done
}

# Busybox gives the commands that nothing else gave.
busybox() {
  for applet in $("$root/$(where busybox)" --list); do
    [ -n "$(cd "$root" && find . -name "$applet" -path '*bin/*')" ] || ln -s "/$(where busybox)" "$root/bin/$applet"
  done
}

files() {
  for folder in proc sys dev run root tmp etc/ssl/certs var/lib; do mkdir -p "$root/$folder"; done
  chmod 1777 "$root/tmp"
  ln -s /run "$root/var/run"
  cp "$from/etc/protocols" "$from/etc/services" "$root/etc/"
  cp $CERTIFICATES "$root/etc/ssl/certs/"
  echo 'PRETTY_NAME="Simulated machine"' >"$root/etc/os-release"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  printf 'root:x:0:\ndocker:x:999:\n' >"$root/etc/group"
}

if ! docker image inspect "$image" >/dev/null 2>&1; then
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  chmod 755 "$root"
  programs
  packet_filter
  busybox
  files
  tar -C "$root" --owner=0 --group=0 -c . | docker import - "$image" >/dev/null
fi
printf '%s\n' "$image"
