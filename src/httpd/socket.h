/* Connections of the server that were upgraded to a WebSocket: a request that
   asks for it is answered so, and from then on messages go both ways under the
   request's id. */
#ifndef ETORO_HTTPD_SOCKET_H
#define ETORO_HTTPD_SOCKET_H

#include "core/net/poller.h"
#include "core/ws/frames.h"
#include "httpd/request.h"

/* Belongs to the server, until its end was told. */
struct etoro_httpd_socket {
  struct etoro_httpd_socket *prev, *next;
  struct etoro_httpd_request *request; /* while that is there */
  struct etoro_frames *frames;
  void *handle;   /* libmicrohttpd's; NULL before the upgrade and at the end */
  int fd;         /* -1 then */
  int64_t id;
  int is_over;    /* nothing comes any more */
};

struct etoro_httpd_sockets {
  struct etoro_httpd_socket *first;
  struct etoro_poller *poller; /* not owned; watches them, and the server */
};

/* Answers a request of a WebSocket's client with the upgrade; r is not to be
   used afterwards. NULL, or why it cannot be done. */
const char *etoro_httpd_upgrade(struct etoro_httpd_sockets *all,
                                struct etoro_httpd_request *r);

/* A request ends, whatever became of it. */
void etoro_httpd_socket_forget(struct etoro_httpd_request *r);

/* Moves bytes both ways without waiting. */
void etoro_httpd_sockets_run(struct etoro_httpd_sockets *all);

/* One that has a message, or whose end was not told; or NULL. */
struct etoro_httpd_socket *
etoro_httpd_socket_next(const struct etoro_httpd_sockets *all);

struct etoro_httpd_socket *
etoro_httpd_socket_find(const struct etoro_httpd_sockets *all, int64_t id);

/* Ends it without another byte. */
void etoro_httpd_socket_cut(struct etoro_httpd_sockets *all,
                            struct etoro_httpd_socket *s);

/* Cuts it and gives it up. */
void etoro_httpd_socket_free(struct etoro_httpd_sockets *all,
                             struct etoro_httpd_socket *s);

#endif
