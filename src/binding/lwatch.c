/* Calls under a hook: it costs at each instruction, so that it is in force
   only while what it watches runs. */
#include "binding/lwatch.h"

struct watch {
  lua_Hook hook;
  int mask, count;
};

static int end_watch(lua_State *L, int status, lua_KContext context)
{
  (void)context;
  lua_sethook(L, NULL, 0, 0);
  if (status == LUA_OK || status == LUA_YIELD)
    return lua_gettop(L) - 1; /* behind the handler */
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

/* watched(handler, fn, ...) -> true, results | false, what handler gave: as
   xpcall, and fn may yield */
static int watched(lua_State *L)
{
  const struct watch *own = lua_touserdata(L, lua_upvalueindex(1));
  int status, args = lua_gettop(L) - 2;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checkany(L, 2);
  lua_pushboolean(L, 1);
  lua_insert(L, 2);
  lua_sethook(L, own->hook, own->mask, own->count);
  status = lua_pcallk(L, args, LUA_MULTRET, 1, 0, end_watch);
  return end_watch(L, status, 0);
}

/* core.watched() -> function(handler, fn, ...), which calls fn under the hook
   that this thread has now, and leaves the thread without one */
static int core_watched(lua_State *L)
{
  struct watch *own = lua_newuserdatauv(L, sizeof *own, 0);
  own->hook = lua_gethook(L);
  own->mask = lua_gethookmask(L);
  own->count = lua_gethookcount(L);
  lua_pushcclosure(L, watched, 1);
  return 1;
}

static const luaL_Reg functions[] = { { "watched", core_watched },
                                      { NULL, NULL } };

void letoro_open_watch(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
