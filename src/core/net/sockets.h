/* The sockets of the wire's connections. A kept connection can be looked at
   through them once more before a request goes out on it: libcurl looks less
   often, and not at everything. */
#ifndef ETORO_SOCKETS_H
#define ETORO_SOCKETS_H

#include <stddef.h>

#define ETORO_ADDRESS_LEN 64 /* an IPv6 address as text, and more */

/* The two ends of a connection, as libcurl tells them. */
struct etoro_ends {
  char ip[ETORO_ADDRESS_LEN];
  char local_ip[ETORO_ADDRESS_LEN];
  int port; /* 0: not asked for yet */
  int local_port;
};

/* Copies what libcurl tells of a connection, which is its own. 0 when an address
   is missing or has no room: then the connection is one that nobody knows. */
int etoro_ends_set(struct etoro_ends *e, const char *ip, int port,
                   const char *local_ip, int local_port);

struct etoro_socket {
  int fd;
  int is_used;  /* a request went out on it */
  int is_h1;    /* an answer that came on it was of HTTP/1 */
  struct etoro_ends ends;
};

struct etoro_sockets {
  struct etoro_socket *list;
  size_t n, cap;
};

void etoro_sockets_free(struct etoro_sockets *s);

/* Takes a new socket in; ETORO_OK or ETORO_ENOMEM. */
int etoro_sockets_add(struct etoro_sockets *s, int fd);

/* Forgets one that is about to be closed. */
void etoro_sockets_drop(struct etoro_sockets *s, int fd);

/* By its descriptor, or by its ends; NULL when there is none. It stays where
   it is until the next one is added or dropped. */
struct etoro_socket *etoro_sockets_get(struct etoro_sockets *s, int fd);
struct etoro_socket *etoro_sockets_find(struct etoro_sockets *s,
                                        const struct etoro_ends *ends);

/* 1 when a request may go out on it: the peer has not ended the connection,
   and no byte waits there that no request has asked for. With HTTP/2, where
   such bytes mean no harm, only the end counts. */
int etoro_socket_is_clean(const struct etoro_socket *s);

#endif
