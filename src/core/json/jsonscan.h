/* One pass over the bytes of an answer before any decoder sees them.

   It takes secrets out and marks what a decoder working in doubles would
   spoil. What it writes is still JSON; each replaced value is a string that
   starts with the escape \u0000 and one letter:
     k<n>    the value of a secret name; its text is secrets[n - 1]
     i<digits>  an integer beyond 2^53 that 64 bits can hold, however it was
                written (12e18, too)
     n<digits>  a number that neither can hold (its text as it was): digits
                beyond 64 bits, or more than any double
     s<rest>    a string that itself began with \u0000; the rest follows it
     e          an empty list, which a decoder may not tell from {}
     d<digits>  any other number, where core/jsonmark.h was asked to
   So no answer can fake a mark. Names are left as they are: marks count in
   values only. The scanner is a lexer, not a parser: broken or cut text
   passes through with its secrets taken out as well. */
#ifndef ETORO_JSONSCAN_H
#define ETORO_JSONSCAN_H

#include <stddef.h>

#include "core/bytes/buf.h"
#include "core/bytes/secret.h"
#include "core/limits.h"

struct etoro_scan {
  struct etoro_buf text;         /* what to decode, when is_changed */
  struct etoro_secret **secrets; /* owned array, one holder each */
  size_t nsecrets;
  int is_changed; /* 0: the input itself is what to decode; text is empty */
  int has_null;   /* a bare null was seen */
  int has_mark;   /* a mark was written */
  int has_wide;   /* a number of more than 15 digits was seen */
};

/* Scans n bytes. Secret names are those of core/secretname.h, compared after
   \u escapes are undone. A secret that is a string is kept unescaped; a
   number, true or false as its text; null stays; in an object or array under a
   secret name all of these are secrets. Where a string holds JSON, what stands
   in that under a secret name is overwritten with asterisks. Half a pair of \u
   escapes becomes U+FFFD.
   ETORO_OK, ETORO_ENOMEM, ETORO_ETOOBIG (too many secrets, or the text grew
   past max). Whatever s held before is forgotten, not freed; release it with
   etoro_scan_free in any case. */
int etoro_scan_run(struct etoro_scan *s, const char *json, size_t n,
                   size_t max);

/* Makes an empty scan, which etoro_scan_free may take. */
void etoro_scan_init(struct etoro_scan *s);
void etoro_scan_free(struct etoro_scan *s);

#endif
