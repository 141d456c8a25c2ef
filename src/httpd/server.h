/* A small HTTP server over libmicrohttpd, for the sandbox: plain HTTP on this
   machine's loopback. It collects each complete request and holds its
   connection until the caller answers, cuts or garbles it. One thread; it
   works only while etoro_httpd_wait runs. No Lua in here. */
#ifndef ETORO_HTTPD_SERVER_H
#define ETORO_HTTPD_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "httpd/request.h"
#include "httpd/socket.h"

struct etoro_httpd;

enum etoro_httpd_event {
  ETORO_HTTPD_REQUEST,
  ETORO_HTTPD_SOCKET,
  ETORO_HTTPD_TIMEOUT,
  ETORO_HTTPD_INTERRUPTED  /* a signal was caught */
};

/* Whether the text is an address (not a name) of this machine's loopback. */
int etoro_httpd_is_loopback(const char *host);

/* Listens on a loopback address; port 0 is any free one. 0, or an errno value
   (ENOMEM also when the library did not start) with *out NULL. */
int etoro_httpd_open(struct etoro_httpd **out, const char *host, int port,
                     size_t max_body);

/* Ends every connection and releases all requests. Takes NULL. */
void etoro_httpd_close(struct etoro_httpd *h);

int etoro_httpd_port(const struct etoro_httpd *h);

/* A descriptor that is readable when etoro_httpd_wait has work; -1 where
   there is no epoll. */
int etoro_httpd_fd(const struct etoro_httpd *h);

struct etoro_httpd_news {
  struct etoro_httpd_request *request;
  struct etoro_httpd_socket *socket;
};

/* Serves connections until a request is READY, which the caller sets to TAKEN
   when it has read it, and gets again otherwise; or until a WebSocket has a
   message, or has ended, which the caller takes, or frees it. */
enum etoro_httpd_event etoro_httpd_wait(struct etoro_httpd *h, double seconds,
                                        struct etoro_httpd_news *out);

/* The WebSockets that requests were answered with. */
struct etoro_httpd_sockets *etoro_httpd_sockets_of(struct etoro_httpd *h);

/* The TAKEN request of this id, or NULL. */
struct etoro_httpd_request *etoro_httpd_find(struct etoro_httpd *h,
                                             int64_t id);

#endif
