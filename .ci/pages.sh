#!/bin/sh
# pages.sh SHARE: writes the manual's page and the completions of shells where they
# are looked for below a folder of that name. They are written from the command's
# parser, which takes lua-argparse: without it there are none.
set -eu
umask 022
out=$1
if ! "$LUA" -e 'require "argparse"' 2>/dev/null; then
  echo 'no lua-argparse: no manual, and no completions of shells'
  exit 0
fi

# one FOLDER/NAME ARGUMENT...: what the command prints
one() {
  file=$out/$1
  shift
  mkdir -p "${file%/*}"
  "$LUA" src/command/etoro "$@" >"$file.new"
  chmod 644 "$file.new"
  mv "$file.new" "$file"
}

one man/man1/etoro.1 man
one bash-completion/completions/etoro.bash completion bash
one zsh/site-functions/_etoro completion zsh
one fish/vendor_completions.d/etoro.fish completion fish
