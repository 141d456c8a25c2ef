#ifndef ETORO_LCLIENT_H
#define ETORO_LCLIENT_H

#include "binding/ltype.h"

#define LETORO_CLIENT_TYPE "etoro.core.Client"

struct etoro_client;

struct letoro_client {
  struct etoro_client *core;    /* one holder; NULL before new */
  struct letoro_engine *engine; /* kept alive by the user value */
};

/* Registers the type. */
void letoro_open_client(lua_State *L);

/* engine:client(options) -> client | nil, message, "invalid" */
int letoro_engine_client(lua_State *L);

#endif
