#!/bin/sh
# Builds the static programs and leaves the CLI at bin/gantry. GANTRY_PROFILE: release (default) or dev;
# GANTRY_ALSO: what else to build, in cargo's words.
set -eu
. "$(dirname "$0")/settings.sh"

say "building ($GANTRY_PROFILE; the first time takes minutes)"
# shellcheck disable=SC2086 # each of its words is one
cargo build --profile "$GANTRY_PROFILE" --locked -p gantryd -p gantry -p hello ${GANTRY_ALSO:-} ||
  fail "the build" "look at the lines above"
mkdir -p bin
# By way of another name, so that a running bin/gantry is not written to.
cp "$BINARIES/gantry" bin/.gantry.new
mv bin/.gantry.new bin/gantry
