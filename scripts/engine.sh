#!/bin/sh
# Starts the Docker engine if none answers: through systemd where that runs, else by itself.
# One that answers is left alone, whatever its version.
set -eu
. "$(dirname "$0")/settings.sh"

LOG=/var/log/dockerd.log

# An engine that was killed leaves its pid file, and the next one would refuse to start because of it.
start() {
  say "starting the Docker engine"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
    return
  fi
  pid=$(cat /run/docker.pid 2>/dev/null || true)
  [ -z "$pid" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ] || return 0
  rm -f /run/docker.pid /run/docker/containerd/containerd.pid
  setsid nohup dockerd >>$LOG 2>&1 </dev/null &
}

docker info >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] || fail "no Docker engine answers, and this is not root" "start it ('systemctl start docker'), or run this as root"
start
# Leftovers of a crash can keep it busy for ten seconds and more.
for _ in $(seq 1 300); do
  docker info >/dev/null 2>&1 && exit 0
  sleep 0.2
done
tail -40 $LOG >&2 2>/dev/null || true
fail "the Docker engine did not answer within 60 s" "look at $LOG or 'journalctl -u docker'"
