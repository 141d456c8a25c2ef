#!/bin/sh
# format.sh [--fix] FILE...: compares C files with what clang-format makes of
# them, or changes them. Blanks in front of a remark at the end of a line are
# ours (two, or a column of their own): clang-format has no such option for
# /* */.
set -eu

is_fixing=no
if [ "$1" = --fix ]; then
  is_fixing=yes
  shift
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

squeeze() {
  sed 's|\([^ ]\)  */\*|\1 /*|'
}

wrong=0
for file in "$@"; do
  clang-format "$file" | squeeze >"$scratch/want"
  squeeze <"$file" >"$scratch/have"
  if ! diff -u --label "$file" --label "$file, formatted" \
    "$scratch/have" "$scratch/want" >"$scratch/diff"; then
    if [ $is_fixing = yes ]; then
      patch -s -l --no-backup-if-mismatch "$file" "$scratch/diff"
    else
      cat "$scratch/diff"
      wrong=1
    fi
  fi
done
exit $wrong
