# Names, ports and folders of this system, for every script: what the environment says, else `.env`
# (which compose reads too), else the default. Sourced, never run; what is done with them is the scripts' own.

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"

say() { printf '==> %s\n' "$*" >&2; }

# What happened and why, then what to do about it.
fail() {
  printf 'failed: %s\n' "$1" >&2
  printf '  to do: %s\n' "$2" >&2
  exit 1
}

if [ -f .env ]; then
  while IFS='=' read -r name value || [ -n "$name" ]; do
    case $name in '' | *[!A-Za-z0-9_]*) continue ;; esac
    eval "[ -n \"\${$name+set}\" ]" || export "$name=$value"
  done <.env
fi

# The cluster's id: it stands in the name or label of everything that Gantry makes.
export COMPOSE_PROJECT_NAME="${COMPOSE_PROJECT_NAME:-gantry}"
case $COMPOSE_PROJECT_NAME in
  [!a-z0-9]* | *[!a-z0-9_-]*)
    fail "COMPOSE_PROJECT_NAME is '$COMPOSE_PROJECT_NAME'" "use a-z, 0-9, - and _ only, a letter or digit first" ;;
esac
CLUSTER_LABEL="gantry.cluster=$COMPOSE_PROJECT_NAME"

export GANTRY_API_PORT="${GANTRY_API_PORT:-7070}"
export GANTRY_HTTP_PORT="${GANTRY_HTTP_PORT:-8080}"
export GANTRY_HTTPS_PORT="${GANTRY_HTTPS_PORT:-8443}"
export GANTRY_NATS_PORT="${GANTRY_NATS_PORT:-4222}"
export GANTRY_REGISTRY_PORT="${GANTRY_REGISTRY_PORT:-5000}"

# The operator's folder belongs to whoever called, also through sudo.
GANTRY_HOME="${GANTRY_HOME:-.gantry}"
case $GANTRY_HOME in /*) ;; *) GANTRY_HOME="$ROOT/${GANTRY_HOME#./}" ;; esac
export GANTRY_HOME
export GANTRY_UID="${GANTRY_UID:-${SUDO_UID:-$(id -u)}}"
export GANTRY_GID="${GANTRY_GID:-${SUDO_GID:-$(id -g)}}"

# Where rustup puts it, for a shell that has not been told.
command -v cargo >/dev/null 2>&1 || PATH="$PATH:$HOME/.cargo/bin"

# Downloads and outputs live outside the clone, so that every clone shares them.
GANTRY_CACHE="${GANTRY_CACHE:-$HOME/.cache/gantry}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$GANTRY_CACHE/target}"
NATS_SERVER="$GANTRY_CACHE/nats/nats-server"
GANTRY_PROFILE="${GANTRY_PROFILE:-release}"
case $GANTRY_PROFILE in dev) OUTPUT=debug ;; *) OUTPUT=$GANTRY_PROFILE ;; esac
BINARIES="$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/$OUTPUT"

# Compose as a plugin of docker (v2), or the program of its own that came before (1.29).
compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

# Containers of this cluster, running or not; further filters as `--filter` wants them.
containers() {
  filters="--filter label=$CLUSTER_LABEL"
  for filter in "$@"; do filters="$filters --filter $filter"; done
  # shellcheck disable=SC2086 # each filter is a word of its own
  docker ps -aq $filters
}
