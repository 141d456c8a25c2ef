#include "core/net/poller.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/status.h"

#ifdef __linux__

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

struct etoro_poller {
  int fd;
  int timer;
  int flag;
  int is_up;
  double alarm;   /* what the timer was set to; -1 off */
};

/* A timer and a flag are descriptors of their own among the sockets, so that
   a loop which watches the one descriptor wakes up for either of them. */
static int add(struct etoro_poller *p, int fd)
{
  struct epoll_event event = { 0 };
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &event);
}

int etoro_poller_open(struct etoro_poller **out)
{
  struct etoro_poller *p = calloc(1, sizeof *p);
  *out = NULL;
  if (!p)
    return ETORO_ENOMEM;
  p->alarm = -1;
  p->fd = epoll_create1(EPOLL_CLOEXEC);
  p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  p->flag = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (p->fd < 0 || p->timer < 0 || p->flag < 0 || add(p, p->timer)
      || add(p, p->flag)) {
    etoro_poller_free(p);
    return ETORO_EIO;
  }
  *out = p;
  return ETORO_OK;
}

static void close_one(int fd)
{
  if (fd >= 0)
    close(fd);
}

void etoro_poller_free(struct etoro_poller *p)
{
  if (!p)
    return;
  close_one(p->flag);
  close_one(p->timer);
  close_one(p->fd);
  free(p);
}

int etoro_poller_fd(const struct etoro_poller *p)
{
  return p->fd;
}

/* Level-triggered: a host that looks only now and then must find what it has
   not seen, and what a step leaves in a socket wakes it again. */
int etoro_poller_watch(struct etoro_poller *p, int fd, int events)
{
  struct epoll_event event = { 0 };
  int rc;
  if (!events) {
    epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, &event); /* it may be closed by now */
    return ETORO_OK;
  }
  event.events = (events & ETORO_POLL_IN ? (uint32_t)EPOLLIN : 0u)
                 | (events & ETORO_POLL_OUT ? (uint32_t)EPOLLOUT : 0u);
  event.data.fd = fd;
  rc = epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &event); /* as a rule it is new */
  if (rc && errno == EEXIST)
    rc = epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &event);
  return rc ? ETORO_EIO : ETORO_OK;
}

/* A timer that has gone off stays readable until it is set anew: the one that
   sets it is the step that the alarm asked for, so that none is slept over. To
   switch off what is off already would be a call of the system for nothing. */
void etoro_poller_alarm(struct etoro_poller *p, double seconds)
{
  struct itimerspec when = { { 0, 0 }, { 0, 0 } };
  if (seconds < 0 && p->alarm < 0)
    return;
  p->alarm = seconds;
  if (seconds >= 0) {
    if (seconds > 1e8)
      seconds = 1e8;
    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
    if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
      when.it_value.tv_nsec = 1; /* 0 would switch it off */
  }
  timerfd_settime(p->timer, 0, &when, NULL);
}

/* Up while something is untaken. A write or read that failed leaves is_up as it
   was, so that the next refresh tries it once more. */
void etoro_poller_flag(struct etoro_poller *p, int is_up)
{
  uint64_t one = 1;
  ssize_t n;
  if (p->is_up == is_up)
    return;
  n = is_up ? write(p->flag, &one, sizeof one)
            : read(p->flag, &one, sizeof one);
  if (n == (ssize_t)sizeof one)
    p->is_up = is_up;
}

/* An error and a hang-up are told whether they were asked for or not. */
static int to_events(uint32_t events)
{
  return (events & EPOLLIN ? ETORO_POLL_IN : 0)
         | (events & EPOLLOUT ? ETORO_POLL_OUT : 0)
         | (events & (EPOLLERR | EPOLLHUP) ? ETORO_POLL_ERROR : 0);
}

/* A signal ends the wait with nothing: Ctrl-C has to reach Lua's hook. Rounded up
   to milliseconds, since a wait that ends just before a timer is due would turn
   in circles until it is. */
