#define CURL_DISABLE_DEPRECATION /* curl_multi_socket_all, see attach */
#include "core/engine/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/engine/ending.h"
#include "core/bytes/secret.h"
#include "core/engine/setup.h"
#include "core/net/multi.h"
#include "core/net/sockets.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/net/tls.h"

struct etoro_wire {
  CURLM *multi;
  long per_host;
  struct etoro_poller *poller; /* not owned; NULL: libcurl polls by itself */
  struct etoro_sockets sockets;
  struct etoro_links links;
  struct etoro_tls_look look; /* into what a TLS session holds */
  int has_spoken;             /* a request has gone out in this run */
  int has_login;              /* a proxy's may go out in any */
  int leaves_traces;          /* of headers on the stack */
  int bell;                   /* listened to beside the sockets; -1: none */
  double now;                 /* when the last call came in, monotonic */
  double due;                 /* when libcurl wants to run; -1: never */
};

/* Callbacks touch the job's memory only. A short count stops the transfer. */
static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
  struct etoro_job *j = ((struct etoro_handle *)context)->job;
  j->write_status = j->is_packed ? etoro_job_unpack(j, bytes, size * n)
                                 : etoro_buf_add(&j->reply, bytes, size * n);
  return j->write_status ? 0 : size * n;
}

/* A connection that speaks HTTP/1 once does so always. */
static void note_version(struct etoro_handle *h, const char *line)
{
  struct etoro_socket *s = etoro_sockets_get(&h->wire->sockets, h->fd);
  if (line[5] >= '2')
    return;
  h->is_spent = 1;
  if (s)
    s->is_h1 = 1;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
  struct etoro_job *j = ((struct etoro_handle *)context)->job;
  if (size * n > 5 && !memcmp(bytes, "HTTP/", 5)) {
    note_version(context, bytes);
    etoro_buf_reset(&j->headers, (size_t)-1); /* an earlier 1xx reply's */
    j->is_headed = 0;
    j->may_limit = 0;
    j->is_packed = 0;
  } else if (*bytes == '\r' || *bytes == '\n')
    j->is_headed = 1;
  else if ((*bytes | 0x20) == 'r' || (*bytes | 0x20) == 'x')
    j->may_limit = 1; /* Retry-After, RateLimit-Reset, X-RateLimit-Limit */
  else if (size * n > 9 && (*bytes | 0x20) == 'c' && (bytes[8] | 0x20) == 'e')
    j->is_packed = 1; /* Content-Encoding; trailers come too late for it */
  /* those of earlier 1xx replies count, so that they cannot go on for ever */
  j->header_bytes += size * n;
  j->write_status = j->header_bytes > ETORO_REPLY_HEADERS_MAX
                        ? ETORO_ETOOBIG
                        : etoro_buf_add(&j->headers, bytes, size * n);
  j->is_header_large = j->write_status == ETORO_ETOOBIG;
  return j->write_status ? 0 : size * n;
}

/* Called for each socket that is opened, and each that is to be closed, also
   long after the transfer that asked for it has ended. */
static int on_open(void *context, curl_socket_t fd, curlsocktype purpose)
{
  struct etoro_wire *w = context;
  (void)purpose;
  return etoro_sockets_add(&w->sockets, fd) ? CURL_SOCKOPT_ERROR
                                            : CURL_SOCKOPT_OK;
}

static int on_close(void *context, curl_socket_t fd)
{
  struct etoro_wire *w = context;
  /* Before it is closed: after that another thread may have the number. */
  etoro_sockets_drop(&w->sockets, fd);
  return close(fd);
}

/* 1 when a handle must not read what a connection may bring: see
   etoro_client_reuse. Only one that another request has used already, and that
   did not speak HTTP/1, is known not to. */
static int is_too_worn(const struct etoro_handle *h,
                       const struct etoro_socket *s)
{
  return h->is_worn && h->job->client->spends_handles
         && !(s && s->is_used && !s->is_h1);
}

/* 1 when bytes may wait above the socket. Of TLS inside a proxy's TLS only one
   of the two can be asked. */
static int may_hold_input(const struct etoro_handle *h)
{
  const struct etoro_client *c = h->job->client;
  return c->proxy.is_https
         || (c->base.is_https
             && etoro_tls_holds_input(&h->wire->look, h->easy));
}

/* 1 when what comes on a connection will be the answer to the request that
   goes out on it now. An answer that nobody asked for would be taken for this
   one's, and one that its peer has ended loses the request. A connection's
   first request is not looked at: a TLS server has its say before it. */
