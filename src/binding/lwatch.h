#ifndef ETORO_LWATCH_H
#define ETORO_LWATCH_H

#include "binding/lcompat.h"

/* Adds what calls functions under a hook to the module table at the top. */
void letoro_open_watch(lua_State *L);

#endif
