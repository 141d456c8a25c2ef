#ifndef ETORO_LENGINE_H
#define ETORO_LENGINE_H

#include "binding/lcompat.h"

/* Registers the type, and adds its function to the module table at the top.
   To be called when the types of clients and jobs are there. */
void letoro_open_engine(lua_State *L);

#endif
