#!/bin/sh
# example.sh EXAMPLE [ARGUMENT...]: runs a Lua file, or the one of that name in
# examples/, by LUA in this checkout. A strategy - a file that returns a table - is
# run by `etoro run`. Any other that brings no sandbox of its own is given one
# where there are no keys. The profile of `etoro login` is told by ETORO_PROFILE.
set -eu

name=$1
shift
for file in "$name" "$name.lua" "examples/$name" "examples/$name.lua" \
  "examples/strategies/$name" "examples/strategies/$name.lua"; do
  [ ! -f "$file" ] || break
done
if [ ! -f "$file" ]; then
  echo "EXAMPLE is '$name'; there are" examples/*.lua examples/strategies/*.lua >&2
  exit 2
fi

if grep -Eq '^return *\{' "$file"; then
  exec "$LUA" src/command/etoro run "$file" "$@"
fi
keys=$("$LUA" -e '
  local profiles = require "etoro.client.profiles"
  local is_set = require("etoro.client.key_file").are_elsewhere()
  io.write(is_set and "set" or profiles.chosen() or "")')
if [ -n "$keys" ] && [ "$keys" != set ] && [ -z "${ETORO_ACCESS_TOKEN:-}" ]; then
  export ETORO_PROFILE="$keys"
fi
if ! grep -q 'etoro\.sandbox' "$file" &&
  [ -z "$keys${ETORO_ACCESS_TOKEN:-}${ETORO_BASE_URL:-}" ]
then
  echo "No keys are set: a sandbox on this machine answers." >&2
  exec sh spec/support/demo.sh "$file" "$@"
fi
exec "$LUA" "$file" "$@"
