#include "httpd/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "core/limits.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

int etoro_httpd_socket(struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

void etoro_httpd_remote(const struct etoro_httpd_request *r,
                        char text[INET6_ADDRSTRLEN])
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *a = info ? info->client_addr : NULL;
  const void *raw = a;
  text[0] = '\0';
  if (a && a->sa_family == AF_INET)
    (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)raw)->sin_addr,
                    text, INET6_ADDRSTRLEN);
  else if (a && a->sa_family == AF_INET6)
    (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)raw)->sin6_addr,
                    text, INET6_ADDRSTRLEN);
}

/* A body that stops after `keep` bytes. */
struct cut_body {
  size_t keep;
  char data[];
};

/* The length was announced, so that the peer sees an answer that breaks off. */
static ssize_t on_cut_body(void *cls, uint64_t pos, char *out, size_t max)
{
  const struct cut_body *b = cls;
  size_t left = pos < b->keep ? b->keep - (size_t)pos : 0;
  if (!left)
    return MHD_CONTENT_READER_END_WITH_ERROR;
  if (left > max)
    left = max;
  memcpy(out, b->data + pos, left);
  return (ssize_t)left;
}

static struct MHD_Response *make_cut(const char *body, size_t len, size_t keep)
{
  struct MHD_Response *response;
  struct cut_body *b = malloc(sizeof *b + keep);
  if (!b)
    return NULL;
  b->keep = keep;
  if (keep)
    memcpy(b->data, body, keep);
  response = MHD_create_response_from_callback(len, ETORO_HTTPD_CUT_BLOCK,
                                               on_cut_body, b, free);
  if (!response)
    free(b);
  return response;
}

int etoro_httpd_prepare(struct etoro_httpd_request *r, const char *body,
                        size_t len, int64_t keep)
{
  if (r->response)
    MHD_destroy_response(r->response);
  if (keep < 0)
    r->response = MHD_create_response_from_buffer(len, (void *)(uintptr_t)body,
                                                  MHD_RESPMEM_MUST_COPY);
  else
    r->response =
        make_cut(body, len, (uint64_t)keep < len ? (size_t)keep : len);
  return r->response != NULL;
}

int etoro_httpd_header(struct etoro_httpd_request *r, const char *name,
                       const char *value)
{
  return MHD_add_response_header(r->response, name, value) == MHD_YES;
}

void etoro_httpd_answer(struct etoro_httpd_request *r, unsigned int status)
{
  r->status = status;
  r->stage = ETORO_HTTPD_ANSWERED;
  MHD_resume_connection(r->connection);
}

/* Past the library, which writes only what is HTTP: this is how answers are
   garbled. Waits for a slow reader for some time, and then gives up. */
size_t etoro_httpd_send(struct etoro_httpd_request *r, const char *data,
                        size_t len)
{
  struct pollfd p = { etoro_httpd_socket(r->connection), POLLOUT, 0 };
  size_t done = 0;
  while (done < len) {
    ssize_t n =
        send(p.fd, data + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
      done += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
      break;
    else if (poll(&p, 1, ETORO_HTTPD_SEND_MS) <= 0)
      break;
  }
  return done;
}

void etoro_httpd_cut(struct etoro_httpd_request *r, int is_reset)
{
  if (is_reset) {
    struct sockaddr none;
    memset(&none, 0, sizeof none);
    none.sa_family = AF_UNSPEC;  /* disconnects: the peer sees a reset */
    (void)connect(etoro_httpd_socket(r->connection), &none, sizeof none);
  }
  r->stage = ETORO_HTTPD_DROPPED;
  MHD_resume_connection(r->connection);
}

int etoro_httpd_is_gone(const struct etoro_httpd_request *r)
{
  char c;
  ssize_t n =
      recv(etoro_httpd_socket(r->connection), &c, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
