rockspec_format = "3.0"
package = "etoro"
version = "0.2.0-1"
source = { url = "git+https://example.org/lua-etoro.git",
  tag = "v0.2.0" }
description = {
  summary = "Lua client for the eToro public API, over libcurl",
  detailed = [[
    Drives an eToro account from Lua: prices, orders, positions, watchlists,
    agent-portfolios and the tokens that act for them. One Lua file is a
    strategy that runs over the past, in a sandbox, or with money; a sandbox
    stands in for the API where no account is wanted. A C core does transport
    and authentication; the command `etoro` comes with it.
  ]],
  license = "MIT",
  labels = { "etoro", "trading", "http" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4, < 5.6", "lua-cjson >= 2.1.0",
  "argparse >= 0.7", -- the etoro command's
}
-- The Makefile asks pkg-config for libcurl: a plain search for its headers
-- misses the multiarch directories of Debian.
build = {
  type = "make",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_variables = {
    INST_BINDIR = "$(BINDIR)",
    INST_LIBDIR = "$(LIBDIR)",
    INST_LUADIR = "$(LUADIR)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    CFLAGS = "$(CFLAGS)",
  },
}
