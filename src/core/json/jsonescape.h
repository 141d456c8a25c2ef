/* The escapes inside of JSON strings. Works on the bytes between two quotes,
   broken ones too. */
#ifndef ETORO_JSONESCAPE_H
#define ETORO_JSONESCAPE_H

#include <stddef.h>

#define ETORO_ESCAPE_LEN 6 /* \u0000 */

/* Undoes the escapes between p and end into to, which has as much room and may
   be p; half a pair becomes U+FFFD. What is no escape stays as it is, and sets
   *is_bad. Gives the length. */
size_t etoro_escape_undo(char *to, const char *p, const char *end,
                         int *is_bad);

#endif
