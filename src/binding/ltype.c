/* The ground that all parts of etoro.core stand on: their types, the userdata
   that a method is called on, and how a failure is handed to Lua. */
#include "binding/ltype.h"

#include "core/status.h"

void letoro_type(lua_State *L, const char *name, const luaL_Reg *methods,
                 const luaL_Reg *metamethods)
{
  luaL_newmetatable(L, name);
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, metamethods, 1);
  lua_newtable(L);
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index");
  /* getmetatable must not hand out __gc: called twice, or on something else,
     it would free what is in use. */
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void *letoro_self(lua_State *L, const char *name)
{
  /* The metatable is an upvalue of its methods: one comparison instead of a
     look-up by name for each call. */
  if (lua_getmetatable(L, 1)) {
    int is_own = lua_topointer(L, -1) == lua_topointer(L, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (is_own)
      return lua_touserdata(L, 1);
  }
  return luaL_checkudata(L, 1, name);
}

static const char *sentence(int status)
{
  switch (status) {
  case ETORO_ETOOBIG:
    return "too large";
  case ETORO_ERANDOM:
    return "the system gave no random bytes";
  case ETORO_EIO:
    return "cannot be read";
  case ETORO_ECURL:
    return "libcurl refused the request";
  case ETORO_ECLOSED:
    return "closed";
  default:
    return "not acceptable";
  }
}

int letoro_fail(lua_State *L, int status, const char *why)
{
  /* Lack of memory raises, as Lua's own does; all else is a value that the
     caller handles. Whoever calls this holds nothing that no userdata owns. */
  if (status == ETORO_ENOMEM)
    return luaL_error(L, "not enough memory");
  lua_pushnil(L);
  lua_pushstring(L, why ? why : sentence(status));
  lua_pushstring(L, status == ETORO_ECLOSED ? "closed" : "invalid");
  return 3;
}

struct letoro_engine *letoro_check_engine(lua_State *L)
{
  struct letoro_engine *u = letoro_self(L, LETORO_ENGINE_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the engine is closed");
  return u;
}
