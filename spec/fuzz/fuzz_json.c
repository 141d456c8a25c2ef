/* libFuzzer target: the decoder of answers and its judges, a checker of RFC
   8259 and lua-cjson, are of one mind whatever the bytes are; and a secret is
   sealed and hidden whatever it is. Runs where spec/ and lua/ are. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "core/bytes/buf.h"
#include "core/json/jsonhide.h"
#include "core/status.h"

#define MAX ((size_t)1 << 26)

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int luaopen_etoro_core(lua_State *L);

static const char start[] =
    "package.path = './?.lua;./lua/?.lua;./lua/?/init.lua;' .. package.path\n"
    "local core = require 'etoro.core'\n"
    "local judge = require('spec.support.json_judge').judge\n"
    "return judge, function(text, secret)\n"
    "  local value = assert(core.decode(text))\n"
    "  assert(value.b == 2 and value.userToken:reveal() == secret)\n"
    "end";

/* The judge, and what looks at a sealed secret, at 1 and 2 of its stack. */
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

static void call(lua_State *L, int args)
{
  if (lua_pcall(L, args, 0, 0)) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
}

static void judge(lua_State *L, const uint8_t *data, size_t n, int keep_null)
{
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, n);
  lua_pushboolean(L, keep_null);
  call(L, 2);
}

static void hides(const char *json, size_t n, const char *expected)
{
  struct etoro_buf out;
  etoro_buf_init(&out, MAX);
  MUST(etoro_json_hide(&out, json, n) == ETORO_OK);
  MUST(out.len == strlen(expected) && !memcmp(out.data, expected, out.len));
  etoro_buf_free(&out);
}

/* What was hidden holds nothing more to hide. */
static void hides_at_once(const char *json, size_t n)
{
  struct etoro_buf once;
  etoro_buf_init(&once, MAX);
  MUST(etoro_json_hide(&once, json, n) == ETORO_OK);
  if (once.len && !memchr(once.data, '\0', once.len))
    hides(once.data, once.len, once.data);
  etoro_buf_free(&once);
}

/* The bytes as the secret of a whole document come back as they were, and
   nothing of them is in what is shown; the document cut short keeps that. */
static void seals(lua_State *L, const char *bytes, size_t n)
{
  static const char front[] = "{\"a\":[1],\"userToken\":\"";
  static const char after[] = "\",\"b\":2}";
  size_t i, len = sizeof front - 1, size = 6 * n + sizeof front + sizeof after;
  char *json = malloc(size);
  MUST(json != NULL);
  memcpy(json, front, len);
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (c < 0x20 || c == '"' || c == '\\')
      len += (size_t)snprintf(json + len, 7, "\\u%04x", (unsigned)c);
    else
      json[len++] = bytes[i];
  }
  hides(json,
        len - (n ? (unsigned char)bytes[0] % (len - sizeof front + 2) : 0),
        "{\"a\":[1],\"userToken\":\"****\"");
  memcpy(json + len, after, sizeof after);
  len += sizeof after - 1;
  hides(json, len, "{\"a\":[1],\"userToken\":\"****\",\"b\":2}");
  lua_pushvalue(L, 2);
  lua_pushlstring(L, json, len);
  lua_pushlstring(L, bytes, n);
  call(L, 2);
  free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  static lua_State *L;
  char *copy = malloc(n + !n);
  if (!L)
    L = open_state();
  MUST(copy != NULL);
  if (n)
    memcpy(copy, data, n);
  judge(L, data, n, 0);
  judge(L, data, n, 1);
  hides_at_once(copy, n);
  seals(L, copy, n);
  free(copy);
  return 0;
}
