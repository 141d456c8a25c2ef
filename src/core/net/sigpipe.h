/* Holds SIGPIPE off for this thread while libcurl may write to a socket that
   the peer has closed. No handler is installed and the host's own handling
   is as it was afterwards. */
#ifndef ETORO_SIGPIPE_H
#define ETORO_SIGPIPE_H

#include <signal.h>

struct etoro_sigpipe {
  sigset_t before;      /* the thread's mask */
  int was_pending;      /* one was there already; it is not ours to take */
};

void etoro_sigpipe_hold(struct etoro_sigpipe *s);
void etoro_sigpipe_release(const struct etoro_sigpipe *s);

#endif
