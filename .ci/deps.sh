#!/bin/sh
# Installs the Debian packages that are missing for the sets named as
# arguments (run, test, lint, bench, debian), as root or through sudo. Does
# nothing, and needs neither network nor rights, when all are there.
set -eu

run='gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev lua-cjson
  libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev
  zlib1g-dev libbrotli-dev libwslay-dev libmicrohttpd-dev lua-argparse
  ca-certificates tzdata'
test='lua-busted lua-cqueues lua-luv lua-socket luarocks nginx openssl
  lua-check locales python3-websockets'
lint='clang clang-format cppcheck libclang-rt-dev|libclang-rt-14-dev valgrind'
bench='lua-luv lua-socket nginx openssl util-linux valgrind'
debian='debootstrap debian-archive-keyring'

wanted=
for arg in "$@"; do
  case $arg in
    run) wanted="$wanted $run" ;;
    test) wanted="$wanted $test" ;;
    lint) wanted="$wanted $lint" ;;
    bench) wanted="$wanted $bench" ;;
    debian) wanted="$wanted $debian" ;;
    *) echo "deps.sh: unknown set '$arg'" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  for tool in cc pkg-config; do
    command -v "$tool" >/dev/null || echo "please install: $tool" >&2
  done
  pkg-config --exists libcurl ||
    echo "please install: the development files of libcurl" >&2
  echo "not a Debian system: nothing installed; README.md lists packages" >&2
  exit 0
fi

is_installed() {
  case $(dpkg-query -W -f='${db:Status-Abbrev}\n' "$1" 2>/dev/null) in
    *ii*) return 0 ;;
  esac
  return 1
}

# "a|b" is satisfied by either; a is what gets installed
missing=
for entry in $wanted; do
  found=no
  for package in $(echo "$entry" | tr '|' ' '); do
    if is_installed "$package"; then found=yes; fi
  done
  [ $found = yes ] || missing="$missing ${entry%%|*}"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "missing packages, and neither root nor sudo; run as root:" >&2
    echo "  apt-get update && apt-get install$missing" >&2
    exit 1
  fi
  as_root='sudo'
fi
echo "installing${as_root:+ through sudo}:$missing"

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Dpkg::Use-Pty=0 "$@"
}
apt update || echo "apt-get update failed; trying with what is known" >&2
# shellcheck disable=SC2086  # one word per package
apt install --no-install-recommends $missing

# The specs start an nginx of their own; the package's service would take
# port 80 on this machine for nothing.
case $missing in
  *" nginx"*)
    if [ -d /run/systemd/system ]; then
      $as_root systemctl disable --now nginx || true
    fi ;;
esac
