#ifndef ETORO_LJSON_H
#define ETORO_LJSON_H

#include "binding/lcompat.h"

struct etoro_job;

/* Registers the types, and adds its functions to the module table at the
   top. */
void letoro_open_json(lua_State *L);

/* Scans the reply of a job that is done, masks what it repeats of the
   request's secrets, and pushes text, secrets or nil, needs_restore: 3; or the
   failure of letoro_fail. */
int letoro_scan_reply(lua_State *L, struct etoro_job *j);

#endif