static int is_ours(const struct etoro_handle *h, const struct etoro_socket *s)
{
  long opened = 0;
  if (is_too_worn(h, s))
    return 0;
  if (!s) {
    curl_easy_getinfo(h->easy, CURLINFO_NUM_CONNECTS, &opened);
    return opened > 0;
  }
  if (!s->is_used)
    return 1;
  return etoro_socket_is_clean(s) && !(s->is_h1 && may_hold_input(h));
}

/* Runs right before a request's first byte, also when libcurl sends it anew
   by itself because a kept connection died. Only what is safe may go twice. */
static int on_request(void *context, char *ip, char *local_ip, int port,
                      int local_port)
{
  struct etoro_handle *h = context;
  struct etoro_job *j = h->job;
  struct etoro_ends ends;
  struct etoro_socket *s = NULL;
  /* What went out once on a connection that then died may have been carried
     out. The abort ends as a reply that was lost, to be resolved. */
  if (j->is_sent && j->klass != ETORO_CLASS_SAFE)
    return CURL_PREREQFUNC_ABORT;
  if (etoro_ends_set(&ends, ip, port, local_ip, local_port))
    s = etoro_sockets_find(&h->wire->sockets, &ends);
  if (!is_ours(h, s)) {
    h->is_spoilt = 1;
    if (!is_too_worn(h, s)) /* one of HTTP/2 would be kept */
      curl_easy_setopt(h->easy, CURLOPT_FORBID_REUSE, 1L);
    return CURL_PREREQFUNC_ABORT;
  }
  h->wire->has_spoken = 1;
  h->fd = s ? s->fd : -1;
  if (s)
    s->is_used = 1;
  if (j->is_sent)
    j->may_have_run = 1; /* so a DELETE's 404 means that it is done */
  j->is_sent = 1;
  return CURL_PREREQFUNC_OK;
}

int etoro_wire_open(struct etoro_wire **out)
{
  struct etoro_wire *w = calloc(1, sizeof *w);
  *out = NULL;
  if (!w)
    return ETORO_ENOMEM;
  w->multi = etoro_multi_new();
  if (!w->multi) {
    free(w);
    return ETORO_ENOMEM;
  }
  w->leaves_traces =
      curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000;
  etoro_tls_find_look(&w->look);
  w->bell = -1;
  w->due = -1;
  *out = w;
  return ETORO_OK;
}

void etoro_wire_free(struct etoro_wire *w)
{
  if (!w)
    return;
  /* In this order: closing connections calls on_close, which looks into the
     list. */
  curl_multi_cleanup(w->multi);
  etoro_sockets_free(&w->sockets);
  free(w);
}

/* Links come on top: they must not take a request's place. */
static void set_room(struct etoro_wire *w)
{
  long kept = w->per_host > ETORO_KEPT_CONNECTIONS_MAX
                  ? w->per_host
                  : ETORO_KEPT_CONNECTIONS_MAX;
  if (w->per_host)
    curl_multi_setopt(w->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      w->per_host + w->links.count);
  curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, kept + w->links.count);
}

void etoro_wire_widen(struct etoro_wire *w, long n)
{
  /* It only grows: several clients share a wire, and one with few connections
     must not take them from the others. Each counts its own as well. */
  if (n <= w->per_host)
    return;
  w->per_host = n;
  set_room(w);
}

int etoro_wire_connect(struct etoro_wire *w, struct etoro_link *link,
                       struct etoro_client *c)
{
  int rc = etoro_links_open(&w->links, link, c, w->multi);
  if (strchr(c->proxy.url, '@'))
    w->has_login = 1;
  set_room(w);
  return rc;
}

void etoro_wire_disconnect(struct etoro_wire *w, struct etoro_link *link)
{
  etoro_links_close(&w->links, link, w->multi, w->poller);
  set_room(w);
}

int etoro_wire_heed(struct etoro_wire *w, struct etoro_link *link, int events)
{
  return etoro_links_heed(link, events, w->poller);
}

