#!/bin/sh
# test_debian.sh SUITE: `make demo` and `make test` of the last commit on a
# fresh Debian (bookworm, trixie or sid) that has git, make and gcc and nothing
# else, in a chroot below $BUILD/debian. The chroot stays and is refreshed by
# the next run; CLEAN=1 makes it anew. MIRROR: another than debootstrap's own.
# LIMIT: seconds after which all of it is ended.
# Exit code 0: passed; 1: did not; 2: could not be tried, and why.
set -eu

SELF=$0
SUITE=${1:-}
NAME=test-debian
PACKAGES=git,make,gcc
CHROOT=$SUITE
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-2400}

case $SUITE in
  bookworm | trixie | sid) ;;
  *)
    echo "$NAME: SUITE is '$SUITE'; say bookworm, trixie or sid" >&2
    exit 2
    ;;
esac
. .ci/chroot.sh

work() {
  rm -rf "$ROOT/root/lua-etoro"
  git clone -q --no-hardlinks . "$ROOT/root/lua-etoro"
  git --no-pager log -1 --format="$SUITE: testing %h, %s"
  [ -z "$(git status --porcelain)" ] ||
    echo "test-debian: changes that are not committed are not tested" >&2
  for goal in demo test; do
    echo "== $SUITE: make $goal"
    inside "$LIMIT" "cd /root/lua-etoro && make $goal" || {
      echo "test-debian: make $goal failed on $SUITE" >&2
      exit 1
    }
  done
}

in_chroot "$@"
