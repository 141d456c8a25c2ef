#!/bin/sh
# Runs a Lua script against a sandbox of its own: demo.sh SCRIPT [ARGUMENT]...
set -eu

LUA=${LUA:-lua5.4}
scratch=$(mktemp -d)
: >"$scratch/out"
"$LUA" lua/etoro/sandbox/main.lua --port=0 \
  >"$scratch/out" 2>"$scratch/err" </dev/null &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

url=
for _ in $(seq 600); do
  url=$(sed -n 's/^sandbox \(http[^ ]*\).*/\1/p' "$scratch/out")
  [ -z "$url" ] || break
  kill -0 $sandbox 2>/dev/null || break
  sleep 0.1
done
if [ -z "$url" ]; then
  echo "the sandbox did not start:" >&2
  cat "$scratch/err" >&2
  exit 1
fi

ETORO_BASE_URL=$url ETORO_API_KEY=sandbox-api-key \
  ETORO_USER_KEY=sandbox-user-key "$LUA" "$@"
