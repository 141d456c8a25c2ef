#ifndef ETORO_LENCODE_H
#define ETORO_LENCODE_H

#include "binding/lcompat.h"

/* Adds json_write and json_written to the module table at the top, which has
   empty_list. */
void letoro_open_encode(lua_State *L);

#endif
