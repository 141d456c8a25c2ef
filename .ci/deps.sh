#!/bin/sh
# Installs the Debian packages that are missing for the sets named as
# arguments (run, test, lint, deb, packages, site, page, judge, bench, debian), as root or through sudo. Does
# nothing, and needs neither network nor rights, when all are there.
set -eu

run='gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev lua-cjson
  libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev
  zlib1g-dev libbrotli-dev libwslay-dev libmicrohttpd-dev lua-argparse
  ca-certificates tzdata'
test='lua-busted lua-cqueues lua-luv lua-socket luarocks nginx openssl
  lua-check locales python3-websockets tmux zsh fish dpkg-dev
  prosody lighttpd lighttpd-modules-lua lua-copas neovim valgrind'
lint='clang clang-format cppcheck libclang-rt-dev|libclang-rt-14-dev valgrind'
bench='lua-luv lua-socket nginx openssl util-linux valgrind'
deb='dpkg-dev'
packages='dpkg-dev lintian'
site='pandoc'
# to look at the page of a backtest
page='chromium python3-websockets'
debian='debootstrap debian-archive-keyring'

wanted=
for arg in "$@"; do
  case $arg in
    run) wanted="$wanted $run" ;;
    test) wanted="$wanted $test" ;;
    lint) wanted="$wanted $lint" ;;
    page) wanted="$wanted $page" ;;
    # Debian's npm and the nodejs of others exclude each other
    deb) wanted="$wanted $deb" ;;
    site) wanted="$wanted $site" ;;
    packages) wanted="$wanted $packages" ;;
    judge) command -v npm >/dev/null || wanted="$wanted nodejs npm" ;;
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

# The specs start servers of their own; those of the packages would take ports
# of this machine for nothing, at once and at each start of it.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap '$as_root rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod 755 $policy
fi
# shellcheck disable=SC2086  # one word per package
apt install --no-install-recommends $missing
if [ -d /run/systemd/system ]; then
  for service in nginx prosody lighttpd; do
    case " $missing " in
      *" $service "*) $as_root systemctl disable --now $service || true ;;
    esac
  done
fi
