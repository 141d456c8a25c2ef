#define CURL_DISABLE_DEPRECATION /* curl_multi_socket_all, see attach */
#include "core/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/ending.h"
#include "core/status.h"

#define CONNECTIONS_KEPT 64L
#define WAIT_LONGEST 3600.0
#define PATH_SHORT 256

#define READY_MOST 8   /* sockets served in one run, so that it stays short */

struct etoro_wire {
  CURLM *multi;
  long per_host;
  struct etoro_poller *poller; /* not owned; NULL: libcurl polls by itself */
  int bell;                    /* listened to beside the sockets; -1: none */
  double now;                  /* when the last call came in, monotonic */
  double due;                  /* when libcurl wants to run; -1: never */
};

/* Callbacks touch the job's memory only. A short count stops the transfer. */
static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
  struct etoro_job *j = ((struct etoro_handle *)context)->job;
  j->write_status = j->is_packed ? etoro_job_unpack(j, bytes, size * n)
                                 : etoro_buf_add(&j->reply, bytes, size * n);
  return j->write_status ? 0 : size * n;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
  struct etoro_job *j = ((struct etoro_handle *)context)->job;
  if (size * n > 5 && !memcmp(bytes, "HTTP/", 5)) {
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
  j->write_status = j->header_bytes > ETORO_HEADERS_MAX
                        ? ETORO_ETOOBIG
                        : etoro_buf_add(&j->headers, bytes, size * n);
  j->is_header_large = j->write_status == ETORO_ETOOBIG;
  return j->write_status ? 0 : size * n;
}

/* Runs right before a request's first byte, also when libcurl sends it anew
   by itself because a kept connection died. Only what is safe may go twice. */
static int on_request(void *context, char *ip, char *local_ip, int port,
                      int local_port)
{
  struct etoro_job *j = ((struct etoro_handle *)context)->job;
  (void)ip;
  (void)local_ip;
  (void)port;
  (void)local_port;
  if (j->is_sent && j->klass != ETORO_CLASS_SAFE)
    return CURL_PREREQFUNC_ABORT;
  if (j->is_sent)
    j->may_have_run = 1; /* so a DELETE's 404 means that it is done */
  j->is_sent = 1;
  return CURL_PREREQFUNC_OK;
}

/* libcurl does as to SIGPIPE what the handle wants that was added last: until
   there has been one it takes the process's handler away as it runs and as it
   closes, which no thread of a host may ever see. */
static int make_quiet(CURLM *multi)
{
  CURL *easy = curl_easy_init();
  int is_quiet = easy && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)
                 && !curl_multi_add_handle(multi, easy)
                 && !curl_multi_remove_handle(multi, easy);
  curl_easy_cleanup(easy);
  return is_quiet;
}

int etoro_wire_open(struct etoro_wire **out)
{
  struct etoro_wire *w = calloc(1, sizeof *w);
  *out = NULL;
  if (!w)
    return ETORO_ENOMEM;
  w->multi = curl_multi_init();
  if (!w->multi || !make_quiet(w->multi)) {
    curl_multi_cleanup(w->multi);
    free(w);
    return ETORO_ENOMEM;
  }
  curl_multi_setopt(w->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
  w->bell = -1;
  w->due = -1;
  *out = w;
  return ETORO_OK;
}

void etoro_wire_free(struct etoro_wire *w)
{
  if (!w)
    return;
  curl_multi_cleanup(w->multi);
  free(w);
}

void etoro_wire_widen(struct etoro_wire *w, long n)
{
  if (n <= w->per_host)
    return;
  w->per_host = n;
  curl_multi_setopt(w->multi, CURLMOPT_MAX_HOST_CONNECTIONS, n);
  if (n > CONNECTIONS_KEPT)
    curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, n);
}

/* A request with a body, or one whose method calls for a length of 0. */
static CURLcode set_upload(const struct etoro_job *j, CURL *easy)
{
  CURLcode rc = curl_easy_setopt(easy, CURLOPT_POST, 1L);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                          (curl_off_t)j->body_len);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, j->body ? j->body : "");
  return rc;
}

static CURLcode set_method(const struct etoro_job *j, CURL *easy)
{
  const char *m = j->method;
  const char *custom = m;
  CURLcode rc;
  int is_upload = j->body || etoro_method_has_length(m);
  if (is_upload)
    rc = set_upload(j, easy);
  else
    rc = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (!rc && !is_upload && !strcmp(m, "HEAD"))
    rc = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (!strcmp(m, is_upload ? "POST" : "GET") || !strcmp(m, "HEAD"))
    custom = NULL; /* what libcurl says by itself */
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom);
  return rc;
}

/* libcurl would parse a URL and write it out again for every request, at a
   seventh of its own cost; the origin's parts are at hand already. Escapes
   are left to it, because parts that are set get theirs in lower case. NULL
   when the URL is not of this kind; the parts then say nothing. */
static CURLU *take_apart(const struct etoro_job *j)
{
  CURLU *parts = j->handle->parts;
  const char *path = j->url + strlen(j->client->base.origin);
  const char *query = strchr(path, '?');
  char text[PATH_SHORT];
  size_t n = query ? (size_t)(query - path) : strlen(path);
  if (n >= sizeof text || strchr(path, '%'))
    return NULL;
  memcpy(text, path, n);
  text[n] = '\0';
  if (curl_url_set(parts, CURLUPART_PATH, text, 0)
      || curl_url_set(parts, CURLUPART_QUERY, query ? query + 1 : NULL, 0))
    return NULL;
  return parts;
}

