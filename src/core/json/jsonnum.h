/* Numbers of a JSON text. */
#ifndef ETORO_JSONNUM_H
#define ETORO_JSONNUM_H

#include <stdint.h>

enum etoro_number_kind {
  ETORO_NUMBER_INTEGER, /* a whole number that 64 bits can hold, however it is
                           written (1e3, too); also what is one as a double */
  ETORO_NUMBER_REAL,    /* the nearest double */
  ETORO_NUMBER_TEXT     /* an integer with all its digits beyond 64 bits, or
                           a number beyond any double */
};

struct etoro_number {
  enum etoro_number_kind kind;
  int64_t integer;
  double real;
};

/* Reads the number that starts at *p, and moves *p behind it. Behind the text
   stands a zero byte. ETORO_OK, ETORO_ESYNTAX, or ETORO_ENOMEM. */
int etoro_number_read(struct etoro_number *out, const char **p);

#endif
