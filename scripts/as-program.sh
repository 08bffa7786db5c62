#!/bin/sh
# Runs a script with the settings of the program.
top=$(dirname "$(dirname "$(readlink -f "$0")")")
. "$top/scripts/runtime.sh"
# Options are words.
# shellcheck disable=SC2086
GLIBC_TUNABLES=$malloc exec "$top/scripts/node.sh" $engine "$@"
