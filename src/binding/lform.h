#ifndef ETORO_LFORM_H
#define ETORO_LFORM_H

#include "binding/lcompat.h"

struct etoro_request;

/* Registers the type that holds a form. */
void letoro_open_form(lua_State *L);

/* The field "form" of the request at index, a list of { name, value } pairs
   whose values are strings or sealed secrets: it becomes the body. Leaves its
   holder on the stack, so that it lives until the C function returns. May
   raise. */
void letoro_field_form(lua_State *L, int index, struct etoro_request *r);

#endif
