/* Fields of tables: read from options and requests, written to results. */
#ifndef ETORO_LFIELDS_H
#define ETORO_LFIELDS_H

#include "binding/lcompat.h"
#include "core/bytes/secret.h"

int letoro_field_flag(lua_State *L, int index, const char *name);
double letoro_field_number(lua_State *L, int index, const char *name,
                           double otherwise);

/* A string, which the table keeps alive; NULL for nil. Without n a string
   with a zero byte in it is refused. */
const char *letoro_field_text(lua_State *L, int index, const char *name,
                              size_t *n);

/* The strings of a list, which the list keeps alive; gives their number. */
size_t letoro_strings(lua_State *L, int index, const char *name,
                      const char **out, size_t most);
size_t letoro_field_list(lua_State *L, int index, const char *name,
                         const char **out, size_t most);

/* A secret: a sealed one or a string; NULL for nil. Leaves its holder on the
   stack, so that it lives until the C function returns. */
struct etoro_secret *letoro_field_secret(lua_State *L, int index,
                                         const char *name);

/* Set a field of the table at the top. */
void letoro_set_text(lua_State *L, const char *name, const char *text);
void letoro_set_number(lua_State *L, const char *name, double v);
void letoro_set_integer(lua_State *L, const char *name, lua_Integer v);

#endif
