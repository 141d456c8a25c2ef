#!/bin/sh
# each.sh FILES COMMAND [ARGUMENT...]: runs COMMAND ARGUMENT... with one spec
# file after the other, as many at a time as there are processors (JOBS, at
# most 8), in processes of their own. FILES: spec files, or directories of
# them. Tells of each file how many of its tests passed and how many seconds of a
# processor it took, and shows what those write that fail; the last line counts
# the tests of all. Fails if one does. WITH and WITHOUT: tags that COMMAND asks for
# and leaves out; files that have none, or nothing else, are left out here already.
set -eu

files=$1
shift
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
[ "$jobs" -le 8 ] || jobs=8
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export scratch

is_left_out() {
  if [ -n "${WITH:-}" ] && ! grep -q "#$WITH" "$1"; then return 0; fi
  [ -n "${WITHOUT:-}" ] && grep -q '^describe' "$1" && ! grep -q '^for ' "$1" &&
    ! grep '^describe' "$1" | grep -qv "#$WITHOUT"
}

# What takes longest first: files with specs that are slow by what they do, then
# long ones.
# shellcheck disable=SC2086
in_order() {
  find $files -name '*_spec.lua' -exec ls -S {} + | while read -r file; do
    if is_left_out "$file"; then continue; fi
    if grep -q '#slow\|#long"' "$file"; then echo "0 $file"; else echo "1 $file"; fi
  done | sort -s -k 1,1 | cut -c 3-
}

status=0
# shellcheck disable=SC2016
in_order |
  xargs -r -P "$jobs" -n 1 sh -c '
    log=$(mktemp "$scratch/XXXXXX")
    code=0
    "$@" >"$log" 2>&1 || code=$?
    for file; do :; done
    # children: the last line, "0m1.23s 0m0.45s"
    times >"$log.times"
    spent=$(tail -1 "$log.times" | sed "s/[ms]/ /g" |
      awk "{ printf \"%.0f\", 60 * (\$1 + \$3) + \$2 + \$4 }")
    count=$(grep -E "^[0-9]+ passed, [0-9]+ failed$" "$log" | tail -1)
    # a file that ends without a count, or fails beside its tests, is a fault
    case $code,$count in
    0,*" passed, 0 failed") ;;
    *", 0 failed" | *,) count="${count%% *}"; count="${count:-0} passed, 1 failed" ;;
    esac
    echo "$count" >"$log.count"
    if [ "$code" -ne 0 ]; then
      { echo "== $file"; cat "$log"; } >"$log.told"
      cat "$log.told"
      exit 1
    fi
    echo "${count%,*}  $file ($spent s)"
  ' each "$@" || status=1

[ -n "$(find "$scratch" -name '*.count')" ] || {
  echo "no specs are left to run in $files" >&2
  exit 1
}
cat "$scratch"/*.count | awk '
  { passed += $1; failed += $3 }
  END { print passed + 0 " passed, " failed + 0 " failed" }'
exit $status
