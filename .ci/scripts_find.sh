#!/bin/sh
# scripts_find.sh LUA VERSION PREFIX: says what a script of one's own needs to find what
# was installed below PREFIX, where Lua does not look there by itself. (The command needs
# nothing.) The paths are for a shell to read, whatever is in them.
set -eu

lua=$1
version=$2
mkdir -p "$3"
prefix=$(cd "$3" && pwd)
found=$(cd / && env -u LUA_PATH -u LUA_CPATH -u "LUA_PATH_$(echo "$version" | tr . _)" \
  "$lua" -e 'print(package.searchpath("etoro.values.version", package.path))' \
  2>/dev/null | head -1) || true
[ "$found" != "$prefix/share/lua/$version/etoro/values/version.lua" ] || exit 0

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

share=$prefix/share/lua/$version
echo "scripts of your own find it after"
echo "  export LUA_PATH=$(quoted "$share/?.lua;$share/?/init.lua;;")"
echo "  export LUA_CPATH=$(quoted "$prefix/lib/lua/$version/?.so;;")"
