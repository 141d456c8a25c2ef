/* JSON text that is about to be shown, broken text above all. */
#ifndef ETORO_JSONHIDE_H
#define ETORO_JSONHIDE_H

#include <stddef.h>

#include "core/bytes/buf.h"

/* Adds the n bytes to out, with "****" for each text, number, true, false or
   junk that stands under the name of a secret (core/bytes/secretname.h), also
   in an object or list under it. It is a lexer, not a parser: where the text
   is broken or cut, all that stands behind such a name up to the next comma or
   bracket is hidden. What adding to a buffer gives. */
int etoro_json_hide(struct etoro_buf *out, const char *json, size_t n);

#endif
