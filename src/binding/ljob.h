#ifndef ETORO_LJOB_H
#define ETORO_LJOB_H

#include "binding/ltype.h"

#define LETORO_JOB_TYPE "etoro.core.Job"

struct etoro_job;

struct letoro_job {
  struct etoro_job *core;       /* one holder; NULL before submit */
  struct letoro_engine *engine; /* kept alive by the user value */
  int is_submitter;             /* its collection cancels the job */
  int is_reading;               /* its reply is being read */
};

/* Registers the type. */
void letoro_open_job(lua_State *L);

/* Pushes an empty job userdata that will belong to the engine at index; its
   metatable is still to be set. */
struct letoro_job *letoro_bare_job(lua_State *L, int engine);

/* The same with the metatable, for those who do not hold it. */
struct letoro_job *letoro_new_job(lua_State *L, int engine);

/* The job at index; raises for another value. */
struct etoro_job *letoro_check_job(lua_State *L, int index);

#endif
