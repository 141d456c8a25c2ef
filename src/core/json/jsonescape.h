/* The escapes inside of JSON strings. Works on the bytes between two quotes,
   broken ones too. */
#ifndef ETORO_JSONESCAPE_H
#define ETORO_JSONESCAPE_H

#include <stddef.h>

#define ETORO_ESCAPE_LEN 6 /* \u0000 */

/* Undoes the escapes between p and end into to, which has as much room; half
   a pair becomes U+FFFD. What is no escape stays as it is, and sets *is_bad.
   Gives the length. */
size_t etoro_escape_undo(char *to, const char *p, const char *end,
                         int *is_bad);

/* Half a pair of escapes becomes the escape of U+FFFD, which is as long. */
void etoro_escape_mend(char *p, const char *end);

/* 1 when there is an escape that may be half a pair. */
int etoro_escape_has_half(const char *p, const char *end);

#endif
