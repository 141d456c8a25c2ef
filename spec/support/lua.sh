#!/bin/sh
# The Lua under test, for commands of a shell: with a sanitizer in front of it
# where there is one, as process.lua does for those that it starts itself.
exec env ${SPEC_PRELOAD:+"LD_PRELOAD=$SPEC_PRELOAD"} "${LUA:-lua5.4}" "$@"
