#ifndef ETORO_LTYPE_H
#define ETORO_LTYPE_H

#include "binding/lcompat.h"

/* Makes a metatable with methods behind __index, closed to getmetatable. Each
   of the functions has it as its first upvalue, for letoro_self. */
void letoro_type(lua_State *L, const char *name, const luaL_Reg *methods,
                 const luaL_Reg *metamethods);

/* The userdata at index 1; raises for another type. In a function that
   letoro_type registered under that name it need not look the type up. */
void *letoro_self(lua_State *L, const char *name);

/* Gives nil, a sentence and the status for a core failure; raises when
   memory is short. */
int letoro_fail(lua_State *L, int status, const char *why);

#define LETORO_ENGINE_TYPE "etoro.core.Engine"

struct etoro_engine;

/* An engine in its userdata, which jobs and clients point to and keep alive;
   core is NULL once it is closed. */
struct letoro_engine {
  struct etoro_engine *core;
};

/* The open engine at index 1; raises for anything else. For methods of the
   type alone, see letoro_self. */
struct letoro_engine *letoro_check_engine(lua_State *L);

#endif
