#include "core/bytes/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes/file.h"
#include "core/limits.h"
#include "core/status.h"

#define WIPED_AT_ONCE 1024 /* of the stack, a part of ETORO_STACK_WIPED */

/* One block, never moved and never grown, so that no copy of a key stays
   behind where it was. Zero-ended, for libcurl's lists. */
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

/* Inlined, it would have its room above theirs. In pieces: what is larger the C
   library fills with one instruction, of which callgrind counts each byte. */
#ifdef __GNUC__
__attribute__((noinline))
#endif
void etoro_wipe_stack(void)
{
  char room[ETORO_STACK_WIPED];
  size_t at;
  for (at = 0; at < sizeof room; at += WIPED_AT_ONCE)
    etoro_wipe(room + at, WIPED_AT_ONCE);
}

int etoro_secret_new(struct etoro_secret **out, const void *bytes, size_t n)
{
  struct etoro_secret *s = NULL;
  *out = NULL;
  /* A length near the end of size_t would wrap to a small block. */
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

/* Read here and not by os.getenv, which would make a Lua string of it: those
   are copied, shared and never wiped. A variable that is empty is one that is
   not set. */
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

static int is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A key is one line; what an editor adds around it is none of it. */
static int from_text(struct etoro_secret **out, const char *text, size_t n,
                     const char **why)
{
  size_t i;
  if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
    text += 3; /* the mark of UTF-8 */
    n -= 3;
  }
  while (n && is_blank(text[n - 1]))
    n--;
  if (!n)
    *why = "the file is empty";
  for (i = 0; i < n; i++) {
    if (text[i] == '\n' || text[i] == '\r')
      *why = "it holds more than one line";
    else if (!text[i])
      *why = "it holds a zero byte: save it as plain text, in UTF-8";
    if (*why)
      break;
  }
  return *why ? ETORO_EINVAL : etoro_secret_new(out, text, n);
}

static int from_file(struct etoro_secret **out, int fd, char *room,
                     const char **why)
{
  size_t n = 0;
  /* One byte past the ceiling: a file of just that size is told from a longer
     one. */
  int rc = readall(fd, room, ETORO_KEY_FILE_MAX + 1, &n);
  if (rc)
    return rc;
  return n > ETORO_KEY_FILE_MAX ? ETORO_ETOOBIG : from_text(out, room, n, why);
}

/* A byte at a time: what stands behind the line is not ours. */
static int read_line(int fd, char *to, size_t max, size_t *len)
{
  size_t got = 0, n;
  int rc;
  for (;;) {
    rc = readall(fd, to + got, 1, &n);
    if (rc || !n || to[got] == '\n')
      break;
    if (++got >= max)
      return ETORO_ETOOBIG;
  }
  *len = got;
  return rc;
}

int etoro_secret_line(struct etoro_secret **out, int fd, const char **why)
{
  size_t n = 0, from = 0;
  char *room = malloc(ETORO_KEY_FILE_MAX);
  int rc, saved;
  *out = NULL;
  if (!room)
    return ETORO_ENOMEM;
  rc = read_line(fd, room, ETORO_KEY_FILE_MAX, &n);
  while (from < n && is_blank(room[from]))
    from++;
  if (!rc && from == n) {
    *why = "nothing was given";
    rc = ETORO_EINVAL;
  } else if (!rc) {
    rc = from_text(out, room + from, n - from, why);
  }
  saved = errno;
  etoro_wipe(room, ETORO_KEY_FILE_MAX);
  free(room);
  errno = saved;
  return rc;
}

int etoro_secret_file(struct etoro_secret **out, const char *path,
                      unsigned *mode, const char **why)
{
  struct stat info;
  int fd, saved;
  char *room;
  int rc = etoro_file_open(&fd, &info, path, why);
  *out = NULL;
  if (rc)
    return rc;
  *mode = (unsigned)info.st_mode & 07777u;
  /* On the heap, for one owner that wipes all of it whatever happens; errno is
     what the caller words the failure by, and close would change it. */
  room = malloc(ETORO_KEY_FILE_MAX + 1);
  rc = room ? from_file(out, fd, room, why) : ETORO_ENOMEM;
  saved = errno;
  etoro_wipe(room, ETORO_KEY_FILE_MAX + 1);
  free(room);
  close(fd);
  errno = saved;
  return rc;
}

int etoro_secret_save(const struct etoro_secret *s, const char *path)
{
  char *line = malloc(s->len + 1);
  int rc, saved;
  if (!line)
    return ETORO_ENOMEM;
  memcpy(line, s->data, s->len);
  line[s->len] = '\n';
  rc = etoro_file_replace(path, line, s->len + 1);
  saved = errno;
  etoro_wipe(line, s->len + 1);
  free(line);
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
  /* The length as well: it is a property of the key. */
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
  /* In the same time whatever they are: how long a comparison takes must not
     tell how much of a guess was right. */
  const unsigned char *a = bytes;
  const unsigned char *b = (const unsigned char *)s->data;
  size_t i, differ = s->len ^ n;
  for (i = 0; i < n; i++) {
    size_t inside = (size_t)0 - (size_t)(i < s->len); /* all ones or none */
    differ |= (size_t)(a[i] ^ b[i & inside]);
  }
  return differ == 0;
}
