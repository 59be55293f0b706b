#!/bin/sh
# worker-build knows one nightly, "+nightly", whatever that is on the day. Put first on its PATH under the
# names cargo, rustc and rustup, this script makes it the pinned one (LENSLET_NIGHTLY) and steps aside.
set -eu
PATH=$LENSLET_PATH
export PATH
first=yes
for argument; do
  [ -n "$first" ] && set -- && first=
  case $argument in
    +nightly) argument=+$LENSLET_NIGHTLY ;;
    nightly) argument=$LENSLET_NIGHTLY ;;
  esac
  set -- "$@" "$argument"
done
exec "$(basename "$0")" "$@"
