#ifndef ETORO_LTEXT_H
#define ETORO_LTEXT_H

#include "binding/lcompat.h"

/* Adds its functions to the module table at the top. */
void letoro_open_text(lua_State *L);

#endif
