/* libFuzzer target: what must hold of header parsing whatever the bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/net/headers.h"

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int is_inside(const char *block, size_t n, const char *text, size_t len)
{
  return text >= block && text + len <= block + n
         && (!len || !memchr(text, '\n', len));
}

static int is_trimmed(const char *text, size_t n)
{
  return !n
         || (text[0] != ' ' && text[0] != '\t' && text[n - 1] != ' '
             && text[n - 1] != '\t');
}

/* Every field is inside the block, in order, and the last of its name is
   what a search for that name gives. */
static void walks(const char *block, size_t n)
{
  struct etoro_header field, other;
  size_t at = 0, before = 0;
  while (etoro_headers_next(block, n, &at, &field)) {
    char name[64];
    const char *value = NULL;
    size_t len = 0, later = at;
    int is_last = 1;
    MUST(at > before && at <= n);
    MUST(field.name >= block + before && field.name_len > 0);
    before = at;
    MUST(is_inside(block, n, field.name, field.name_len));
    MUST(is_inside(block, n, field.value, field.value_len));
    MUST(is_trimmed(field.value, field.value_len));
    MUST(!memchr(field.name, ':', field.name_len));
    if (field.name_len >= sizeof name
        || memchr(field.name, '\0', field.name_len))
      continue;
    memcpy(name, field.name, field.name_len);
    name[field.name_len] = '\0';
    while (etoro_headers_next(block, n, &later, &other)) {
      if (other.name_len == field.name_len
          && !memcmp(other.name, field.name, field.name_len))
        is_last = 0;
    }
    MUST(etoro_headers_find(block, n, name, &value, &len));
    MUST(is_inside(block, n, value, len) && is_trimmed(value, len));
    MUST(is_last ? value >= field.value : value > field.value);
  }
  MUST(at == n);
}

static int is_sane(double v)
{
  return v == -1.0 || (v >= 0.0 && v < 1e17);
}

static void reads_limits(const char *block, size_t n)
{
  static const double clocks[] = { 0.0, 1.7e9, 4e9 };
  struct etoro_limits l;
  size_t i;
  for (i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    etoro_headers_limits(block, n, clocks[i], &l);
    MUST(is_sane(l.retry_after) && is_sane(l.limit));
    MUST(is_sane(l.remaining) && is_sane(l.reset) && is_sane(l.window));
  }
}

/* A date stays the same second in the form that all servers should write. */
static void reads_date(const char *text, size_t n)
{
  double v = etoro_http_date(text, n);
  char again[64];
  time_t t;
  struct tm parts;
  MUST(v == -1.0 || (v >= 0.0 && v < 253402300801.0));
  if (v < 0)
    return;
  t = (time_t)v;
  MUST((double)t == v && gmtime_r(&t, &parts));
  MUST(strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  MUST(etoro_http_date(again, strlen(again)) == v
       || parts.tm_year + 1900 > 9999);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  char *block = malloc(n ? n : 1);
  char *framed = malloc(n + 64);
  int size;
  MUST(block && framed);
  if (n)
    memcpy(block, data, n);
  walks(block, n);
  reads_limits(block, n);
  reads_date(block, n);
  if (n < 200 && !memchr(data, '\0', n)) {
    size = snprintf(framed, n + 64, "Retry-After: %.*s\r\n", (int)n, block);
    reads_limits(framed, (size_t)size);
    size =
        snprintf(framed, n + 64, "X-RateLimit-Reset: %.*s\n", (int)n, block);
    reads_limits(framed, (size_t)size);
    size = snprintf(framed, n + 64, "RateLimit-Policy: %.*s\n", (int)n, block);
    reads_limits(framed, (size_t)size);
  }
  free(framed);
  free(block);
  return 0;
}
