#!/bin/sh
# Builds the static programs and leaves the CLI at bin/gantry. GANTRY_PROFILE: release (default) or dev.
set -eu
. "$(dirname "$0")/settings.sh"

say "building ($GANTRY_PROFILE; the first time takes minutes)"
cargo build --profile "$GANTRY_PROFILE" --locked -p gantryd -p gantry -p hello ||
  fail "the build" "look at the lines above"
mkdir -p bin
# By way of another name, so that a running bin/gantry is not written to.
cp "$BINARIES/gantry" bin/.gantry.new
mv bin/.gantry.new bin/gantry
