/* Fields of option tables. Each may raise, and leaves the stack as it was
   unless its comment says otherwise. */
#include "binding/lfields.h"

#include <string.h>

#include "binding/lsecret.h"

int letoro_field_flag(lua_State *L, int index, const char *name)
{
  int flag;
  lua_getfield(L, index, name);
  flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

double letoro_field_number(lua_State *L, int index, const char *name,
                           double otherwise)
{
  double v;
  lua_getfield(L, index, name);
  v = luaL_optnumber(L, -1, otherwise);
  lua_pop(L, 1);
  return v;
}

/* A string of a table's field; the table keeps it alive. NULL for nil. */
const char *letoro_field_text(lua_State *L, int index, const char *name,
                              size_t *n)
{
  const char *text = NULL;
  size_t len = 0;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    luaL_checktype(L, -1, LUA_TSTRING);
    text = lua_tolstring(L, -1, &len);
    if (!n && strlen(text) != len)
      luaL_error(L, "%s holds a zero byte", name);
  }
  lua_pop(L, 1);
  if (n)
    *n = len;
  return text;
}

/* The strings of a list at a positive index; the list keeps them alive. */
size_t letoro_strings(lua_State *L, int index, const char *name,
                      const char **out, size_t most)
{
  size_t i, n;
  luaL_checktype(L, index, LUA_TTABLE);
  n = (size_t)lua_rawlen(L, index);
  if (n > most)
    luaL_error(L, "too many %s", name);
  for (i = 0; i < n; i++) {
    size_t len;
    lua_rawgeti(L, index, (lua_Integer)i + 1);
    luaL_checktype(L, -1, LUA_TSTRING);
    out[i] = lua_tolstring(L, -1, &len);
    if (strlen(out[i]) != len)
      luaL_error(L, "%s holds a zero byte", name);
    lua_pop(L, 1);
  }
  return n;
}

/* The strings of a list field; the list keeps them alive. */
size_t letoro_field_list(lua_State *L, int index, const char *name,
                         const char **out, size_t most)
{
  size_t n = 0;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1))
    n = letoro_strings(L, lua_gettop(L), name, out, most);
  lua_pop(L, 1);
  return n;
}

/* A secret option: a sealed secret or a string. What a string makes is held
   by a userdata on the stack until the call returns. */
struct etoro_secret *letoro_field_secret(lua_State *L, int index,
                                         const char *name)
{
  struct etoro_secret *s;
  size_t n;
  const char *text;
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1))
    return NULL;
  s = letoro_to_secret(L, -1);
  if (s)
    return s;
  text = luaL_checklstring(L, -1, &n);
  if (etoro_secret_new(letoro_bare_secret(L), text, n))
    luaL_error(L, "not enough memory");
  return letoro_to_secret(L, -1);
}

void letoro_set_text(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

void letoro_set_number(lua_State *L, const char *name, double v)
{
  lua_pushnumber(L, v);
  lua_setfield(L, -2, name);
}

void letoro_set_integer(lua_State *L, const char *name, lua_Integer v)
{
  lua_pushinteger(L, v);
  lua_setfield(L, -2, name);
}
