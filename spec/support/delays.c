/* spec.support.delays, for LD_PRELOAD: what processes meet at (sockets, polls,
   the disk) takes longer by chance, up to MOST microseconds before it and after
   it. A spec that takes an order of things for granted fails by it now and
   then. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

enum {
  MOST = 180000,
  SOME = 25000,
  FEW = 3000
};

static uint64_t roll(void)
{
  static __thread uint64_t state;
  if (!state) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state =
        (uint64_t)now.tv_nsec * 2654435761u + (uint64_t)getpid() * 40503u + 1;
  }
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* One in 250 waits long, one in 40 for some time, one in 11 a little. */
static void delay(void)
{
  uint64_t chance = roll() % 1000;
  int kept = errno;
  long most = chance < 4 ? MOST : chance < 30 ? SOME : chance < 120 ? FEW : 0;
  if (most) {
    struct timespec left = { 0, 0 };
    left.tv_nsec = (long)(roll() % (uint64_t)most) * 1000;
    nanosleep(&left, NULL);
  }
  errno = kept;
}

#define DELAYED(type, name, params, args) \
  __attribute__((visibility("default"))) type name params \
  { \
    type(*real) params; \
    type result; \
    void *found = dlsym(RTLD_NEXT, #name); \
    memcpy(&real, &found, sizeof real); \
    delay(); \
    result = real args; \
    delay(); \
    return result; \
  }

DELAYED(int, poll, (struct pollfd * fds, nfds_t n, int wait), (fds, n, wait))
DELAYED(int, select,
        (int n, fd_set *reads, fd_set *writes, fd_set *others,
         struct timeval *wait),
        (n, reads, writes, others, wait))
DELAYED(ssize_t, recv, (int fd, void *bytes, size_t n, int flags),
        (fd, bytes, n, flags))
DELAYED(ssize_t, send, (int fd, const void *bytes, size_t n, int flags),
        (fd, bytes, n, flags))
DELAYED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
        (fd, message, flags))
DELAYED(int, socket, (int domain, int type, int protocol),
        (domain, type, protocol))
DELAYED(int, fsync, (int fd), (fd))
#ifdef __linux__ /* others have neither */
DELAYED(int, epoll_wait, (int fd, struct epoll_event *events, int n, int wait),
        (fd, events, n, wait))
DELAYED(int, fdatasync, (int fd), (fd))
#endif
