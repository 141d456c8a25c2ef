#ifndef ETORO_LJSON_H
#define ETORO_LJSON_H

#include "binding/lcompat.h"

/* Adds its functions to the module table at the top. */
void letoro_open_json(lua_State *L);

#endif
