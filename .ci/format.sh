#!/bin/sh
# Compares C files with what clang-format makes of them. Blanks in front of
# a remark at the end of a line are ours (two, or a column of their own):
# clang-format has no such option for /* */.
set -eu

want=$(mktemp)
trap 'rm -f "$want"' EXIT

squeeze() {
  sed 's|\([^ ]\)  */\*|\1 /*|' "$1"
}

wrong=0
for file in "$@"; do
  clang-format "$file" >"$want"
  squeeze "$want" >"$want.2" && mv "$want.2" "$want"
  squeeze "$file" | diff -u --label "$file" --label "$file, formatted" \
    - "$want" || wrong=1
done
exit $wrong
