/* For a decoder that reads numbers by the process's locale: none of them
   reaches it. */
#ifndef ETORO_JSONMARK_H
#define ETORO_JSONMARK_H

#include <stddef.h>

#include "core/bytes/buf.h"

/* Adds the n bytes to out, each number in them as the string \u0000d<digits>:
   one more of the marks of core/jsonscan.h. is_scanned: that scan has gone
   over the text; else strings that begin like a mark are marked as such.
   ETORO_OK, ETORO_EINVAL for a word that begins like a number and is none, or
   what adding to a buffer gives. */
int etoro_json_mark_numbers(struct etoro_buf *out, const char *json, size_t n,
                            int is_scanned);

#endif
