/* What differs between the Lua versions that the binding is built for, 5.4
   and 5.5, beyond what their headers hide. */
#ifndef ETORO_LCOMPAT_H
#define ETORO_LCOMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 504
#error "Lua 5.4 or newer is needed"
#endif

/* Lets the collector do what belongs to so many KB of new memory. */
static inline void letoro_gc_step(lua_State *L, int kb)
{
#if LUA_VERSION_NUM >= 505
  lua_gc(L, LUA_GCSTEP, (size_t)kb * 1024);
#else
  lua_gc(L, LUA_GCSTEP, kb);
#endif
}

/* Lets a collector that has just been restarted sleep until so much more is
   made; 5.5 cannot. */
static inline void letoro_gc_rest(lua_State *L, int kb)
{
#if LUA_VERSION_NUM >= 505
  (void)L;
  (void)kb;
#else
  lua_gc(L, LUA_GCSTEP, -kb);
#endif
}

#endif
