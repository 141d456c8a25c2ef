#include "core/ws/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/secret.h"
#include "core/engine/ending.h"
#include "core/json/jsonwrite.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/ws/handshake.h"

struct etoro_stream {
  struct etoro_guest guest; /* first: the engine knows it by this */
  struct etoro_engine *engine; /* NULL once it is gone */
  struct etoro_client *client; /* one holder */
  struct etoro_link link;
  struct etoro_frames *frames;
  char key[ETORO_WS_KEY_LEN + 1];
  struct etoro_buf request; /* the upgrade's */
  size_t requested;         /* bytes of it that have gone out */
  struct etoro_buf answer;  /* its head, as far as it has come */
  double ends_at;           /* the state that it is in; -1: never */
  double look_at; /* when its socket is looked at, whatever it shows */
  double close_timeout;
  int has_opened, has_ended; /* to be told */
  struct etoro_stream_view view;
  char detail[ETORO_DETAIL_MAX];
};

/* What whoever waits for it would be told. */
static void refresh(struct etoro_stream *s)
{
  s->guest.has_news =
      s->has_opened || s->has_ended || etoro_frames_has_message(s->frames);
}

static void finish(struct etoro_stream *s, enum etoro_code code,
                   const char *detail)
{
  if (s->view.state == ETORO_STREAM_CLOSED)
    return;
  s->view.state = ETORO_STREAM_CLOSED;
  s->view.code = code;
  if (detail != s->detail)
    snprintf(s->detail, sizeof s->detail, "%s", detail);
  s->ends_at = s->guest.due = -1;
  s->has_ended = 1;
  etoro_engine_unlink(s->engine, &s->link);
}

/* --- the ways out and in --- */

/* What is ready to go; of the upgrade first. */
static size_t find_output(const struct etoro_stream *s, const char **bytes)
{
  if (s->requested < s->request.len) {
    *bytes = s->request.data + s->requested;
    return s->request.len - s->requested;
  }
  return s->view.state == ETORO_STREAM_UPGRADING
             ? 0
             : etoro_frames_output(s->frames, bytes);
}

static int flush(struct etoro_stream *s)
{
  const char *bytes;
  size_t n, done;
  while ((n = find_output(s, &bytes)) > 0) {
    int rc = etoro_link_send(&s->link, bytes, n, &done);
    if (rc || !done)
      return rc;
    s->view.bytes_out += done;
    if (s->requested < s->request.len)
      s->requested += done;
    else
      etoro_frames_sent(s->frames, done);
  }
  return ETORO_OK;
}

static const struct {
  int status;
  enum etoro_code code;
  const char *detail;
} faults[] = {
  { ETORO_ETOOBIG, ETORO_CODE_TOO_LARGE, "a message is too large" },
  { ETORO_ENOMEM, ETORO_CODE_OUT_OF_MEMORY, "" },
  { ETORO_ERANDOM, ETORO_CODE_OUT_OF_MEMORY,
    "the system gave no random bytes" },
  { ETORO_ESYNTAX, ETORO_CODE_PROTOCOL, "what came is no WebSocket" },
};

/* Frames that break the rules end it; the close that says why is sent as far
   as the socket takes it. */
static void give_up(struct etoro_stream *s, int status)
{
  size_t i, n = sizeof faults / sizeof faults[0];
  for (i = 0; i + 1 < n && faults[i].status != status; i++)
    continue;
  (void)flush(s);
  finish(s, faults[i].code, faults[i].detail);
}

/* 0 when that has ended it. */
static int feed(struct etoro_stream *s, const char *bytes, size_t n)
{
  unsigned long long before = etoro_frames_count(s->frames);
  int rc = n ? etoro_frames_feed(s->frames, bytes, n) : ETORO_OK;
  if (etoro_frames_count(s->frames) > before)
    s->view.heard_at = etoro_engine_now(s->engine);
  if (rc)
    give_up(s, rc);
  return !rc;
}

