#!/bin/sh
# Makes the inside of a container fit for an engine of its own, then becomes the machine's init.
# Needs CAP_SYS_ADMIN; nothing here reaches beyond this container's own mounts and cgroups.
set -eu

writable() { mount -o remount,bind,rw "$1"; }

writable /sys/fs/cgroup
writable /proc/sys || true

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  # Version 2: a group that hands controllers down must not hold processes itself, so they move to a leaf.
  mkdir -p /sys/fs/cgroup/init
  for pid in $(cat /sys/fs/cgroup/cgroup.procs); do
    echo "$pid" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
  done
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
  done
else
  # Version 1: each hierarchy is a mount of its own.
  for hierarchy in /sys/fs/cgroup/*; do
    if [ -d "$hierarchy" ] && [ ! -L "$hierarchy" ]; then writable "$hierarchy"; fi
  done
fi

# Sockets and pid files of an earlier run must not be mistaken for this one's.
mount -t tmpfs none /run

exec /gantryd machine-init "$@"
