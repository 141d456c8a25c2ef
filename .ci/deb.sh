#!/bin/sh
# deb.sh: builds a Debian package for this machine's Debian into $BUILD, of what
# `make install` installs: lua-etoro_VERSION-1_ARCHITECTURE.deb. The same tree and
# the same compiler make the same bytes, wherever the tree is. Called by `make deb`,
# with BUILD, LUA, LUA_V and VERSION in the environment.
set -eu
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

REVISION=1
MAINTAINER='lua-etoro contributors <lua-etoro@users.noreply.invalid>'
ARCH=$(dpkg --print-architecture)
LIBDIR=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/lua/$LUA_V

work=$(pwd)/$BUILD/deb
root=$work/root
doc=$root/usr/share/doc/lua-etoro
rm -rf "$root" "$work/debian"
mkdir -p "$doc" "$root/DEBIAN" "$work/debian"

# the day of the version's release, or of the newest one, is the time of all files
day=$(sed -n 's/^## \[[0-9.]*\] - \([0-9-]*\)$/\1/p' CHANGELOG.md | head -1)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "${day:-1970-01-01}" +%s)}
export SOURCE_DATE_EPOCH

flag() { DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get "$1"; }

# -g0: what is said to debuggers names folders, and goes into the build id
install_files() {
  make --no-print-directory BUILD="$BUILD/deb/objects" LUA="$LUA" \
    CFLAGS="$(flag CFLAGS) $(flag CPPFLAGS) -g0" LDFLAGS="$(flag LDFLAGS)" \
    DESTDIR="$root" PREFIX=/usr INST_LIBDIR="$LIBDIR" \
    LUA_COMMAND="/usr/bin/lua$LUA_V" install
  find "$root/usr" -type f -name '*.so' -exec strip --strip-unneeded \
    --remove-section=.comment --remove-section=.note {} +
  mkdir -p "$doc/examples"
  cp -R examples/. "$doc/examples/"
  cp README.md "$doc/"
  cp -R doc "$doc/doc"
  gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
  gzip -9n "$root/usr/share/man/man1/etoro.1"
  # where Debian's zsh looks for what packages bring
  mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
}

write_papers() {
  {
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    echo 'Upstream-Name: lua-etoro'
    echo
    echo 'Files: *'
    sed -n 's/^Copyright (c) /Copyright: /p' LICENSE
    echo 'License: Expat'
    sed '1,/^Copyright/d; /./,$!d; s/^$/./; s/^/ /' LICENSE |
      sed '1{/^ \.$/d}'
  } >"$doc/copyright"
  {
    echo "lua-etoro ($VERSION-$REVISION) unstable; urgency=medium"
    printf '\n  * Package of version %s; changelog.gz says what is in it.\n\n' "$VERSION"
    echo " -- $MAINTAINER  $(date -Rd "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n >"$doc/changelog.Debian.gz"
}

# the libraries that the modules are linked with, as Debian's own packages ask for
libraries() {
  printf 'Source: lua-etoro\n\nPackage: lua-etoro\nArchitecture: any\n' \
    >"$work/debian/control"
  (cd "$work" && dpkg-shlibdeps -O "$root$LIBDIR"/etoro/*.so) |
    sed -n 's/^shlibs:Depends=//p'
}

write_control() {
  libraries=$(libraries)
  cat >"$root/DEBIAN/control" <<END
Package: lua-etoro
Version: $VERSION-$REVISION
Architecture: $ARCH
Maintainer: $MAINTAINER
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: $libraries, lua$LUA_V, lua-cjson (>= 2.1.0), lua-argparse, ca-certificates, tzdata
Section: interpreters
Priority: optional
Description: eToro public API for Lua, and the etoro command
 Drives an eToro account from Lua $LUA_V: prices, orders, positions, watchlists,
 agent-portfolios and the tokens that act for them, over libcurl. One Lua file
 is a strategy that runs over the past, in a sandbox, or with money; a sandbox
 stands in for the API where no account is wanted.
END
  (cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
}

install_files
write_papers
write_control
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -exec chmod 644 {} +
chmod 755 "$root/usr/bin/etoro"
find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
deb=$BUILD/lua-etoro_$VERSION-${REVISION}_$ARCH.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
echo "$deb"
