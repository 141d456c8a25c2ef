/* Response headers: kept as the bytes that arrived, read when asked. */
#ifndef ETORO_HEADERS_H
#define ETORO_HEADERS_H

#include <stddef.h>

/* Finds the last field of that name (any case) in a block of "Name: value"
   lines, each ended by CRLF or LF, the status line among them; a last line
   without its end is none. Gives 1 and the value without surrounding blanks,
   or 0. The bytes stay the block's. */
int etoro_headers_find(const char *block, size_t n, const char *name,
                       const char **value, size_t *len);

struct etoro_header {
  const char *name;
  size_t name_len;
  const char *value;
  size_t value_len;
};

/* Walks the fields: *at starts at 0; gives 1 and a field, or 0 at the end.
   Status lines and lines without a colon are passed over. */
int etoro_headers_next(const char *block, size_t n, size_t *at,
                       struct etoro_header *field);

struct etoro_limits {
  double retry_after;  /* seconds from now; -1 when absent or unreadable */
  double limit;        /* requests a window; -1 when absent */
  double remaining;    /* requests left; -1 when absent */
  double reset;        /* seconds from now; -1 when absent */
  double window;       /* seconds, from RateLimit-Policy "20;w=60"; -1 */
};

/* Reads Retry-After (seconds or HTTP date), RateLimit-* and X-RateLimit-*
   (a reset above 10^9 is a Unix time). now is Unix time; where the block has
   a Date, dates count from that. Negative spans become 0; signs, fractions
   and junk are unreadable. RateLimit-* wins over X-RateLimit-*. */
void etoro_headers_limits(const char *block, size_t n, double now,
                          struct etoro_limits *out);

/* Unix time of an HTTP date (three forms of RFC 9110, from 1970 on), or -1.
   Two digits of a year below 70 are 20xx. */
double etoro_http_date(const char *text, size_t n);

#endif