/* The answer to the upgrade, and what came right behind it. */
static int take_answer(struct etoro_stream *s, const char *bytes, size_t n)
{
  size_t before = s->answer.len, head;
  const char *why;
  int rc = etoro_buf_add(&s->answer, bytes, n);
  if (rc) {
    finish(s,
           rc == ETORO_ETOOBIG ? ETORO_CODE_TOO_LARGE
                               : ETORO_CODE_OUT_OF_MEMORY,
           "the answer to the upgrade does not end");
    return 0;
  }
  head = etoro_ws_head_length(s->answer.data, s->answer.len);
  if (!head)
    return 1;
  rc = etoro_ws_check(s->answer.data, head, s->key, &s->view.status, &why);
  etoro_buf_free(&s->answer);
  if (rc) {
    finish(s, why ? ETORO_CODE_PROTOCOL : ETORO_CODE_OUT_OF_MEMORY,
           why ? why : "");
    return 0;
  }
  s->view.status = 0;
  s->view.state = ETORO_STREAM_OPEN;
  s->view.drained_at = etoro_engine_now(s->engine);
  s->ends_at = -1;
  s->has_opened = 1;
  return feed(s, bytes + (head - before), n - (head - before));
}

static int wants_bytes(const struct etoro_stream *s)
{
  return s->view.state == ETORO_STREAM_UPGRADING
         || (!etoro_frames_is_ended(s->frames)
             && etoro_frames_has_room(s->frames));
}

/* What comes now came since the last look, or just now where that is no time. */
static void stamp(struct etoro_stream *s, double now)
{
  double before = s->view.drained_at;
  int was_away = before > 0 && now - before > 2 * ETORO_WS_LOOK;
  etoro_frames_stamp(s->frames, was_away ? before : now);
}

static void charge(size_t *left, size_t work)
{
  *left = work < *left ? *left - work : 0;
}

/* Reads until there is nothing, as libcurl and TLS may hold bytes that no
   socket shows; or for so long that it is another's turn, or a step's work is
   done. *has_more then. */
static int receive(struct etoro_stream *s, double now, size_t *left,
                   int *has_more)
{
  char piece[ETORO_WS_PIECE];
  size_t done;
  int i;
  *has_more = 0;
  stamp(s, now);
  for (i = 0; *left && i < ETORO_WS_PIECES_MAX && wants_bytes(s); i++) {
    unsigned long long before = etoro_frames_count(s->frames);
    int rc = etoro_link_recv(&s->link, piece, sizeof piece, &done), is_open;
    if (!rc && !done && s->view.state != ETORO_STREAM_UPGRADING)
      s->view.drained_at = now;
    if (rc || !done)
      return rc;
    s->view.bytes_in += done;
    is_open = s->view.state == ETORO_STREAM_UPGRADING
                  ? take_answer(s, piece, done)
                  : feed(s, piece, done);
    charge(left, done
                     + (size_t)(etoro_frames_count(s->frames) - before)
                           * ETORO_WS_FRAME_WORK);
    if (!is_open)
      return ETORO_OK;
  }
  *has_more = wants_bytes(s);
  return ETORO_OK;
}

/* --- its states --- */

static void begin_closing(struct etoro_stream *s, double now)
{
  if (s->view.state != ETORO_STREAM_OPEN)
    return;
  s->view.state = ETORO_STREAM_CLOSING;
  s->ends_at = now + s->close_timeout;
}

static void see_link(struct etoro_stream *s)
{
  if (s->link.has_failed) {
    enum etoro_code code = etoro_ending_link(&s->link, s->detail);
    finish(s, code, s->detail);
  } else if (s->link.is_up)
    s->view.state = ETORO_STREAM_UPGRADING;
}

/* The moment of a look stays where it is until it has come: each that moves
   sets the descriptor's timer anew. */
static double next_look(struct etoro_stream *s, double now, int has_more)
{
  if (has_more)
    return now;
  if (s->view.state != ETORO_STREAM_OPEN || !wants_bytes(s))
    return s->ends_at;
  if (s->look_at <= now)
    s->look_at = now + ETORO_WS_LOOK;
  return s->look_at;
}

/* Moves bytes both ways, and sees what that has brought about. */
static void exchange(struct etoro_stream *s, double now, size_t *left)
{
  const char *bytes;
  int has_more;
  int rc = flush(s);
  if (!rc)
    rc = receive(s, now, left, &has_more);
  if (s->view.state == ETORO_STREAM_CLOSED)
    return;
  if (!rc)
    rc = flush(s); /* pongs, and the answer to a close */
  if (etoro_frames_is_closing(s->frames))
    begin_closing(s, now);
  if (etoro_frames_is_ended(s->frames)
      && (rc || !etoro_frames_output(s->frames, &bytes)))
    finish(s, ETORO_CODE_NONE, "");
  else if (rc)
    finish(s, ETORO_CODE_LOST, "the connection ended without a good-bye");
  if (s->view.state == ETORO_STREAM_CLOSED)
    return;
  s->guest.due = next_look(s, now, has_more);
  rc = etoro_engine_heed(s->engine, &s->link,
                         (wants_bytes(s) ? ETORO_POLL_IN : 0)
                             | (find_output(s, &bytes) ? ETORO_POLL_OUT : 0));
  if (rc)
    finish(s, ETORO_CODE_OUT_OF_MEMORY, "");
}

