#include "core/net/lenient.h"

#include "core/bytes/ascii.h"

static int digit_of(char c)
{
  if (etoro_is_digit(c))
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t etoro_lenient_path(char *out, const char *path, size_t n)
{
  size_t i, len = 0;
  for (i = 0; i < n && path[i] != '?' && path[i] != '#'; i++) {
    out[len++] = etoro_lower(path[i]);
    /* what an escape stands for may be a part of the next one */
    while (len >= 3 && out[len - 3] == '%' && digit_of(out[len - 2]) >= 0
           && digit_of(out[len - 1]) >= 0) {
      int byte = digit_of(out[len - 2]) * 16 + digit_of(out[len - 1]);
      len -= 2;
      out[len - 1] = etoro_lower((char)byte);
    }
  }
  return len;
}

/* Servers and proxies on Windows take a backslash for a slash. */
static int is_slash(char c)
{
  return c == '/' || c == '\\';
}

/* What some servers cut a step at. */
static int is_cut(char c)
{
  return c == ';' || c == '?' || c == '#' || (unsigned char)c < ' '
         || c == 127;
}

size_t etoro_lenient_step(const char *path, size_t n, size_t *at,
                          const char **step)
{
  while (*at < n) {
    size_t len = 0, end = *at;
    *step = path + *at;
    for (; end < n && !is_slash(path[end]); end++)
      ;
    for (; *at + len < end && !is_cut((*step)[len]); len++)
      ;
    *at = end + 1;
    /* Not cut like the other dots: it is the step up, which the caller has to
       see. */
    if (len == 2 && (*step)[0] == '.' && (*step)[1] == '.')
      return len;
    /* Dots and blanks at a name's end are dropped by some file systems, so
       that "real." may be read as "real". What is empty then is no step. */
    for (; len && ((*step)[len - 1] == '.' || (*step)[len - 1] == ' '); len--)
      ;
    if (len)
      return len;
  }
  return 0;
}
