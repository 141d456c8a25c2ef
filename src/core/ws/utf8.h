#ifndef ETORO_UTF8_H
#define ETORO_UTF8_H

#include <stddef.h>

/* 1 when n bytes are UTF-8, without surrogates and overlong forms. */
int etoro_utf8_valid(const void *bytes, size_t n);

#endif
