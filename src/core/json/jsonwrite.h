/* Strings and numbers as JSON writes them. */
#ifndef ETORO_JSONWRITE_H
#define ETORO_JSONWRITE_H

#include <stddef.h>

#include "core/bytes/buf.h"

/* Appends n bytes of UTF-8 between quotes. For a byte that is no part of a
   character: with is_lenient U+FFFD, else ETORO_ESYNTAX. Otherwise the codes of
   etoro_buf_add. */
int etoro_json_string(struct etoro_buf *out, const char *text, size_t n,
                      int is_lenient);

/* 1 when n bytes are a decimal number as JSON writes one, without an exponent;
   *is_whole: it has no point. */
int etoro_json_is_decimal(const char *text, size_t n, int *is_whole);

#endif
