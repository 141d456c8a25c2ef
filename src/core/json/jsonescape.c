#include "core/json/jsonescape.h"

#include <string.h>

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* The code unit of the \uXXXX at p, or -1. */
static long code_unit(const char *p, const char *end)
{
  long v = 0;
  int i;
  if (end - p < ETORO_ESCAPE_LEN || p[0] != '\\' || p[1] != 'u')
    return -1;
  for (i = 2; i < ETORO_ESCAPE_LEN; i++) {
    int digit = hex_value(p[i]);
    if (digit < 0)
      return -1;
    v = v * 16 + digit;
  }
  return v;
}

static size_t put_utf8(char *to, long v)
{
  size_t i, n = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
  static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
  for (i = n - 1; i > 0; i--) {
    to[i] = (char)(0x80 | (v & 0x3f));
    v >>= 6;
  }
  to[0] = (char)(lead[n] | v);
  return n;
}

/* Undoes the \u escape at p into to; half a pair becomes U+FFFD. Gives the
   bytes taken, 0 for an escape that stands for no character. */
static size_t undo_unicode(const char *p, const char *end, char *to, size_t *n)
{
  long low, v = code_unit(p, end);
  if (v < 0)
    return 0;
  if (v >= 0xd800 && v < 0xdc00) {
    low = code_unit(p + ETORO_ESCAPE_LEN, end);
    if (low >= 0xdc00 && low < 0xe000) {
      *n = put_utf8(to, 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00));
      return (size_t)2 * ETORO_ESCAPE_LEN;
    }
  }
  *n = put_utf8(to, v >= 0xd800 && v < 0xe000 ? 0xfffd : v);
  return ETORO_ESCAPE_LEN;
}

size_t etoro_escape_undo(char *to, const char *p, const char *end, int *is_bad)
{
  static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
  char *start = to;
  while (p < end) {
    const char *known, *slash = memchr(p, '\\', (size_t)(end - p));
    size_t taken, n = (size_t)((slash ? slash : end) - p);
    memmove(to, p, n);
    to += n;
    p += n;
    if (p == end)
      break;
    known = end - p > 1 && p[1] ? strchr(from, p[1]) : NULL;
    if (known) {
      *to++ = plain[known - from];
      p += 2;
      continue;
    }
    taken = undo_unicode(p, end, to, &n);
    if (taken) {
      to += n;
      p += taken;
    } else {
      *is_bad = 1;
      *to++ = *p++;
    }
  }
  return (size_t)(to - start);
}
