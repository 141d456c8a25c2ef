#ifndef ETORO_LMARKET_H
#define ETORO_LMARKET_H

#include "binding/lcompat.h"

/* Registers the type, and adds its functions to the module table at the
   top. */
void letoro_open_market(lua_State *L);

#endif
