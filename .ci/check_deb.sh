#!/bin/sh
# check_deb.sh DEB SUITE: installs a package that `make deb` has built on a Debian of
# that suite with nothing but what each has, in a chroot below $BUILD/debian; tries
# the command and the module as a user of that machine would, and takes it away again.
# The chroot is kept as test_debian.sh keeps its own.
# Exit code 0: all well; 1: not; 2: could not be tried, and why.
set -eu

SELF=$0
DEB=$1
SUITE=$2
NAME=check-deb
PACKAGES=
CHROOT=$SUITE-bare
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-900}
. .ci/chroot.sh

# Runs in the chroot as root; what is tried is tried by somebody who is not.
# shellcheck disable=SC2016
TRIAL='
  set -eu
  cd /tmp
  cat >try.sh <<"END"
  set -eu
  export HOME=/tmp/user
  mkdir -p "$HOME"
  cd "$HOME"
  etoro --help >help.txt
  grep -q "^Usage: etoro" help.txt
  lua@ -e "print(require(\"etoro\")._VERSION)"
  etoro sandbox --port 8765 >sandbox.txt 2>&1 &
  trap "kill $!" EXIT
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -q "^sandbox http" sandbox.txt && break
    sleep 1
  done
  export ETORO_BASE_URL=http://127.0.0.1:8765 ETORO_API_KEY=sandbox-api-key \
    ETORO_USER_KEY=sandbox-user-key
  etoro check
  etoro quote AAPL
  etoro run /usr/share/doc/lua-etoro/examples/strategies/sma_cross.lua --days 5 |
    grep "^equity"
END
  sed -i "s/lua@/$1/" try.sh
  setpriv --reuid=nobody --regid=nogroup --clear-groups sh try.sh
  rm -rf /tmp/user try.sh
'

work() {
  cp "$DEB" "$ROOT/tmp/lua-etoro.deb"
  inside 300 'apt-get -q update' >"$LOG" 2>&1 || give_up "no package lists ($LOG)"
  # what an earlier run may have left
  inside 300 'apt-get -q -y purge lua-etoro; apt-get -q -y --purge autoremove' \
    >>"$LOG" 2>&1 || true
  lua=$(dpkg-deb -f "$DEB" Depends | grep -o 'lua5\.[0-9]*' | head -1)
  echo "== $SUITE: apt-get install $(basename "$DEB")"
  inside 600 'apt-get -q -y install --no-install-recommends /tmp/lua-etoro.deb' \
    >>"$LOG" 2>&1 || {
    tail -20 "$LOG" >&2
    exit 1
  }
  inside 300 "set -- $lua; $TRIAL"
  inside 300 'apt-get -q -y purge lua-etoro' >>"$LOG" 2>&1
  left=$(inside 60 'find / -xdev -path /proc -prune -o -path "*etoro*" -print' |
    grep -v -e '^/tmp/lua-etoro.deb$' -e '^/var/') || true
  [ -z "$left" ] || {
    printf 'left behind:\n%s\n' "$left" >&2
    exit 1
  }
  echo "installed, tried, and taken away again"
}

in_chroot "$@"
