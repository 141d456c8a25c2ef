#ifndef ETORO_LREPLY_H
#define ETORO_LREPLY_H

#include "binding/lcompat.h"

struct etoro_job;

/* Adds its functions to the module table at the top. */
void letoro_open_reply(lua_State *L);

/* Decodes the reply of a job that is done; what it repeats of the request's
   secrets is overwritten, where it stands under no secret's name. Pushes the
   value, or nil and why it is no JSON; gives how many. The reply must stay
   while this runs. */
int letoro_decode_reply(lua_State *L, const struct etoro_job *j,
                        int keep_null);

/* Pushes the reply's first bytes, at most most, as they may be shown. */
void letoro_push_shown(lua_State *L, const struct etoro_job *j, size_t most);

#endif
