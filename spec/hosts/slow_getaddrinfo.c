/* For LD_PRELOAD: a name server that hangs. Every look-up takes 6 seconds,
   or SLOW_SECONDS, and says on stderr that it began and that it is over; but
   quick.invalid is this machine, and none.invalid nobody, at once. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int lookup_fn(const char *, const char *, const struct addrinfo *,
                      struct addrinfo **);

__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service,
            const struct addrinfo *hints, struct addrinfo **res)
{
  static const char said[] = "getaddrinfo: waiting\n";
  static const char over[] = "getaddrinfo: over\n";
  const char *seconds = getenv("SLOW_SECONDS");
  struct timespec left = { 6, 0 };
  lookup_fn *real;
  void *found = dlsym(RTLD_NEXT, "getaddrinfo");
  if (node && !strcmp(node, "none.invalid"))
    return EAI_NONAME;
  if (!found)
    return EAI_FAIL;
  memcpy(&real, &found, sizeof real);
  if (node && !strcmp(node, "quick.invalid"))
    return real("127.0.0.1", service, hints, res);
  if (seconds)
    left.tv_sec = strtol(seconds, NULL, 10);
  if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
    return EAI_FAIL;
  while (nanosleep(&left, &left))
    ;
  if (write(STDERR_FILENO, over, sizeof over - 1) < 0)
    return EAI_FAIL;
  return real(node, service, hints, res);
}