size_t etoro_poller_wait(struct etoro_poller *p, double seconds,
                         struct etoro_ready *out, size_t most)
{
  struct epoll_event events[ETORO_POLL_BATCH];
  size_t count = 0;
  int ms = seconds > ETORO_POLL_SECONDS_MAX ? ETORO_POLL_SECONDS_MAX * 1000
                                            : (int)(seconds * 1000.0 + 0.999);
  int i, n;
  if (most > ETORO_POLL_BATCH)
    most = ETORO_POLL_BATCH;
  n = epoll_wait(p->fd, events, (int)most, ms);
  for (i = 0; i < n; i++) {
    int fd = events[i].data.fd;
    if (fd == p->timer || fd == p->flag)
      continue; /* level: they stay until they are set anew */
    out[count].fd = fd;
    out[count++].events = to_events(events[i].events);
  }
  return count;
}

#else /* BSD, macOS */

#include <string.h>
#include <sys/event.h>
#include <sys/time.h>

#define TIMER_ID 1
#define FLAG_ID 2

struct etoro_poller {
  int fd;
  int is_up;
  double alarm;
};

/* A timer and a flag are events of the queue itself: no descriptors of their
   own, and one descriptor to watch here as well. */
static int change(const struct etoro_poller *p, uintptr_t id, int filter,
                  int flags, unsigned note, intptr_t data)
{
  struct kevent e;
  EV_SET(&e, id, (short)filter, (unsigned short)flags, note, data, NULL);
  return kevent(p->fd, &e, 1, NULL, 0, NULL);
}

int etoro_poller_open(struct etoro_poller **out)
{
  struct etoro_poller *p = calloc(1, sizeof *p);
  *out = NULL;
  if (!p)
    return ETORO_ENOMEM;
  p->alarm = -1;
  p->fd = kqueue();
  if (p->fd < 0) {
    free(p);
    return ETORO_EIO;
  }
  *out = p;
  return ETORO_OK;
}

void etoro_poller_free(struct etoro_poller *p)
{
  if (!p)
    return;
  close(p->fd);
  free(p);
}

int etoro_poller_fd(const struct etoro_poller *p)
{
  return p->fd;
}

/* Taken out first: reading and writing are two events here, and what is no
   longer asked for would be told on. That they were not there is no error. */
int etoro_poller_watch(struct etoro_poller *p, int fd, int events)
{
  int rc = 0;
  change(p, (uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, 0);
  change(p, (uintptr_t)fd, EVFILT_WRITE, EV_DELETE, 0, 0);
  if (events & ETORO_POLL_IN)
    rc = change(p, (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0);
  if (!rc && events & ETORO_POLL_OUT)
    rc = change(p, (uintptr_t)fd, EVFILT_WRITE, EV_ADD, 0, 0);
  return rc ? ETORO_EIO : ETORO_OK;
}

void etoro_poller_alarm(struct etoro_poller *p, double seconds)
{
  if (seconds < 0 && p->alarm < 0)
    return;
  p->alarm = seconds;
  if (seconds < 0)
    change(p, TIMER_ID, EVFILT_TIMER, EV_DELETE, 0, 0);
  else
    change(p, TIMER_ID, EVFILT_TIMER, EV_ADD, 0,
           (intptr_t)ceil(seconds * 1000.0));
}

void etoro_poller_flag(struct etoro_poller *p, int is_up)
{
  if (p->is_up == is_up)
    return;
  p->is_up = is_up;
  if (is_up) {
    change(p, FLAG_ID, EVFILT_USER, EV_ADD, 0, 0);
    change(p, FLAG_ID, EVFILT_USER, 0, NOTE_TRIGGER, 0);
  } else
    change(p, FLAG_ID, EVFILT_USER, EV_DELETE, 0, 0);
}

size_t etoro_poller_wait(struct etoro_poller *p, double seconds,
                         struct etoro_ready *out, size_t most)
{
  struct kevent events[ETORO_POLL_BATCH];
  struct timespec span;
  size_t count = 0;
  int i, n;
  if (most > ETORO_POLL_BATCH)
    most = ETORO_POLL_BATCH;
  span.tv_sec = (time_t)seconds;
  span.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
  n = kevent(p->fd, NULL, 0, events, (int)most, &span);
  for (i = 0; i < n; i++) {
    if (events[i].filter != EVFILT_READ && events[i].filter != EVFILT_WRITE)
      continue;
    out[count].fd = (int)events[i].ident;
    out[count++].events =
        events[i].filter == EVFILT_READ ? ETORO_POLL_IN : ETORO_POLL_OUT;
  }
  return count;
}

#endif
