#ifndef ETORO_LCONTROL_H
#define ETORO_LCONTROL_H

#include <lua.h>

/* Leaves terminal.control: sockets by which a run is spoken to. */
void letoro_push_control(lua_State *L);

#endif
