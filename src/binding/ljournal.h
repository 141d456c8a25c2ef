#ifndef ETORO_LJOURNAL_H
#define ETORO_LJOURNAL_H

#include "binding/lcompat.h"

struct etoro_request;

/* Registers the type. */
void letoro_open_journal(lua_State *L);

/* engine:journal(path) -> journal | nil, message, "invalid" | "closed" */
int letoro_engine_journal(lua_State *L);

/* Reads the fields journal and intent of the request at index; the table
   keeps both alive. */
void letoro_field_journal(lua_State *L, int index, struct etoro_request *r);

#endif