/* What stays the same as long as a handle lives. */
static CURLcode set_callbacks(struct etoro_wire *w, struct etoro_handle *h)
{
  CURL *easy = h->easy;
  CURLcode rc;
  h->wire = w;
#define SET(option, value) \
  (rc = rc ? rc : curl_easy_setopt(easy, option, value))
  /* The handle, not the job: it outlives many jobs, and so these are set
     once. */
  rc = curl_easy_setopt(easy, CURLOPT_PRIVATE, h);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, h);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, h);
  SET(CURLOPT_PREREQFUNCTION, on_request);
  SET(CURLOPT_PREREQDATA, h);
  SET(CURLOPT_SOCKOPTFUNCTION, on_open);
  SET(CURLOPT_SOCKOPTDATA, w);
  SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  SET(CURLOPT_CLOSESOCKETDATA, w);
#undef SET
  h->is_wired = !rc;
  return rc;
}

/* Whether it may go over a connection that was kept. */
static CURLcode set_fresh(struct etoro_handle *h, int is_fresh)
{
  if (h->is_spoilt)
    curl_easy_setopt(h->easy, CURLOPT_FORBID_REUSE, 0L);
  h->fd = -1;
  h->is_spoilt = 0;
  if (h->is_fresh == is_fresh)
    return CURLE_OK;
  h->is_fresh = is_fresh;
  return curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, (long)is_fresh);
}

static int begin(struct etoro_wire *w, struct etoro_job *j, int is_fresh)
{
  struct etoro_handle *h = j->handle;
  if (strchr(j->client->proxy.url, '@'))
    w->has_login = 1;
  return (h->is_wired || !set_callbacks(w, h)) && !set_fresh(h, is_fresh)
         && !etoro_setup_request(j)
         && !curl_multi_add_handle(w->multi, h->easy);
}

static void give_back(struct etoro_job *j)
{
  struct etoro_handle *h = j->handle;
  h->is_worn |= j->is_sent;
  h->job = NULL;
  j->handle = NULL;
  etoro_client_reuse(j->client, h);
}

int etoro_wire_start(struct etoro_wire *w, struct etoro_job *j)
{
  struct etoro_handle *h;
  struct curl_slist *shared;
  shared = etoro_credentials_lines(j->credentials, j->url, j->body_kind);
  if (!shared)
    return ETORO_EINVAL;
  h = etoro_client_handle(j->client);
  if (!h)
    return ETORO_ENOMEM;
  /* Linked and not copied: the keys' lines stay in their one sealed place. */
  j->lines[j->nlines - 1].next = shared;
  h->error[0] = '\0';
  j->handle = h;
  h->job = j;
  if (!begin(w, j, 0)) {
    give_back(j);
    return ETORO_ECURL;
  }
  return ETORO_OK;
}

void etoro_wire_stop(struct etoro_wire *w, struct etoro_job *j)
{
  if (!j->handle)
    return;
  /* Over HTTP/1 that closes a connection whose answer has not come yet: it
     would be the next request's. */
  curl_multi_remove_handle(w->multi, j->handle->easy);
  give_back(j);
}

/* Puts an attempt of which nothing was sent on the wire once more: through a
   new handle when it was that, else over a connection of its own. */
static int start_again(struct etoro_wire *w, struct etoro_job *j)
{
  struct etoro_handle *h = j->handle;
  int is_worn = h->is_worn && j->client->spends_handles;
  curl_multi_remove_handle(w->multi, h->easy);
  h->error[0] = '\0';
  if (is_worn && etoro_client_renew_handle(j->client, h))
    return 0;
  return begin(w, j, !is_worn);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
                     void *unused)
{
  struct etoro_wire *w = context;
  int events = what == CURL_POLL_IN      ? ETORO_POLL_IN
               : what == CURL_POLL_OUT   ? ETORO_POLL_OUT
               : what == CURL_POLL_INOUT ? ETORO_POLL_IN | ETORO_POLL_OUT
                                         : 0;
  (void)easy;
  (void)unused;
  return etoro_poller_watch(w->poller, fd, events) ? -1 : 0;
}

/* Only noted: libcurl must not be called from its own callbacks. */
static int on_timer(CURLM *multi, long ms, void *context)
{
  struct etoro_wire *w = context;
  (void)multi;
  w->due = ms < 0 ? -1 : w->now + (double)ms / 1000.0;
  return 0;
}

static void set_watchers(struct etoro_wire *w, struct etoro_poller *p)
{
  w->poller = p;
  curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, p ? on_socket : NULL);
  curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
  curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, p ? on_timer : NULL);
  curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
}

/* Versions from 8 on write headers by way of the stack. */
static void tidy(struct etoro_wire *w)
{
  if (w->leaves_traces && (w->has_spoken || w->has_login))
    etoro_wipe_stack();
  w->has_spoken = 0;
}

