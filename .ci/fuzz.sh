#!/bin/sh
# fuzz.sh PROGRAM SECONDS: runs a libFuzzer target, quietly while all is well.
# fuzz_X starts with the words of spec/fuzz/X.dict, where that exists.
set -eu

program=$1
seconds=$2
name=$(basename "$program")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/new"

dict=spec/fuzz/${name#fuzz_}.dict
set --
if [ -f "$dict" ]; then set -- "-dict=$dict"; fi

echo "fuzzing $name for $seconds s"
if "$program" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
  -artifact_prefix="$program-" "$@" "$scratch/new" >"$scratch/log" 2>&1; then
  grep '^Done ' "$scratch/log"
else
  tail -50 "$scratch/log"
  exit 1
fi
