/* What differs between the Lua versions that the binding is built for, 5.4
   and 5.5, beyond what their headers hide. */
#ifndef ETORO_LCOMPAT_H
#define ETORO_LCOMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 504
#error "Lua 5.4 or newer is needed"
#endif

#endif
