#ifndef ETORO_LSECRET_H
#define ETORO_LSECRET_H

#include "binding/lcompat.h"
#include "core/bytes/secret.h"

/* Registers the type, and adds its functions to the module table at the
   top. */
void letoro_open_secret(lua_State *L);

/* Pushes a secret that holds nothing yet; the caller fills the place that it
   gives, or leaves it. */
struct etoro_secret **letoro_bare_secret(lua_State *L);

/* The secret at index, or NULL when there is another kind of value. */
struct etoro_secret *letoro_to_secret(lua_State *L, int index);

#endif
