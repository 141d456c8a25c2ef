#!/bin/sh
# fuzz.sh PROGRAM SECONDS: runs a libFuzzer target, quietly while all is well.
# Inputs to start from: spec/fuzz/corpus/NAME, when there is such a folder.
set -eu

program=$1
seconds=$2
name=$(basename "$program")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/new"

set -- "$scratch/new"
if [ -d "spec/fuzz/corpus/$name" ]; then
  set -- "$@" "spec/fuzz/corpus/$name"
fi
echo "fuzzing $name for $seconds s"
if "$program" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
  -artifact_prefix="$program-" "$@" >"$scratch/log" 2>&1; then
  grep '^Done ' "$scratch/log"
else
  tail -50 "$scratch/log"
  exit 1
fi