static void run(struct etoro_guest *g, double now, size_t *left)
{
  struct etoro_stream *s = (struct etoro_stream *)(void *)g;
  if (s->view.state == ETORO_STREAM_CLOSED)
    return;
  s->guest.due = s->ends_at;
  if (s->view.state == ETORO_STREAM_CONNECTING)
    see_link(s);
  if (s->link.is_up)
    exchange(s, now, left);
  if (s->view.state != ETORO_STREAM_CLOSED && s->ends_at >= 0
      && s->ends_at <= now)
    finish(
        s,
        s->view.state == ETORO_STREAM_CONNECTING  ? ETORO_CODE_CONNECT_TIMEOUT
        : s->view.state == ETORO_STREAM_UPGRADING ? ETORO_CODE_TIMEOUT
                                                  : ETORO_CODE_NONE,
        s->view.state == ETORO_STREAM_CLOSING ? "the good-bye was not answered"
                                              : "it was not open in time");
  refresh(s);
}

static void end(struct etoro_guest *g)
{
  struct etoro_stream *s = (struct etoro_stream *)(void *)g;
  finish(s, ETORO_CODE_CLOSED, "");
  s->engine = NULL;
  refresh(s);
}

/* --- what its holder does --- */

static int set_up(struct etoro_stream *s,
                  const struct etoro_stream_options *options)
{
  struct etoro_frames_options frames = { 0, 0, etoro_engine_random,
                                         s->engine };
  const char *host = strstr(s->client->base.origin, "://") + 3;
  int rc = etoro_frames_open(&s->frames, &frames);
  if (!rc)
    rc = etoro_ws_key(s->key, etoro_engine_random, s->engine);
  if (!rc)
    rc = etoro_ws_request(&s->request, host, options->target,
                          s->client->user_agent, s->key);
  return rc;
}

int etoro_stream_open(struct etoro_stream **out, struct etoro_engine *e,
                      struct etoro_client *c,
                      const struct etoro_stream_options *options,
                      const char **why)
{
  struct etoro_stream *s;
  int rc;
  *out = NULL;
  *why = !etoro_frames_can()
             ? "this build has no WebSocket: it was made without libwslay"
         : !etoro_target_valid(options->target, strlen(options->target))
             ? "the target is no path"
             : NULL;
  if (*why)
    return ETORO_EINVAL;
  s = calloc(1, sizeof *s);
  if (!s)
    return ETORO_ENOMEM;
  s->guest.run = run;
  s->guest.end = end;
  s->engine = e;
  s->client = etoro_client_keep(c);
  s->close_timeout = options->close_timeout;
  s->ends_at = s->guest.due = etoro_engine_now(e) + options->open_timeout;
  etoro_buf_init(&s->request, ETORO_WS_ANSWER_MAX);
  etoro_buf_init(&s->answer, ETORO_WS_ANSWER_MAX);
  rc = set_up(s, options);
  if (rc == ETORO_ETOOBIG) {
    *why = "the target is too long";
  } else if (!rc) {
    rc = etoro_engine_join(e, &s->guest, &s->link, c);
    *why = rc == ETORO_ETOOBIG  ? "too many streams are open"
           : rc == ETORO_EINVAL ? "a driven engine opens no stream"
                                : NULL;
  }
  if (rc) {
    s->engine = NULL; /* it has not joined */
    etoro_stream_free(s);
    return rc;
  }
  *out = s;
  return ETORO_OK;
}

/* In a child process all of it is the parent's, and stays. */
void etoro_stream_free(struct etoro_stream *s)
{
  if (!s || (s->engine && etoro_engine_is_foreign(s->engine)))
    return;
  if (s->engine)
    etoro_engine_leave(s->engine, &s->guest, &s->link);
  etoro_frames_free(s->frames);
  etoro_buf_free(&s->request);
  etoro_buf_free(&s->answer);
  etoro_client_free(s->client);
  free(s);
}

/* 1 when its holder may change it. */
static int is_ours(const struct etoro_stream *s)
{
  return s->engine && !etoro_engine_is_foreign(s->engine);
}

