#ifndef ETORO_LSUBMIT_H
#define ETORO_LSUBMIT_H

#include "binding/lcompat.h"

/* Gives engines their method submit. To be called when the types of engines,
   clients and jobs are there. */
void letoro_open_submit(lua_State *L);

#endif
