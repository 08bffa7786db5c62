#!/bin/sh
# Runs a script with the settings of the program: as-program.sh [--of-file] SCRIPT [ARGUMENT ...]
top=$(dirname "$(dirname "$(readlink -f "$0")")")
. "$top/scripts/runtime.sh"
if [ "${1-}" = --of-file ]; then
  shift
  engine=$engine_of_file
fi
# Options are words.
# shellcheck disable=SC2086
GLIBC_TUNABLES=$malloc exec "$top/scripts/node.sh" $engine --import "$top/scripts/as-bundled.ts" "$@"
