#!/bin/sh
# chroot.sh ROOT: `make bench` of this tree in the Debian below ROOT, which has
# the packages of `make bench` already (make test-debian makes such a machine).
# For the rows over HTTP/1.1: the libcurl of Debian 12 makes a new handle for
# each of its answers, newer ones keep it. BENCH_ONLY and the like hold there,
# too. Needs root; leaves no mount, no process and no file.
set -eu

ROOT=${1:?"chroot.sh ROOT: the folder of a Debian"}
PLACE=home/bench.$$
SELF=$0

# Runs as the first process of its namespaces, which end with it.
if [ "${2:-}" = --inside ]; then
  PLACE=$3
  mount --make-rprivate /
  mount -t proc proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
  exec chroot "$ROOT" env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${BENCH_ONLY:+"BENCH_ONLY=$BENCH_ONLY"} \
    ${BENCH_ROUNDS:+"BENCH_ROUNDS=$BENCH_ROUNDS"} \
    ${BENCH_REQUESTS:+"BENCH_REQUESTS=$BENCH_REQUESTS"} \
    make -s -C "/$PLACE" run-bench
fi

[ "$(id -u)" -eq 0 ] || {
  echo "chroot.sh: needs root, for a chroot and its mounts" >&2
  exit 2
}

trap 'rm -rf --one-file-system "${ROOT:?}/$PLACE"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$ROOT/$PLACE"
git ls-files -z | tar --null -T - -cf - | tar -C "$ROOT/$PLACE" -xf -
unshare --mount --pid --fork --kill-child sh "$SELF" "$ROOT" --inside "$PLACE"
