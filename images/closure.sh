#!/bin/sh
# closure.sh FROM TO PROGRAM... : copies programs out of an unpacked tree together with the loader and the
# libraries they are linked to, as that tree's own loader names them.
set -eu
from=$1 to=$2
shift 2

LIBRARIES=lib/x86_64-linux-gnu
# The file, never the link to it: links in an unpacked tree may lead out of it, to the host's own.
loader=$(find "$from" -name ld-linux-x86-64.so.2 -type f | head -1)

# Static programs have no list, and need none.
linked() {
  "$loader" --verify "$1" || return 0
  "$loader" --inhibit-cache --library-path "$from/$LIBRARIES:$from/usr/$LIBRARIES" --list "$1" |
    sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'
}

mkdir -p "$to/$LIBRARIES" "$to/lib64"
cp -L "$loader" "$to/lib64/ld-linux-x86-64.so.2"
for program in "$@"; do
  mkdir -p "$to/$(dirname "$program")"
  cp -L "$from/$program" "$to/$program"
  for library in $(linked "$from/$program"); do
    [ -e "$to/$LIBRARIES/${library##*/}" ] || cp -L "$library" "$to/$LIBRARIES/"
  done
done