/* What was put in goes out in the next step, which is due at once. */
static void stir(struct etoro_stream *s)
{
  s->guest.due =
      s->view.state == ETORO_STREAM_CLOSED ? -1 : etoro_engine_now(s->engine);
  refresh(s);
  etoro_engine_stir(s->engine);
}

int etoro_stream_send(struct etoro_stream *s, enum etoro_ws_kind kind,
                      const void *bytes, size_t n)
{
  int rc;
  if (!is_ours(s) || s->view.state != ETORO_STREAM_OPEN)
    return ETORO_ECLOSED;
  rc = etoro_frames_send(s->frames, kind, bytes, n);
  stir(s);
  return rc;
}

static int write_login(struct etoro_buf *out, const char *id,
                       const struct etoro_secret *user_key,
                       const struct etoro_secret *api_key)
{
  int rc = etoro_buf_puts(out, "{\"id\":");
  rc = rc ? rc : etoro_json_string(out, id, strlen(id), 0);
  rc = rc ? rc
          : etoro_buf_puts(out, ",\"operation\":\"Authenticate\",\"data\":"
                                "{\"userKey\":");
  rc = rc ? rc
          : etoro_json_string(out, etoro_secret_data(user_key),
                              etoro_secret_len(user_key), 0);
  rc = rc ? rc : etoro_buf_puts(out, ",\"apiKey\":");
  rc = rc ? rc
          : etoro_json_string(out, etoro_secret_data(api_key),
                              etoro_secret_len(api_key), 0);
  return rc ? rc : etoro_buf_puts(out, "}}");
}

int etoro_stream_login(struct etoro_stream *s, const char *id)
{
  struct etoro_credentials *c = s->client->credentials;
  const struct etoro_secret *user_key = c ? etoro_credentials_user_key(c) : 0;
  const struct etoro_secret *api_key = c ? etoro_credentials_api_key(c) : 0;
  struct etoro_buf text;
  int rc;
  if (!user_key || !api_key)
    return ETORO_EINVAL;
  etoro_buf_init(&text, ETORO_WS_OUTPUT_MAX);
  rc = write_login(&text, id, user_key, api_key);
  if (!rc)
    rc = etoro_stream_send(s, ETORO_WS_TEXT, text.data, text.len);
  etoro_buf_free(&text);
  etoro_wipe_stack(); /* libwslay masks it there */
  return rc;
}

int etoro_stream_close(struct etoro_stream *s, unsigned code,
                       const char *reason)
{
  int rc = ETORO_OK;
  if (!is_ours(s) || s->view.state == ETORO_STREAM_CLOSED)
    return ETORO_OK;
  if (s->view.state < ETORO_STREAM_OPEN)
    finish(s, ETORO_CODE_CANCELLED, "");
  else {
    rc = etoro_frames_close(s->frames, code, reason);
    begin_closing(s, etoro_engine_now(s->engine));
  }
  stir(s);
  return rc;
}

struct etoro_ws_message *etoro_stream_take(struct etoro_stream *s)
{
  int had_room = etoro_frames_has_room(s->frames);
  struct etoro_ws_message *m = etoro_frames_take(s->frames);
  if (m && m->kind == ETORO_WS_CLOSE)
    s->view.close_code = m->code;
  if (is_ours(s)) {
    if (!had_room && etoro_frames_has_room(s->frames))
      stir(s); /* it can be read on */
    s->guest.is_awaited = 0;
    refresh(s);
    if (m)
      etoro_engine_stir(s->engine);
  }
  return m;
}

double etoro_stream_age(const struct etoro_stream *s,
                        const struct etoro_ws_message *m)
{
  double age = s->engine ? etoro_engine_now(s->engine) - m->at : 0;
  return age > 0 ? age : 0;
}

int etoro_stream_opened(struct etoro_stream *s)
{
  int is_told = s->has_opened;
  s->has_opened = 0;
  refresh(s);
  return is_told;
}

int etoro_stream_ended(struct etoro_stream *s)
{
  int is_told = s->has_ended && !etoro_frames_has_message(s->frames);
  if (is_told)
    s->has_ended = 0;
  refresh(s);
  return is_told;
}

void etoro_stream_watch(struct etoro_stream *s, int64_t id)
{
  s->guest.is_awaited = 1;
  s->guest.watch_id = id;
  if (is_ours(s))
    etoro_engine_stir(s->engine);
}

void etoro_stream_look(const struct etoro_stream *s,
                       struct etoro_stream_view *out)
{
  *out = s->view;
  out->detail = s->detail;
  out->has_news = s->guest.has_news;
  out->frames = etoro_frames_count(s->frames);
}
