#!/bin/sh
# each.sh FILES COMMAND [ARGUMENT...]: runs COMMAND ARGUMENT... with one spec
# file after the other, as many at a time as there are processors (JOBS, at
# most 8), in processes of their own. FILES: spec files, or directories of
# them. Shows what those write that fail; fails if one does.
set -eu

files=$1
shift
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
[ "$jobs" -le 8 ] || jobs=8
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export scratch
export SPEC_LIMIT="${SPEC_LIMIT:-1200}" # seconds for one spec; these are slow

# long files first: they tend to take longest
# shellcheck disable=SC2016,SC2046,SC2086
ls -S $(find $files -name '*_spec.lua') |
  xargs -P "$jobs" -n 1 sh -c '
    log=$(mktemp "$scratch/XXXXXX")
    "$@" >"$log" 2>&1 && exit 0
    for file; do :; done
    echo "== $file"
    cat "$log"
    exit 1
  ' each "$@"
