# Functions for scripts that work in a chroot with a Debian of its own; read by
# them with `.`. They set SELF (the script), SUITE, NAME (what messages begin with),
# PACKAGES (what debootstrap adds), CHROOT (the chroot's name below $BUILD/debian)
# and LIMIT (seconds after which all of it is ended), define work(), and call
# in_chroot "$@". MIRROR: another than debootstrap's own.
#
# All work is done in a mount and process namespace of its own: whichever way
# it ends, no mount and no process is left.

mkdir -p "$BUILD/debian"
HOME_OF_ALL=$(cd "$BUILD/debian" && pwd)
ROOT=$HOME_OF_ALL/$CHROOT
LOG=$HOME_OF_ALL/$CHROOT.log

give_up() {
  echo "$NAME: $*" >&2
  exit 2
}

check_rights() {
  case $HOME_OF_ALL in
    *[[:space:]]*) give_up "debootstrap takes no path with blanks;" \
      "BUILD=/another/folder" ;;
  esac
  [ "$(id -u)" -eq 0 ] || give_up "needs root, for a chroot and its mounts:" \
    "sudo make $NAME SUITE=$SUITE"
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

# inside SECONDS COMMANDS: in the chroot, with nothing of this environment
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
    ${PACKAGES:+"--include=$PACKAGES"} "$SUITE" "$ROOT.new" ${MIRROR:+"$MIRROR"} \
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
  [ ! -d /sys ] || mount --rbind /sys "$ROOT/sys"
  mount --rbind /dev "$ROOT/dev"
}

# A chroot that is there is refreshed; CLEAN=1 makes it anew.
prepare() {
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
}

# Runs work() of the script as the first process of namespaces of its own.
in_chroot() {
  if [ "${INSIDE:-}" = yes ]; then
    unset INSIDE
    prepare
    work "$@"
    exit 0
  fi
  check_rights
  exec 9>"$ROOT.lock"
  flock -n 9 || give_up "another run has $ROOT"
  INSIDE=yes setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --mount-proc --kill-child \
    timeout --foreground -k 10 "$LIMIT" sh "$SELF" "$@" &
  child=$!
  trap 'kill -KILL $child 2>/dev/null; exit 130' INT TERM HUP
  status=0
  wait $child || status=$?
  [ $status -ne 124 ] && [ $status -ne 137 ] ||
    echo "$NAME: not over after $LIMIT s" >&2
  exit $status
}
