#ifndef ETORO_LDECODE_H
#define ETORO_LDECODE_H

#include "binding/lcompat.h"

/* What is to be decoded. It must stay while that runs: collectors may run, and
   Lua code with them. */
struct letoro_source {
  const char *text; /* a zero byte behind it */
  size_t len;
  const char *raw; /* the same with what was masked in it: for secrets */
  int keep_null;   /* in objects, too */
  int is_plain;    /* nothing is sealed or masked */
};

/* Makes the state's decoder, and adds its functions to the module table at the
   top. */
void letoro_open_decode(lua_State *L);

/* Pushes the value, or nil and why it is no JSON; gives how many. */
int letoro_decode(lua_State *L, const struct letoro_source *s);

#endif
