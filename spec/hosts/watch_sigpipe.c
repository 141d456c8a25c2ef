/* For LD_PRELOAD: says on stderr when SIGPIPE's handler is set, also when it
   is as before a moment later. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef int sigaction_fn(int, const struct sigaction *, struct sigaction *);
typedef void handler_fn(int);
typedef handler_fn *signal_fn(int, handler_fn *);

static void say(void)
{
  static const char said[] = "SIGPIPE has got another handler\n";
  if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
    _exit(99);
}

__attribute__((visibility("default"))) int
sigaction(int sig, const struct sigaction *act, struct sigaction *before)
{
  sigaction_fn *real;
  void *found = dlsym(RTLD_NEXT, "sigaction");
  if (!found)
    return -1;
  memcpy(&real, &found, sizeof real);
  if (sig == SIGPIPE && act)
    say();
  return real(sig, act, before);
}

__attribute__((visibility("default"))) handler_fn *signal(int sig,
                                                          handler_fn *handler)
{
  signal_fn *real;
  void *found = dlsym(RTLD_NEXT, "signal");
  if (!found)
    return SIG_ERR;
  memcpy(&real, &found, sizeof real);
  if (sig == SIGPIPE)
    say();
  return real(sig, handler);
}