/* Newer versions forget the text when parts are set, no parts too, and go by
   the parts as long as there are any; older ones look at both. So whichever
   counts is set last. */
static CURLcode give_url(struct etoro_job *j, CURL *easy)
{
  CURLU *parts = take_apart(j);
  CURLcode rc;
  if (!parts) {
    rc = curl_easy_setopt(easy, CURLOPT_CURLU, NULL);
    return rc ? rc : curl_easy_setopt(easy, CURLOPT_URL, j->url);
  }
  rc = curl_easy_setopt(easy, CURLOPT_URL, j->url);
  return rc ? rc : curl_easy_setopt(easy, CURLOPT_CURLU, parts);
}

/* Most requests of a handle ask for what its last one did. */
static CURLcode set_url(struct etoro_job *j, CURL *easy)
{
  struct etoro_handle *h = j->handle;
  size_t n = strlen(j->url) + 1;
  CURLcode rc;
  if (n <= sizeof h->url && !memcmp(h->url, j->url, n))
    return CURLE_OK;
  h->url[0] = '\0';
  rc = give_url(j, easy);
  if (!rc && n <= sizeof h->url)
    memcpy(h->url, j->url, n);
  return rc;
}

static CURLcode set_request(struct etoro_job *j, CURL *easy)
{
  struct etoro_handle *h = j->handle;
  int is_get = !j->body && !strcmp(j->method, "GET");
  CURLcode rc = CURLE_OK;
  if (!is_get || !h->is_get) {
    h->is_get = 0;
    rc = set_method(j, easy);
    h->is_get = is_get && !rc;
  }
  if (!rc)
    rc = set_url(j, easy);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, j->lines);
  return rc;
}

/* What stays the same as long as a handle lives. */
static CURLcode set_callbacks(struct etoro_handle *h)
{
  CURL *easy = h->easy;
  CURLcode rc;
#define SET(option, value) \
  if (!rc) \
  rc = curl_easy_setopt(easy, option, value)
  rc = curl_easy_setopt(easy, CURLOPT_PRIVATE, h);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, h);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, h);
  SET(CURLOPT_PREREQFUNCTION, on_request);
  SET(CURLOPT_PREREQDATA, h);
#undef SET
  h->is_wired = !rc;
  return rc;
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
  j->lines[j->nlines - 1].next = shared;
  h->error[0] = '\0';
  j->handle = h;
  h->job = j;
  if ((!h->is_wired && set_callbacks(h)) || set_request(j, h->easy)
      || curl_multi_add_handle(w->multi, h->easy)) {
    j->handle = NULL;
    etoro_client_reuse(j->client, h);
    return ETORO_ECURL;
  }
  return ETORO_OK;
}

void etoro_wire_stop(struct etoro_wire *w, struct etoro_job *j)
{
  struct etoro_handle *h = j->handle;
  if (!h)
    return;
  j->handle = NULL;
  curl_multi_remove_handle(w->multi, h->easy);
  etoro_client_reuse(j->client, h);
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

int etoro_wire_attach(struct etoro_wire *w, struct etoro_poller *p)
{
  int running;
  if (w->bell >= 0 && etoro_poller_watch(p, w->bell, ETORO_POLL_IN))
    return ETORO_EIO;
  set_watchers(w, p);
  /* the one call that tells of the sockets of transfers under way */
  if (curl_multi_socket_all(w->multi, &running)) {
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
  struct etoro_ready ready[READY_MOST];
  size_t n = etoro_poller_wait(w->poller, 0, ready, READY_MOST);
  size_t i;
  int rc = ETORO_OK;
  for (i = 0; i < n && !rc; i++)
    if (ready[i].fd != w->bell)
      rc = serve(w, ready[i].fd, ready[i].events);
  if (!rc && w->due >= 0 && w->due <= w->now) {
    w->due = -1;
    rc = serve(w, CURL_SOCKET_TIMEOUT, 0);
  }
  return rc;
}

int etoro_wire_run(struct etoro_wire *w, double now)
{
  int running;
  w->now = now;
  if (w->poller)
    return run_ready(w);
  return curl_multi_perform(w->multi, &running) ? ETORO_ECURL : ETORO_OK;
}

double etoro_wire_due(const struct etoro_wire *w)
{
  return w->poller ? w->due : -1;
}

int etoro_wire_wait(struct etoro_wire *w, double seconds)
{
  struct curl_waitfd bell = { -1, CURL_WAIT_POLLIN, 0 };
  int ms;
  if (seconds > WAIT_LONGEST)
    seconds = WAIT_LONGEST;
  ms = (int)(seconds * 1000.0 + 0.999);
  if (w->poller) {
    struct pollfd one = { etoro_poller_fd(w->poller), POLLIN, 0 };
    poll(&one, 1, ms); /* a signal ends it, which is no failure */
    return ETORO_OK;
  }
  bell.fd = w->bell;
  return curl_multi_poll(w->multi, &bell, w->bell >= 0, ms, NULL) ? ETORO_ECURL
                                                                  : ETORO_OK;
}

struct etoro_job *etoro_wire_next(struct etoro_wire *w)
{
  int left;
  const CURLMsg *m;
  while ((m = curl_multi_info_read(w->multi, &left)) != NULL) {
    char *context = NULL;
    CURL *easy = m->easy_handle;
    CURLcode rc = m->data.result;
    if (m->msg != CURLMSG_DONE)
      continue;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    if (context) {
      struct etoro_job *j = ((struct etoro_handle *)(void *)context)->job;
      etoro_ending_read(j, easy, rc);
      etoro_wire_stop(w, j); /* m is not valid any more */
      return j;
    }
  }
  return NULL;
}
