#include "core/bytes/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/random.h>
#endif

#include "core/status.h"

/* For systems without getrandom, and where a container forbids it. Opened each
   time: a descriptor that is kept may be closed by a host that tidies up. */
static int fromdevice(unsigned char *out, size_t n)
{
  size_t got = 0;
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return ETORO_ERANDOM;
  while (got < n) {
    ssize_t m = read(fd, out + got, n - got);
    if (m > 0)
      got += (size_t)m;
    else if (m == 0 || errno != EINTR)
      break;
  }
  close(fd);
  return got == n ? ETORO_OK : ETORO_ERANDOM;
}

int etoro_random_system(void *context, void *out, size_t n)
{
  unsigned char *to = out;
  size_t got = 0;
  (void)context;
#ifdef __linux__
  while (got < n) {
    /* It waits until the system has entropy, at boot alone: an id that comes
       twice would be an order that is taken for another. */
    ssize_t m = getrandom(to + got, n - got, 0);
    if (m > 0)
      got += (size_t)m;
    else if (m == 0 || errno != EINTR)
      break; /* a kernel or a sandbox without the call */
  }
#endif
  /* Never a generator of ours in its place: without random bytes there is no
     id, and nothing is sent. */
  return got == n ? ETORO_OK : fromdevice(to + got, n - got);
}

void etoro_uuid_format(char out[ETORO_UUID_LEN + 1],
                       const unsigned char bytes[16])
{
  static const char digits[] = "0123456789abcdef";
  static const unsigned char places[16] = { 0,  2,  4,  6,  9,  11, 14, 16,
                                            19, 21, 24, 26, 28, 30, 32, 34 };
  size_t i;
  memcpy(out, "........-....-....-....-............", ETORO_UUID_LEN + 1);
  for (i = 0; i < 16; i++) {
    unsigned byte = bytes[i];
    if (i == 6)
      byte = (byte & 0x0fu) | 0x40u; /* version 4 */
    else if (i == 8)
      byte = (byte & 0x3fu) | 0x80u; /* the variant of RFC 9562 */
    out[places[i]] = digits[byte >> 4];
    out[places[i] + 1] = digits[byte & 0x0fu];
  }
}

static int is_hex(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
         || (c >= 'A' && c <= 'F');
}

static int is_dash_place(size_t i)
{
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int etoro_uuid_valid(const char *text, size_t n)
{
  size_t i;
  /* Of any version: a caller's ids may be of its own making. */
  if (n != ETORO_UUID_LEN)
    return 0;
  for (i = 0; i < n; i++) {
    if (is_dash_place(i) ? text[i] != '-' : !is_hex(text[i]))
      return 0;
  }
  return 1;
}
