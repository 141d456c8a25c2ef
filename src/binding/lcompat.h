/* What differs between the Lua versions that the binding may meet. Written
   for 5.4; 5.3 reads it too. */
#ifndef ETORO_LCOMPAT_H
#define ETORO_LCOMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 503
#error "Lua 5.3 or newer is needed: ids are 64-bit integers"
#elif LUA_VERSION_NUM == 503
/* one user value is all that 5.3 has, and all that the binding uses */
#define lua_newuserdatauv(L, size, n) lua_newuserdata(L, size)
#define lua_setiuservalue(L, index, n) (lua_setuservalue(L, index), 1)
#define lua_getiuservalue(L, index, n) lua_getuservalue(L, index)
#endif

#endif
