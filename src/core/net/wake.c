#include "core/net/wake.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "core/status.h"

#ifdef __linux__

#include <sys/eventfd.h>

int etoro_wake_open(struct etoro_wake *w)
{
  w->in = w->out = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return w->in < 0 ? ETORO_EIO : ETORO_OK;
}

#else

/* Non-blocking at both ends: neither the thread that rings nor the loop that
   clears may ever wait for the other. */
static int prepare(int fd)
{
  return fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, O_NONBLOCK);
}

int etoro_wake_open(struct etoro_wake *w)
{
  int ends[2];
  w->in = w->out = -1;
  if (pipe(ends))
    return ETORO_EIO;
  w->in = ends[0];
  w->out = ends[1];
  if (!prepare(w->in) && !prepare(w->out))
    return ETORO_OK;
  etoro_wake_close(w);
  return ETORO_EIO;
}

#endif

void etoro_wake_ring(const struct etoro_wake *w)
{
  /* Eight bytes because eventfd takes no fewer; a pipe takes them as well. */
  uint64_t one = 1;
  /* a full one is rung already */
  ssize_t n = write(w->out, &one, sizeof one);
  (void)n;
}

void etoro_wake_clear(const struct etoro_wake *w)
{
  /* eventfd gives eight bytes and is empty then; a pipe is read until it has
     less than a buffer full. */
  char bytes[64];
  while (read(w->in, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
    continue;
}

void etoro_wake_close(struct etoro_wake *w)
{
  /* With eventfd both ends are one descriptor: closed twice, it might be a
     file by then that another thread has just opened. */
  if (w->out >= 0 && w->out != w->in)
    close(w->out);
  if (w->in >= 0)
    close(w->in);
  w->in = w->out = -1;
}
