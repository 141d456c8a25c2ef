#include "core/json/jsonwrite.h"

#include "core/bytes/ascii.h"
#include "core/status.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static int is_between(unsigned char c, unsigned char low, unsigned char high)
{
  return c >= low && c <= high;
}

/* How many bytes the character has that begins at p, which is no ASCII
   (RFC 3629); 0 for none. */
static size_t utf8_length(const char *p, const char *end)
{
  unsigned char first = (unsigned char)*p, low = 0x80, high = 0xbf;
  size_t i, n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (!is_between(first, 0xc2, 0xf4) || (size_t)(end - p) < n)
    return 0;
  if (first == 0xe0)
    low = 0xa0;
  else if (first == 0xed)
    high = 0x9f;
  else if (first == 0xf0)
    low = 0x90;
  else if (first == 0xf4)
    high = 0x8f;
  if (!is_between((unsigned char)p[1], low, high))
    return 0;
  for (i = 2; i < n; i++) {
    if (!is_between((unsigned char)p[i], 0x80, 0xbf))
      return 0;
  }
  return n;
}

/* Stands in a string as it is. */
static int is_plain(char c)
{
  return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"'
         && c != '\\';
}

static int add_escape(struct etoro_buf *out, char c)
{
  static const char digits[] = "0123456789abcdef";
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  char escape[] = "\\u0000";
  size_t i;
  for (i = 0; i < sizeof to - 1; i++) {
    if (c == from[i]) {
      escape[1] = to[i];
      return etoro_buf_add(out, escape, 2);
    }
  }
  escape[4] = digits[(unsigned char)c >> 4];
  escape[5] = digits[c & 15];
  return etoro_buf_add(out, escape, 6);
}

/* Appends what stands at *p and is not plain. */
static int add_special(struct etoro_buf *out, const char **p, const char *end,
                       int is_lenient)
{
  const char *at = *p;
  size_t n;
  if ((unsigned char)*at < 0x80) {
    ++*p;
    return add_escape(out, *at);
  }
  n = utf8_length(at, end);
  if (!n && !is_lenient)
    return ETORO_ESYNTAX;
  *p += n ? n : 1;
  return n ? etoro_buf_add(out, at, n) : etoro_buf_puts(out, REPLACEMENT);
}

int etoro_json_string(struct etoro_buf *out, const char *text, size_t n,
                      int is_lenient)
{
  const char *p = text, *end = text + n;
  int rc = etoro_buf_add(out, "\"", 1);
  while (!rc && p < end) {
    const char *from = p;
    while (p < end && is_plain(*p))
      p++;
    if (p > from)
      rc = etoro_buf_add(out, from, (size_t)(p - from));
    if (!rc && p < end)
      rc = add_special(out, &p, end, is_lenient);
  }
  return rc ? rc : etoro_buf_add(out, "\"", 1);
}

int etoro_json_is_decimal(const char *text, size_t n, int *is_whole)
{
  const char *p = text, *end = text + n, *digits;
  if (p < end && *p == '-')
    p++;
  for (digits = p; p < end && etoro_is_digit(*p); p++)
    ;
  *is_whole = p == end;
  if (p == digits || (*digits == '0' && p - digits > 1))
    return 0;
  if (p == end)
    return 1;
  for (digits = ++p; p < end && etoro_is_digit(*p); p++)
    ;
  return digits[-1] == '.' && p == end && p > digits;
}
