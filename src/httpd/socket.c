#include "httpd/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "core/bytes/ids.h"
#include "core/limits.h"
#include "core/ws/handshake.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* A header of the request, whose names are in lower case; NULL without. */
static const char *find_header(const struct etoro_httpd_request *r,
                               const char *name)
{
  const char *p = r->head.data, *end = p ? p + r->head.len : p;
  while (p < end) {
    const char *value = p + strlen(p) + 1;
    if (!strcmp(p, name))
      return value < end ? value : NULL;
    p = value < end ? value + strlen(value) + 1 : end;
  }
  return NULL;
}

/* The socket is ours until the handle is closed; what the client has sent
   behind its request comes with it. */
static void on_upgrade(void *cls, struct MHD_Connection *connection,
                       void *context, const char *extra, size_t n,
                       MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
  struct etoro_httpd_socket *s = cls;
  (void)connection;
  (void)context;
  s->fd = fd;
  s->handle = handle;
  if (n && etoro_frames_feed(s->frames, extra, n))
    s->is_over = 1;
}

static struct etoro_httpd_socket *make(struct etoro_httpd_request *r)
{
  struct etoro_frames_options o = { 1, 0, etoro_random_system, NULL };
  struct etoro_httpd_socket *s = calloc(1, sizeof *s);
  if (s && etoro_frames_open(&s->frames, &o)) {
    free(s);
    return NULL;
  }
  if (s) {
    s->fd = -1;
    s->id = r->id;
    s->request = r;
  }
  return s;
}

static void drop(struct etoro_httpd_socket *s)
{
  if (s->request)
    s->request->socket = NULL;
  etoro_frames_free(s->frames);
  free(s);
}

static struct MHD_Response *make_answer(struct etoro_httpd_socket *s,
                                        const char *key)
{
  char accept[ETORO_WS_ACCEPT_LEN + 1];
  struct MHD_Response *answer;
  if (etoro_ws_accept(accept, key))
    return NULL;
  answer = MHD_create_response_for_upgrade(on_upgrade, s);
  if (!answer)
    return NULL;
  if (MHD_add_response_header(answer, "Upgrade", "websocket") == MHD_YES
      && MHD_add_response_header(answer, "Sec-WebSocket-Accept", accept)
             == MHD_YES)
    return answer;
  MHD_destroy_response(answer);
  return NULL;
}

const char *etoro_httpd_upgrade(struct etoro_httpd_sockets *all,
                                struct etoro_httpd_request *r)
{
  const char *key = find_header(r, "sec-websocket-key");
  const char *version = find_header(r, "sec-websocket-version");
  struct etoro_httpd_socket *s;
  if (!etoro_frames_can())
    return "this build has no WebSocket: it was made without libwslay";
  if (!key || strlen(key) != ETORO_WS_KEY_LEN || !version
      || strcmp(version, "13"))
    return "the request asks for no WebSocket";
  s = make(r);
  if (!s)
    return "not enough memory";
  if (r->response)
    MHD_destroy_response(r->response);
  r->response = make_answer(s, key);
  if (!r->response) {
    drop(s);
    return "not enough memory";
  }
  r->socket = s;
  s->next = all->first;
  if (all->first)
    all->first->prev = s;
  all->first = s;
  etoro_httpd_answer(r, MHD_HTTP_SWITCHING_PROTOCOLS);
  return NULL;
}

void etoro_httpd_socket_forget(struct etoro_httpd_request *r)
{
  struct etoro_httpd_socket *s = r->socket;
  if (!s)
    return;
  r->socket = NULL;
  s->request = NULL;
  if (!s->handle)
    s->is_over = 1; /* its client left before it was upgraded */
}

static int flush(struct etoro_httpd_socket *s)
{
  const char *bytes;
  size_t n;
  while ((n = etoro_frames_output(s->frames, &bytes)) > 0) {
    ssize_t done = send(s->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0)
      return errno == EAGAIN || errno == EINTR;
    etoro_frames_sent(s->frames, (size_t)done);
  }
  return 1;
}

void etoro_httpd_socket_cut(struct etoro_httpd_sockets *all,
                            struct etoro_httpd_socket *s)
{
  s->is_over = 1;
  if (!s->handle)
    return;
  (void)flush(s); /* what was put in before goes first */
  if (all->poller)
    etoro_poller_watch(all->poller, s->fd, 0);
  MHD_upgrade_action(s->handle, MHD_UPGRADE_ACTION_CLOSE);
  s->handle = NULL;
  s->fd = -1;
}

void etoro_httpd_socket_free(struct etoro_httpd_sockets *all,
                             struct etoro_httpd_socket *s)
{
  etoro_httpd_socket_cut(all, s);
  if (s->prev)
    s->prev->next = s->next;
  else
    all->first = s->next;
  if (s->next)
    s->next->prev = s->prev;
  drop(s);
}

static int receive(struct etoro_httpd_socket *s)
{
  char piece[ETORO_WS_PIECE];
  int i;
  for (i = 0; i < ETORO_WS_PIECES_MAX && !etoro_frames_is_ended(s->frames)
              && etoro_frames_has_room(s->frames);
       i++) {
    ssize_t n = recv(s->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    if (!n || etoro_frames_feed(s->frames, piece, (size_t)n))
      return 0;
  }
  return 1;
}

static void run(struct etoro_httpd_sockets *all, struct etoro_httpd_socket *s)
{
  const char *bytes;
  int goes_on = flush(s) && receive(s);
  (void)flush(s); /* also what says why it does not */
  if (!goes_on
      || (etoro_frames_is_ended(s->frames)
          && !etoro_frames_output(s->frames, &bytes))) {
    etoro_httpd_socket_cut(all, s);
    return;
  }
  if (all->poller)
    etoro_poller_watch(
        all->poller, s->fd,
        (etoro_frames_has_room(s->frames) ? ETORO_POLL_IN : 0)
            | (etoro_frames_output(s->frames, &bytes) ? ETORO_POLL_OUT : 0));
}

void etoro_httpd_sockets_run(struct etoro_httpd_sockets *all)
{
  struct etoro_httpd_socket *s;
  for (s = all->first; s; s = s->next)
    if (s->handle)
      run(all, s);
}

struct etoro_httpd_socket *
etoro_httpd_socket_next(const struct etoro_httpd_sockets *all)
{
  struct etoro_httpd_socket *s = all->first;
  while (s && !s->is_over && !etoro_frames_has_message(s->frames))
    s = s->next;
  return s;
}

struct etoro_httpd_socket *
etoro_httpd_socket_find(const struct etoro_httpd_sockets *all, int64_t id)
{
  struct etoro_httpd_socket *s = all->first;
  while (s && s->id != id)
    s = s->next;
  return s;
}
