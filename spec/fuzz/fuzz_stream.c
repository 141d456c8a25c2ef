/* libFuzzer target: what must hold of a stream's messages whatever the server
   says; spec/support/stream_fuzz.lua. Runs where spec/ and lua/ are. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int luaopen_etoro_core(lua_State *L);
const char *__asan_default_options(void);

/* Lua makes and drops much; each of it remembered is a run that takes long. */
const char *__asan_default_options(void)
{
  return "quarantine_size_mb=4:malloc_context_size=2";
}

static const char start[] =
    "package.path = './?.lua;./lua/?.lua;./lua/?/init.lua;' .. package.path\n"
    "local judge = require 'spec.support.stream_fuzz'\n"
    "return function(input)\n"
    "  local ok, message = xpcall(judge, debug.traceback, input)\n"
    "  if not ok then error(message, 0) end\n"
    "end";

/* The judge is what is on its stack. */
static lua_State *open_state(void)
{
  lua_State *L = luaL_newstate();
  MUST(L != NULL);
  luaL_openlibs(L);
  luaL_requiref(L, "etoro.core", luaopen_etoro_core, 0);
  lua_settop(L, 0);
  if (luaL_dostring(L, start)) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  static lua_State *L;
  if (!L)
    L = open_state();
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, n);
  if (lua_pcall(L, 1, 0, 0)) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
