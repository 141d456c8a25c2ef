/* Numbers of a JSON text: what a double would make of them. */
#ifndef ETORO_JSONNUM_H
#define ETORO_JSONNUM_H

#include <stddef.h>
#include <stdint.h>

enum etoro_number_fit {
  ETORO_NUMBER_NONE,   /* the text is no JSON number */
  ETORO_NUMBER_DOUBLE, /* a double is as near as it needs to be */
  ETORO_NUMBER_INT64,  /* an integer beyond 2^53 that 64 bits can hold */
  ETORO_NUMBER_TEXT    /* an integer with all its digits beyond 64 bits, or
                           a number beyond any double */
};

struct etoro_number {
  enum etoro_number_fit fit;
  uint64_t magnitude; /* of an ETORO_NUMBER_INT64 */
  int is_negative;
  int is_wide; /* it has more than 15 significant digits */
};

/* Reads the n bytes at text as one number. Reads "1." too, because lua-cjson
   does. */
void etoro_number_read(struct etoro_number *out, const char *text, size_t n);

#endif
