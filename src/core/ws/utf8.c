#include "core/ws/utf8.h"

int etoro_utf8_valid(const void *bytes, size_t n)
{
  const unsigned char *p = bytes, *end = p + n;
  while (p < end) {
    unsigned c = *p++, low = 0x80, high = 0xbf;
    int more = c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (more < 0 || c > 0xf4 || end - p < more)
      return 0;
    if (c == 0xe0)
      low = 0xa0; /* below it is overlong, as below 0x90 with f0 */
    else if (c == 0xed)
      high = 0x9f; /* behind it are surrogates */
    else if (c == 0xf0)
      low = 0x90;
    else if (c == 0xf4)
      high = 0x8f;
    for (; more; more--, low = 0x80, high = 0xbf)
      if (*p < low || *p++ > high)
        return 0;
  }
  return 1;
}
