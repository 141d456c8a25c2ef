/* One descriptor that stands for many: sockets, a timer and a flag. A host's
   loop polls it and needs to know nothing else. */
#ifndef ETORO_POLLER_H
#define ETORO_POLLER_H

#include <stddef.h>

#define ETORO_POLL_IN 1
#define ETORO_POLL_OUT 2
#define ETORO_POLL_ERROR 4

struct etoro_poller;

struct etoro_ready {
  int fd;
  int events;   /* ETORO_POLL_ flags */
};

/* ETORO_OK, ETORO_ENOMEM, or ETORO_EIO with errno set. */
int etoro_poller_open(struct etoro_poller **out);
void etoro_poller_free(struct etoro_poller *p); /* takes NULL */

/* Readable while a socket is ready, the alarm has gone off or the flag is
   up. */
int etoro_poller_fd(const struct etoro_poller *p);

/* Watches a socket for these events; 0 forgets it. */
int etoro_poller_watch(struct etoro_poller *p, int fd, int events);

/* Sets the alarm that many seconds from now; below 0 takes it away. */
void etoro_poller_alarm(struct etoro_poller *p, double seconds);

/* Raises or lowers the flag. */
void etoro_poller_flag(struct etoro_poller *p, int is_up);

/* The sockets that are ready, at most most of them; waits up to seconds for
   one, for the alarm or for the flag. Gives their number. */
size_t etoro_poller_wait(struct etoro_poller *p, double seconds,
                         struct etoro_ready *out, size_t most);

#endif
