#!/bin/sh
# test_debian.sh SUITE: `make demo` and `make test` of the last commit on a
# fresh Debian (bookworm, trixie or sid) that has git, make and gcc and nothing
# else, in a chroot below $BUILD/debian. The chroot stays and is refreshed by
# the next run; CLEAN=1 makes it anew. MIRROR: another than debootstrap's own.
# LIMIT: seconds after which all of it is ended.
# Exit code 0: passed; 1: did not; 2: could not be tried, and why.
#
# All work is done in a mount and process namespace of its own: whichever way
# it ends, no mount and no process is left.
set -eu

PACKAGES=git,make,gcc
SELF=$0
SUITE=${1:-}
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-2400}

give_up() {
  echo "test-debian: $*" >&2
  exit 2
}

case $SUITE in
  bookworm | trixie | sid) ;;
  *) give_up "SUITE is '$SUITE'; say bookworm, trixie or sid" ;;
esac

mkdir -p "$BUILD/debian"
HOME_OF_ALL=$(cd "$BUILD/debian" && pwd)
ROOT=$HOME_OF_ALL/$SUITE
LOG=$HOME_OF_ALL/$SUITE.log

check_rights() {
  case $HOME_OF_ALL in
    *[[:space:]]*) give_up "debootstrap takes no path with blanks;" \
      "BUILD=/another/folder" ;;
  esac
  [ "$(id -u)" -eq 0 ] || give_up "needs root, for a chroot and its mounts:" \
    "sudo make test-debian SUITE=$SUITE"
  sh .ci/deps.sh debian || give_up "debootstrap could not be installed"
  for tool in debootstrap unshare setpriv flock git; do
    command -v $tool >/dev/null || give_up "please install: $tool"
  done
  unshare --mount --pid --fork --mount-proc true 2>/dev/null ||
    give_up "root may not mount here (a container without CAP_SYS_ADMIN?)"
  [ -e "/usr/share/debootstrap/scripts/$SUITE" ] ||
    give_up "this debootstrap does not know $SUITE; a newer one does"
}

# rm never goes through a mount: none is there in this namespace that is not
# the machine's own, and one of those ends the run.
remove() {
  if grep -q " $1\(/[^ ]*\)\? " /proc/self/mountinfo; then
    give_up "something is mounted below $1; please unmount it"
  fi
  rm -rf --one-file-system "$1"
}

inside() {
  # a host's proxy is the fresh machine's as well; nothing else is
  timeout -k 10 "$1" chroot "$ROOT" env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} \
    sh -c "$2" </dev/null
}

make_chroot() {
  remove "$ROOT"
  remove "$ROOT.new"
  echo "making $ROOT"
  if ! timeout -k 10 1200 debootstrap --variant=minbase \
    --include=$PACKAGES "$SUITE" "$ROOT.new" ${MIRROR:+"$MIRROR"} \
    >"$LOG" 2>&1 </dev/null; then
    tail -5 "$LOG" >&2
    give_up "debootstrap failed; $LOG has more"
  fi
  umount -R "$ROOT.new/proc" "$ROOT.new/sys" 2>/dev/null || true
  mv "$ROOT.new" "$ROOT"
}

refresh_chroot() {
  echo "refreshing $ROOT"
  inside 1200 'dpkg --configure -a && apt-get -q update &&
    apt-get -q -y dist-upgrade' \
    >"$LOG" 2>&1 || {
    tail -5 "$LOG" >&2
    give_up "the packages could not be renewed ($LOG); CLEAN=1 makes all anew"
  }
}

# What a machine has and debootstrap does not make. Packages that bring a
# service do not start it; a mirror that lags behind will do.
settle() {
  cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf" 2>/dev/null || true
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$ROOT/etc/hosts"
  printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
  chmod 755 "$ROOT/usr/sbin/policy-rc.d"
  echo 'Acquire::Check-Valid-Until "false";' \
    >"$ROOT/etc/apt/apt.conf.d/90test-debian"
  mount -t proc proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
}

# Runs as the first process of its namespaces.
work() {
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mount --make-rprivate /
  if [ -n "${CLEAN:-}" ] || [ ! -d "$ROOT" ]; then
    make_chroot
    settle
  else
    settle
    refresh_chroot
  fi
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

if [ "${2:-}" = --inside ]; then
  work
  exit 0
fi

check_rights
exec 9>"$ROOT.lock"
flock -n 9 || give_up "another run has $ROOT"
setpriv --pdeathsig KILL \
  unshare --mount --pid --fork --mount-proc --kill-child \
  timeout --foreground -k 10 "$LIMIT" sh "$SELF" "$SUITE" --inside &
child=$!
trap 'kill -KILL $child 2>/dev/null; exit 130' INT TERM HUP
status=0
wait $child || status=$?
[ $status -ne 124 ] && [ $status -ne 137 ] ||
  echo "test-debian: not over after $LIMIT s" >&2
exit $status
