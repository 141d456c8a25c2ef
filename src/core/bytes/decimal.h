/* Decimal text and doubles: with a point, whatever the process's locale has
   in its place, and while another thread changes it. */
#ifndef ETORO_DECIMAL_H
#define ETORO_DECIMAL_H

#include <stddef.h>

#define ETORO_DECIMAL_MAX 400 /* bytes that any of these write */

/* Reads n bytes as one number: a sign perhaps, digits with one point between
   or beside them perhaps, an exponent perhaps; nothing else. Rounds as strtod
   does; what is beyond any double is an infinity. ETORO_OK, ETORO_EINVAL or
   ETORO_ENOMEM. */
int etoro_decimal_read(double *out, const char *text, size_t n);

/* These write a finite number and give the length; 0 when memory is short. */

/* The shortest plain decimal that reads back as the same double; a whole
   number that 64 bits can hold has all its digits, one beyond ends in ".0". */
size_t etoro_decimal_shortest(char out[ETORO_DECIMAL_MAX], double v);

/* So many digits (0 to 20) behind the point. */
size_t etoro_decimal_fixed(char out[ETORO_DECIMAL_MAX], double v, int digits);

/* At most so many significant digits (1 to 17), with an exponent where that
   is shorter. */
size_t etoro_decimal_general(char out[ETORO_DECIMAL_MAX], double v,
                             int digits);

#endif
