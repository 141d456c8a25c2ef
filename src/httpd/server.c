#include "httpd/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/bytes/ascii.h"
#include "core/limits.h"
#include "core/status.h"

struct etoro_httpd {
  struct MHD_Daemon *daemon;  /* owned; NULL before it started */
  struct etoro_httpd_request *first, *last;  /* all that have not ended */
  struct etoro_httpd_sockets sockets;
  struct etoro_poller *poller; /* owned; NULL without epoll */
  struct MHD_Response *refusal;  /* owned; the 413 answer */
  size_t max_body;
  int64_t last_id;
  uintptr_t connections;  /* accepted so far; numbers them */
  int listener;           /* owned until the daemon has it, -1 otherwise */
  int pollfd;             /* the poller's descriptor, -1 without epoll */
  int port;
};

static void request_free(struct etoro_httpd *h, struct etoro_httpd_request *r)
{
  etoro_httpd_socket_forget(r);
  if (r->prev)
    r->prev->next = r->next;
  else
    h->first = r->next;
  if (r->next)
    r->next->prev = r->prev;
  else
    h->last = r->prev;
  if (r->response)
    MHD_destroy_response(r->response);
  etoro_buf_free(&r->body);
  etoro_buf_free(&r->head);
  free(r->target);
  free(r->method);
  free(r);
}

/* The first callback of a request: its value becomes the request's context,
   and on_completed gets it in any case. */
static void *on_target(void *cls, const char *target,
                       struct MHD_Connection *connection)
{
  struct etoro_httpd *h = cls;
  struct etoro_httpd_request *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  etoro_buf_init(&r->head, ETORO_HTTPD_HEAD_MAX * 2);
  etoro_buf_init(&r->body, h->max_body);
  r->target = strdup(target);
  r->has_failed = !r->target;
  r->connection = connection;
  r->prev = h->last;
  if (h->last)
    h->last->next = r;
  else
    h->first = r;
  h->last = r;
  return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **context, enum MHD_RequestTerminationCode code)
{
  struct etoro_httpd_request *r = *context;
  (void)connection;
  (void)code;
  *context = NULL;
  if (r)
    request_free(cls, r);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
  struct etoro_httpd *h = cls;
  int on = 1;
  if (code != MHD_CONNECTION_NOTIFY_STARTED)
    return;
  *context = (void *)++h->connections;
  (void)setsockopt(etoro_httpd_socket(connection), IPPROTO_TCP, TCP_NODELAY,
                   &on, sizeof on);
}

/* The path reaches the caller as it was sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection,
                          char *text)
{
  (void)cls;
  (void)connection;
  return strlen(text);
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind,
                                 const char *name, size_t nlen,
                                 const char *value, size_t vlen)
{
  struct etoro_httpd_request *r = cls;
  size_t i, at = r->head.len;
  (void)kind;
  if (etoro_buf_add(&r->head, name, nlen) || etoro_buf_add(&r->head, "", 1)
      || (value && etoro_buf_add(&r->head, value, vlen))
      || etoro_buf_add(&r->head, "", 1)) {
    r->has_failed = 1;
    return MHD_NO;
  }
  for (i = at; i < at + nlen; i++)
    r->head.data[i] = etoro_lower(r->head.data[i]);
  return MHD_YES;
}

static enum MHD_Result take_head(struct etoro_httpd *h,
                                 struct etoro_httpd_request *r,
                                 const char *method)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      r->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  const char *length;
  r->is_started = 1;
  r->method = strdup(method);
  if (!r->method)
    return MHD_NO;
  if (info)
    r->connection_number = (int64_t)(uintptr_t)info->socket_context;
  (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, on_header,
                                    r);
  if (r->has_failed)
    return MHD_NO;
  length = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
                                       "Content-Length");
  if (length && strtoull(length, NULL, 10) > h->max_body)
    return MHD_queue_response(r->connection, 413, h->refusal);
  return MHD_YES;
}

static enum MHD_Result take_body(struct etoro_httpd_request *r,
                                 const char *data, size_t *size)
{
  int rc = r->is_too_large ? ETORO_OK : etoro_buf_add(&r->body, data, *size);
  if (rc == ETORO_ENOMEM)
    return MHD_NO;
  if (rc) {
    r->is_too_large = 1;
    etoro_buf_free(&r->body);
  }
  *size = 0;
  return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
  struct etoro_httpd *h = cls;
  struct etoro_httpd_request *r = *context;
  (void)url;
  (void)version;
  if (!r || r->has_failed || r->stage == ETORO_HTTPD_DROPPED)
    return MHD_NO;
  if (!r->is_started)
    return take_head(h, r, method);
  if (*upload_size)
    return take_body(r, upload, upload_size);
  if (r->is_too_large)
    return MHD_queue_response(connection, 413, h->refusal);
  if (r->stage == ETORO_HTTPD_ANSWERED)
    return MHD_queue_response(connection, r->status, r->response);
  if (r->stage == ETORO_HTTPD_RECEIVING) {
    r->stage = ETORO_HTTPD_READY;
    r->id = ++h->last_id;
    MHD_suspend_connection(connection);
  }
  return MHD_YES;
}

int etoro_httpd_is_loopback(const char *host)
{
  struct in_addr four;
  struct in6_addr six;
  if (inet_pton(AF_INET, host, &four) == 1)
    return (ntohl(four.s_addr) >> 24) == 127;
  return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Any of the three views of one address. */
