#include "core/net/sigpipe.h"

#include <pthread.h>
#include <time.h>

static int is_pending(void)
{
  sigset_t pending;
  return !sigpending(&pending) && sigismember(&pending, SIGPIPE) == 1;
}

void etoro_sigpipe_hold(struct etoro_sigpipe *s)
{
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGPIPE);
  s->was_pending = is_pending();
  pthread_sigmask(SIG_BLOCK, &only, &s->before);
}

void etoro_sigpipe_release(const struct etoro_sigpipe *s)
{
  if (!s->was_pending && is_pending()) {
#ifdef __APPLE__
    int caught;
#else
    struct timespec now = { 0, 0 };
#endif
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
#ifdef __APPLE__
    sigwait(&only, &caught);
#else
    while (sigtimedwait(&only, NULL, &now) < 0 && is_pending())
      continue;
#endif
  }
  pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
