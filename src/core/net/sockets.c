#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif
#include "core/net/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/status.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* then an end shows as something to read */
#endif

static int copy_address(char *out, const char *text)
{
  size_t n = text ? strlen(text) + 1 : 0;
  if (!n || n > ETORO_ADDRESS_LEN)
    return 0;
  memcpy(out, text, n);
  return 1;
}

int etoro_ends_set(struct etoro_ends *e, const char *ip, int port,
                   const char *local_ip, int local_port)
{
  e->port = port;
  e->local_port = local_port;
  return copy_address(e->ip, ip) && copy_address(e->local_ip, local_ip);
}

void etoro_sockets_free(struct etoro_sockets *s)
{
  free(s->list);
  memset(s, 0, sizeof *s);
}

/* Begins anew where the number is known already: the system gives the number of
   a closed descriptor to the next one, and libcurl does not tell of all ends. */
int etoro_sockets_add(struct etoro_sockets *s, int fd)
{
  struct etoro_socket *one = etoro_sockets_get(s, fd);
  if (!one && s->n == s->cap) {
    size_t cap = s->cap ? 2 * s->cap : 16;
    struct etoro_socket *list = realloc(s->list, cap * sizeof *list);
    if (!list)
      return ETORO_ENOMEM;
    s->list = list;
    s->cap = cap;
  }
  if (!one)
    one = &s->list[s->n++];
  memset(one, 0, sizeof *one);
  one->fd = fd;
  return ETORO_OK;
}

void etoro_sockets_drop(struct etoro_sockets *s, int fd)
{
  struct etoro_socket *one = etoro_sockets_get(s, fd);
  if (one)
    *one = s->list[--s->n];
}

/* A walk: a client has some ten connections. What this gives holds until one is
   added or dropped. */
struct etoro_socket *etoro_sockets_get(struct etoro_sockets *s, int fd)
{
  size_t i;
  for (i = 0; i < s->n; i++)
    if (s->list[i].fd == fd)
      return &s->list[i];
  return NULL;
}

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_storage room;
};

/* The port, and the address as text; 0 when it has none. */
static int read_address(const union address *a, char *text)
{
  if (a->any.sa_family == AF_INET
      && inet_ntop(AF_INET, &a->v4.sin_addr, text, ETORO_ADDRESS_LEN))
    return ntohs(a->v4.sin_port);
  if (a->any.sa_family == AF_INET6
      && inet_ntop(AF_INET6, &a->v6.sin6_addr, text, ETORO_ADDRESS_LEN))
    return ntohs(a->v6.sin6_port);
  return 0;
}

/* Asks the system, until it is connected; 0 when the descriptor is closed. Of
   one that never got a connection libcurl does not say so. */
static int learn_ends(struct etoro_socket *one)
{
  union address near, far;
  socklen_t n = sizeof near, m = sizeof far;
  if (getpeername(one->fd, &far.any, &m)
      || getsockname(one->fd, &near.any, &n))
    return errno != EBADF && errno != ENOTSOCK;
  one->ends.local_port = read_address(&near, one->ends.local_ip);
  one->ends.port = read_address(&far, one->ends.ip);
  return 1;
}

static int are_same(const struct etoro_ends *a, const struct etoro_ends *b)
{
  return a->local_port == b->local_port && a->port == b->port
         && !strcmp(a->ip, b->ip) && !strcmp(a->local_ip, b->local_ip);
}

/* By its two ends, which is all that libcurl says of the connection that it has
   chosen. Those that were closed meanwhile are let go of on the way. */
struct etoro_socket *etoro_sockets_find(struct etoro_sockets *s,
                                        const struct etoro_ends *ends)
{
  size_t i = 0;
  while (i < s->n) {
    struct etoro_socket *one = &s->list[i];
    if (!one->ends.port && !learn_ends(one)) {
      *one = s->list[--s->n];
      continue;
    }
    if (one->ends.port && are_same(&one->ends, ends))
      return one;
    i++;
  }
  return NULL;
}

/* A kept connection of HTTP/1.1 has nothing to say before it is asked: bytes that
   wait there are an answer to nobody's request, and would be taken for this
   call's. Over HTTP/2 they belong there. An end is an end in both. */
int etoro_socket_is_clean(const struct etoro_socket *s)
{
  struct pollfd look = { s->fd, POLLIN | POLLRDHUP, 0 };
  int n;
  do
    n = poll(&look, 1, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 || look.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
    return 0;
  return !s->is_h1 || !look.revents;
}
