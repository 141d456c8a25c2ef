/* What the parts of etoro.core know of each other. */
#ifndef ETORO_LCORE_H
#define ETORO_LCORE_H

#include "binding/lcompat.h"
#include "core/bytes/secret.h"

/* Each part adds its functions to the module table at the top. */
void letoro_open_client(lua_State *L);
void letoro_open_engine(lua_State *L);
void letoro_open_job(lua_State *L);
void letoro_open_json(lua_State *L);
void letoro_open_secret(lua_State *L);
void letoro_open_text(lua_State *L);

/* Makes a metatable with methods behind __index, closed to getmetatable. Each
   of the functions has it as its first upvalue, for letoro_self. */
void letoro_type(lua_State *L, const char *name, const luaL_Reg *methods,
                 const luaL_Reg *metamethods);

/* The userdata at index 1; raises for another type. In a function that
   letoro_type registered under that name it need not look the type up. */
void *letoro_self(lua_State *L, const char *name);

/* Pushes a sealed secret that takes over a holder of s when it succeeds. If
   it raises, the holder is still the caller's: so hold s in a userdata. */
void letoro_push_secret(lua_State *L, struct etoro_secret *s);

/* The secret at index, or NULL when there is another kind of value. */
struct etoro_secret *letoro_to_secret(lua_State *L, int index);

/* Gives nil, a sentence and the status for a core failure; raises when
   memory is short. */
int letoro_fail(lua_State *L, int status, const char *why);

#define LETORO_JOB_TYPE "etoro.core.Job"

struct etoro_job;
struct etoro_engine;

/* An engine in its userdata; core is NULL once it is closed. */
struct letoro_engine {
  struct etoro_engine *core;
};

/* The open engine at index 1; raises for anything else. */
struct letoro_engine *letoro_check_engine(lua_State *L);

/* Pushes an empty job userdata that will belong to the engine at index; its
   metatable is still to be set. */
struct letoro_job *letoro_bare_job(lua_State *L, int engine);

/* The same with the metatable, for those who do not hold it. */
struct letoro_job *letoro_new_job(lua_State *L, int engine);

struct letoro_job {
  struct etoro_job *core;       /* one holder; NULL before submit */
  struct letoro_engine *engine; /* kept alive by the user value */
  int is_submitter;             /* its collection cancels the job */
};

#endif
