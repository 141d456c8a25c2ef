#ifndef ETORO_LSTREAM_H
#define ETORO_LSTREAM_H

#include "binding/ltype.h"

#define LETORO_STREAM_TYPE "etoro.core.Stream"

/* Registers the type. */
void letoro_open_stream(lua_State *L);

/* engine:stream(client, options) -> stream | nil, message, kind */
int letoro_engine_stream(lua_State *L);

#endif
