#!/bin/sh
# Runs the Node the program is built for: the one from npm, or the system's when that is new enough.
top=$(dirname "$(dirname "$(readlink -f "$0")")")
for node in "$top"/node_modules/node-linux-*/bin/node; do
  [ -x "$node" ] && exec "$node" "$@"
done
exec node "$@"
