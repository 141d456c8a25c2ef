#include "core/net/sigpipe.h"

#include <pthread.h>
#include <time.h>

/* To ignore the signal would be one line, but signal handlers are the whole
   process's, and the process is the host's. A thread's mask is its own. */

static int is_pending(void)
{
  sigset_t pending;
  return !sigpending(&pending) && sigismember(&pending, SIGPIPE) == 1;
}

/* A write to a closed socket raises SIGPIPE in the thread that writes. Blocked,
   it stays pending there, where the release finds it. */
void etoro_sigpipe_hold(struct etoro_sigpipe *s)
{
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGPIPE);
  s->was_pending = is_pending();
  pthread_sigmask(SIG_BLOCK, &only, &s->before);
}

/* Takes the signal that libcurl has caused, before the mask lets it through.
   One that was pending at the hold is the host's and stays. Two of them count
   once, so that ours cannot be told from a host's that came meanwhile; who
   blocks the signal has no use for it, who does not gets it at once. */
void etoro_sigpipe_release(const struct etoro_sigpipe *s)
{
  if (!s->was_pending && is_pending()) {
#ifdef __APPLE__
    int caught; /* there is no sigtimedwait; one is pending, so no wait */
#else
    struct timespec now = { 0, 0 };
#endif
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
#ifdef __APPLE__
    sigwait(&only, &caught);
#else
    /* does not wait; another signal's handler may interrupt it */
    while (sigtimedwait(&only, NULL, &now) < 0 && is_pending())
      continue;
#endif
  }
  pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