int etoro_wire_attach(struct etoro_wire *w, struct etoro_poller *p)
{
  int running, failed;
  if ((w->bell >= 0 && etoro_poller_watch(p, w->bell, ETORO_POLL_IN))
      || etoro_links_watch(&w->links, p))
    return ETORO_EIO;
  set_watchers(w, p);
  /* the one call that tells of the sockets of transfers under way */
  failed = curl_multi_socket_all(w->multi, &running) != CURLM_OK;
  tidy(w);
  if (failed) {
    set_watchers(w, NULL);
    return ETORO_ECURL;
  }
  /* it has moved them on as well: what ended is read in the next run, which
     nothing else may ask for */
  w->due = w->now;
  return ETORO_OK;
}

int etoro_wire_listen(struct etoro_wire *w, int fd)
{
  w->bell = fd;
  return w->poller ? etoro_poller_watch(w->poller, fd, ETORO_POLL_IN)
                   : ETORO_OK;
}

static int serve(struct etoro_wire *w, int fd, int events)
{
  int running;
  int mask = (events & ETORO_POLL_IN ? CURL_CSELECT_IN : 0)
             | (events & ETORO_POLL_OUT ? CURL_CSELECT_OUT : 0)
             | (events & ETORO_POLL_ERROR ? CURL_CSELECT_ERR : 0);
  return curl_multi_socket_action(w->multi, fd, mask, &running) ? ETORO_ECURL
                                                                : ETORO_OK;
}

static int run_ready(struct etoro_wire *w)
{
  struct etoro_ready ready[ETORO_READY_MAX];
  size_t n = etoro_poller_wait(w->poller, 0, ready, ETORO_READY_MAX);
  size_t i;
  int rc = ETORO_OK;
  for (i = 0; i < n && !rc; i++)
    if (ready[i].fd != w->bell && !etoro_links_own(&w->links, ready[i].fd))
      rc = serve(w, ready[i].fd, ready[i].events);
  /* After the sockets: an answer that is there must not lose to its own
     timeout. */
  if (!rc && w->due >= 0 && w->due <= w->now) {
    w->due = -1;
    rc = serve(w, CURL_SOCKET_TIMEOUT, 0);
  }
  return rc;
}

int etoro_wire_run(struct etoro_wire *w, double now)
{
  int running, rc;
  w->now = now;
  if (w->poller)
    rc = run_ready(w);
  else
    rc = curl_multi_perform(w->multi, &running) ? ETORO_ECURL : ETORO_OK;
  tidy(w);
  return rc;
}

double etoro_wire_due(const struct etoro_wire *w)
{
  return w->poller ? w->due : -1;
}

int etoro_wire_wait(struct etoro_wire *w, double seconds)
{
  struct curl_waitfd more[ETORO_LINKS_MAX + 1];
  unsigned n = 0;
  int ms;
  if (seconds > ETORO_WAIT_MAX)
    seconds = ETORO_WAIT_MAX;
  ms = (int)(seconds * 1000.0 + 0.999);
  if (w->poller) {
    struct pollfd one = { etoro_poller_fd(w->poller), POLLIN, 0 };
    poll(&one, 1, ms); /* a signal ends it, which is no failure */
    return ETORO_OK;
  }
  if (w->bell >= 0)
    more[n++] = (struct curl_waitfd){ w->bell, CURL_WAIT_POLLIN, 0 };
  n += etoro_links_fill(&w->links, more + n);
  return curl_multi_poll(w->multi, more, n, ms, NULL) ? ETORO_ECURL : ETORO_OK;
}

struct etoro_job *etoro_wire_next(struct etoro_wire *w)
{
  int left;
  const CURLMsg *m;
  while ((m = curl_multi_info_read(w->multi, &left)) != NULL) {
    char *context = NULL;
    CURL *easy = m->easy_handle;
    CURLcode rc = m->data.result;
    if (m->msg != CURLMSG_DONE || etoro_links_land(&w->links, easy, rc))
      continue;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    if (context) {
      struct etoro_job *j = ((struct etoro_handle *)(void *)context)->job;
      int is_spoilt = j->handle->is_spoilt;
      if (is_spoilt && start_again(w, j))
        continue;
      if (is_spoilt)
        j->code = ETORO_CODE_OUT_OF_MEMORY;
      else
        etoro_ending_read(j, easy, rc);
      etoro_wire_stop(w, j); /* m is not valid any more */
      return j;
    }
  }
  return NULL;
}