union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

static socklen_t read_address(union address *a, const char *host, int port)
{
  memset(a, 0, sizeof *a);
  if (inet_pton(AF_INET, host, &a->four.sin_addr) == 1) {
    a->four.sin_family = AF_INET;
    a->four.sin_port = htons((uint16_t)port);
    return sizeof a->four;
  }
  (void)inet_pton(AF_INET6, host, &a->six.sin6_addr);
  a->six.sin6_family = AF_INET6;
  a->six.sin6_port = htons((uint16_t)port);
  return sizeof a->six;
}

/* 0 or an errno value */
static int open_listener(struct etoro_httpd *h, const char *host, int port)
{
  union address a;
  socklen_t size;
  int on = 1;
  if (!etoro_httpd_is_loopback(host))
    return EADDRNOTAVAIL;
  size = read_address(&a, host, port);
  h->listener = socket(a.any.sa_family, SOCK_STREAM, 0);
  if (h->listener < 0)
    return errno;
  (void)setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fcntl(h->listener, F_SETFD, FD_CLOEXEC)
      || fcntl(h->listener, F_SETFL, O_NONBLOCK)
      || bind(h->listener, &a.any, size) || listen(h->listener, 511)
      || getsockname(h->listener, &a.any, &size))
    return errno;
  h->port =
      ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
  return 0;
}

/* MHD_USE_EPOLL on Linux; elsewhere the daemon is watched with select(). */
static unsigned int daemon_flags(void)
{
  return MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES ? MHD_USE_EPOLL
                                                                : 0;
}

/* The daemon's own descriptor knows nothing of WebSockets: one above both. */
static int open_poller(struct etoro_httpd *h, int fd)
{
  int rc = etoro_poller_open(&h->poller);
  if (!rc)
    rc = etoro_poller_watch(h->poller, fd, ETORO_POLL_IN);
  if (rc)
    return rc == ETORO_ENOMEM ? ENOMEM : errno;
  h->sockets.poller = h->poller;
  h->pollfd = etoro_poller_fd(h->poller);
  return 0;
}

static int start(struct etoro_httpd *h)
{
  const union MHD_DaemonInfo *info;
  unsigned int flags = daemon_flags();
  unsigned int most =
      flags ? ETORO_HTTPD_CONNECTIONS_MAX : FD_SETSIZE - ETORO_HTTPD_SPARED;
  static const char text[] = "request body too large\n";
  h->refusal = MHD_create_response_from_buffer(
      sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
  if (!h->refusal)
    return ENOMEM;
  h->daemon = MHD_start_daemon(
      flags | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, NULL, NULL,
      on_request, h, MHD_OPTION_LISTEN_SOCKET, h->listener,
      MHD_OPTION_URI_LOG_CALLBACK, on_target, (void *)h,
      MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, on_completed, (void *)h,
      MHD_OPTION_NOTIFY_CONNECTION, on_connection, (void *)h,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)ETORO_HTTPD_HEAD_MAX,
      MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_END);
  if (!h->daemon)
    return ENOMEM;
  h->listener = -1;
  info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return flags && info ? open_poller(h, info->epoll_fd) : 0;
}

int etoro_httpd_open(struct etoro_httpd **out, const char *host, int port,
                     size_t max_body)
{
  struct etoro_httpd *h = calloc(1, sizeof *h);
  int rc;
  *out = NULL;
  if (!h)
    return ENOMEM;
  h->listener = h->pollfd = -1;
  h->max_body = max_body;
  rc = open_listener(h, host, port);
  if (!rc)
    rc = start(h);
  if (rc) {
    etoro_httpd_close(h);
    return rc;
  }
  *out = h;
  return 0;
}

