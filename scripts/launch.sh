#!/bin/sh
# Starts the bundle. Tracing needs root: without it, and on a terminal where a password can be asked, through sudo with
# absolute paths, because sudo drops PATH. Commands that only read files, and runs in a pipe, start as they are.
#
# It may become root wherever it stands: nothing is looked for in the current folder, and what loads other code into the
# program, or lets it write elsewhere, stays behind.
path=
rest=$PATH:
while [ -n "$rest" ]; do
  case ${rest%%:*} in /*) path=$path${path:+:}${rest%%:*} ;; esac
  rest=${rest#*:}
done
PATH=${path:-/usr/sbin:/usr/bin:/sbin:/bin}
unset LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH GCONV_PATH OPENSSL_CONF SSLKEYLOGFILE NODE_OPTIONS NODE_PATH \
  NODE_V8_COVERAGE NODE_REDIRECT_WARNINGS NODE_DEBUG NODE_DEBUG_NATIVE NODE_EXTRA_CA_CERTS NODE_ICU_DATA
top=$(dirname "$(dirname "$(readlink -f "$0")")")
node=$(command -v node)
for candidate in "$top"/node_modules/node-linux-*/bin/node; do
  [ -x "$candidate" ] && node=$candidate
done
command=${1-} of_file=
[ "$command" = replay ] && of_file=1
for argument; do
  case $argument in
    --from | --from=*) of_file=1 ;;
  esac
done
. "$top/scripts/runtime.sh"
[ -z "$of_file" ] || engine=$engine_of_file
# The compiled bundle is kept: a third less CPU before the first frame. sudo drops NO_COLOR.
set -- env "GLIBC_TUNABLES=$malloc" "NODE_COMPILE_CACHE=$top/build/compile-cache" ${NO_COLOR:+"NO_COLOR=$NO_COLOR"} "$node" $engine "$top/dist/spydertop.mjs" "$@"

# Below these limits Node aborts, or the kernel takes no programs: a hundred and more descriptors, and what V8 reserves.
lacks() {
  # In a shell of its own: to redirect takes a descriptor to come back by, and this one holds the script.
  sh -c 'echo "$1" >&2' sh "spydertop: this shell allows $1, spydertop needs $2: $3"
  exit 1
}
files=$(ulimit -H -n) memory=$(ulimit -v)
[ "$files" = unlimited ] || [ "$files" -ge 256 ] || lacks "$files open files" 256 "as root: ulimit -n 1024 (of a unit: LimitNOFILE=)"
[ "$memory" = unlimited ] || [ "$memory" -ge 2000000 ] || lacks "$memory KiB of address space" 2000000 "ulimit -v unlimited (of a unit: LimitAS=)"

case $command in
  doctor | help | --help | -h | --version | -V) exec "$@" ;;
esac
[ -z "$of_file" ] || exec "$@"
if [ "$(id -u)" -ne 0 ] && [ -t 0 ] && [ -t 1 ] && command -v sudo >/dev/null; then
  echo "spydertop: reading kernel events needs root, starting through sudo" >&2
  exec sudo -- "$@"
fi
exec "$@"
