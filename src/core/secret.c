#include "core/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"

#define FILE_MAX ((size_t)64 * 1024)

struct etoro_secret {
  size_t holders;
  size_t len;
  char data[]; /* len bytes and a '\0' */
};

void etoro_wipe(void *bytes, size_t n)
{
  /* A call through a volatile pointer cannot be seen through, so it stays. */
  static void *(*const volatile fill)(void *, int, size_t) = memset;
  if (bytes && n)
    fill(bytes, 0, n);
}

int etoro_secret_new(struct etoro_secret **out, const void *bytes, size_t n)
{
  struct etoro_secret *s = NULL;
  *out = NULL;
  if (n < (size_t)-1 - sizeof *s)
    s = malloc(sizeof *s + n + 1);
  if (!s)
    return ETORO_ENOMEM;
  s->holders = 1;
  s->len = n;
  if (n)
    memcpy(s->data, bytes, n);
  s->data[n] = '\0';
  *out = s;
  return ETORO_OK;
}

int etoro_secret_env(struct etoro_secret **out, const char *name)
{
  const char *value = getenv(name);
  *out = NULL;
  if (!value || !*value)
    return ETORO_OK;
  return etoro_secret_new(out, value, strlen(value));
}

/* Reads to the end, at most max bytes; errno is set when it gives ETORO_EIO.
   No stdio: its buffer would keep the key. */
static int readall(int fd, char *to, size_t max, size_t *len)
{
  size_t got = 0;
  while (got < max) {
    ssize_t n = read(fd, to + got, max - got);
    if (n == 0)
      break;
    if (n > 0)
      got += (size_t)n;
    else if (errno != EINTR)
      return ETORO_EIO;
  }
  *len = got;
  return ETORO_OK;
}

static int opened(const char *path)
{
  int fd;
  do
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static int is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int fromfile(struct etoro_secret **out, int fd, char *room)
{
  size_t n = 0;
  int rc = readall(fd, room, FILE_MAX + 1, &n);
  if (rc)
    return rc;
  if (n > FILE_MAX)
    return ETORO_ETOOBIG;
  while (n && is_blank(room[n - 1]))
    n--;
  return n ? etoro_secret_new(out, room, n) : ETORO_EINVAL;
}

int etoro_secret_file(struct etoro_secret **out, const char *path)
{
  int fd, rc, saved;
  char *room;
  *out = NULL;
  fd = opened(path);
  if (fd < 0)
    return ETORO_EIO;
  room = malloc(FILE_MAX + 1);
  rc = room ? fromfile(out, fd, room) : ETORO_ENOMEM;
  saved = errno;
  etoro_wipe(room, FILE_MAX + 1);
  free(room);
  close(fd);
  errno = saved;
  return rc;
}

struct etoro_secret *etoro_secret_keep(struct etoro_secret *s)
{
  if (s)
    s->holders++;
  return s;
}

void etoro_secret_free(struct etoro_secret *s)
{
  if (!s || --s->holders)
    return;
  etoro_wipe(s, sizeof *s + s->len + 1);
  free(s);
}

const char *etoro_secret_data(const struct etoro_secret *s)
{
  return s->data;
}

size_t etoro_secret_len(const struct etoro_secret *s)
{
  return s->len;
}

int etoro_secret_equal(const struct etoro_secret *s, const void *bytes,
                       size_t n)
{
  const unsigned char *a = bytes;
  const unsigned char *b = (const unsigned char *)s->data;
  size_t i, differ = s->len ^ n;
  for (i = 0; i < n; i++) {
    size_t inside = (size_t)0 - (size_t)(i < s->len); /* all ones or none */
    differ |= (size_t)(a[i] ^ b[i & inside]);
  }
  return differ == 0;
}