void etoro_httpd_close(struct etoro_httpd *h)
{
  struct etoro_httpd_request *r;
  if (!h)
    return;
  if (h->daemon) {
    /* a daemon must not be stopped over suspended connections */
    for (r = h->first; r; r = r->next)
      if (r->stage == ETORO_HTTPD_READY || r->stage == ETORO_HTTPD_TAKEN) {
        r->stage = ETORO_HTTPD_DROPPED;
        MHD_resume_connection(r->connection);
      }
    while (h->sockets.first) /* nor over upgraded ones */
      etoro_httpd_socket_free(&h->sockets, h->sockets.first);
    MHD_stop_daemon(h->daemon);
  }
  etoro_poller_free(h->poller);
  if (h->refusal)
    MHD_destroy_response(h->refusal);
  if (h->listener >= 0)
    close(h->listener);
  free(h);
}

int etoro_httpd_port(const struct etoro_httpd *h)
{
  return h->port;
}

int etoro_httpd_fd(const struct etoro_httpd *h)
{
  return h->pollfd;
}

static double monotonic(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t))
    return 0;
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct etoro_httpd_request *next_ready(struct etoro_httpd *h)
{
  struct etoro_httpd_request *best = NULL, *r;
  for (r = h->first; r; r = r->next)
    if (r->stage == ETORO_HTTPD_READY && (!best || r->id < best->id))
      best = r;
  return best;
}

/* The same as poll() on the daemon's descriptors where there is no epoll. */
static int poll_each(struct etoro_httpd *h, int ms)
{
  struct timeval t = { ms / 1000, ms % 1000 * 1000 };
  fd_set in, out, err;
  int max = -1;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_ZERO(&err);
  if (MHD_get_fdset2(h->daemon, &in, &out, &err, &max, FD_SETSIZE) != MHD_YES)
    return 1;
  return select(max + 1, &in, &out, &err, &t);
}

/* Waits until the daemon has work: > 0 when it has, 0 when the time is over
   first, < 0 when a signal was caught. */
static int wait_for_work(struct etoro_httpd *h, int ms)
{
  struct pollfd p = { h->pollfd, POLLIN, 0 };
  MHD_UNSIGNED_LONG_LONG due;
  int n;
  if (MHD_get_timeout(h->daemon, &due) == MHD_YES && due <= (unsigned)ms) {
    if (due == 0)
      return 1;
    ms = (int)due;
  }
  n = p.fd >= 0 ? poll(&p, 1, ms) : poll_each(h, ms);
  return n < 0 && errno != EINTR ? 1 : n;
}

static int left_ms(double until)
{
  double ms = (until - monotonic()) * 1000;
  return ms <= 0 ? 0 : ms > 60000 ? 60000 : (int)ms + 1;
}

/* Requests first: a WebSocket that never ends its talk must not starve them. */
static int find_news(struct etoro_httpd *h, struct etoro_httpd_news *out)
{
  out->request = next_ready(h);
  out->socket = out->request ? NULL : etoro_httpd_socket_next(&h->sockets);
  return out->request || out->socket;
}

struct etoro_httpd_sockets *etoro_httpd_sockets_of(struct etoro_httpd *h)
{
  return &h->sockets;
}

enum etoro_httpd_event etoro_httpd_wait(struct etoro_httpd *h, double seconds,
                                        struct etoro_httpd_news *out)
{
  double until = monotonic() + (seconds > 0 ? seconds : 0);
  int extra = ETORO_HTTPD_EXTRA_RUNS;
  while (!find_news(h, out)) {
    int ms, n;
    (void)MHD_run(h->daemon);  /* answers first: they wake no descriptor */
    etoro_httpd_sockets_run(&h->sockets);
    if (find_news(h, out))
      break;
    ms = left_ms(until);
    n = wait_for_work(h, ms);
    if (n < 0)
      return ETORO_HTTPD_INTERRUPTED;
    if (ms == 0 && (n == 0 || extra-- == 0))
      return ETORO_HTTPD_TIMEOUT;
  }
  return out->request ? ETORO_HTTPD_REQUEST : ETORO_HTTPD_SOCKET;
}

struct etoro_httpd_request *etoro_httpd_find(struct etoro_httpd *h, int64_t id)
{
  struct etoro_httpd_request *r = h->first;
  while (r && !(r->id == id && r->stage == ETORO_HTTPD_TAKEN))
    r = r->next;
  return r;
}
