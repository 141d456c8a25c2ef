#ifndef ETORO_LSECRET_H
#define ETORO_LSECRET_H

#include "binding/lcompat.h"
#include "core/bytes/secret.h"

/* Registers the type, and adds its functions to the module table at the
   top. */
void letoro_open_secret(lua_State *L);

/* Pushes a sealed secret that takes over a holder of s when it succeeds. If
   it raises, the holder is still the caller's: so hold s in a userdata. */
void letoro_push_secret(lua_State *L, struct etoro_secret *s);

/* The secret at index, or NULL when there is another kind of value. */
struct etoro_secret *letoro_to_secret(lua_State *L, int index);

#endif
