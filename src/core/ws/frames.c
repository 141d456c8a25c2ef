#include "core/ws/frames.h"

#ifdef ETORO_WITH_WSLAY

#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "core/bytes/buf.h"
#include "core/bytes/secret.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/ws/utf8.h"

/* A pong of a server: its first byte, and the length of its head. */
#define PONG_BYTE 0x8a
#define PONG_HEAD_LEN 2

struct etoro_frames {
  wslay_event_context_ptr in; /* reads, and answers control frames */
  wslay_frame_context_ptr out_frames; /* writes messages without a copy of
                                         its own: one may hold keys */
  int is_server;
  etoro_random_fn *random;
  void *context;
  const unsigned char *at, *end; /* of what is being fed */
  struct etoro_buf message;      /* the fragments of the one under way */
  enum etoro_ws_kind kind;       /* of that one */
  int is_control;                /* the frame under way is none of it */
  int is_close;                  /* it is the peer's good-bye: */
  size_t close_size, close_len;  /* as announced, and what has come of it */
  unsigned char close[ETORO_WS_CONTROL_LEN];
  struct etoro_ws_message *first, *last;
  size_t queued, queued_bytes;
  double stamp; /* that messages carry */
  struct etoro_buf out;
  size_t gone; /* bytes at out's beginning that have gone out */
  int is_mute;      /* answers no ping */
  size_t pong_left; /* bytes to come of a pong that is dropped */
  int is_closing;
  int is_ended;
  int failure;
  unsigned long long count;
};

int etoro_frames_can(void)
{
  return 1;
}

static void fail(struct etoro_frames *f, int rc, unsigned code)
{
  if (f->failure)
    return;
  f->failure = rc;
  etoro_frames_close(f, code, "");
  wslay_event_shutdown_read(f->in);
}

static int push(struct etoro_frames *f, enum etoro_ws_kind kind,
                const void *bytes, size_t n, unsigned code)
{
  struct etoro_ws_message *m = malloc(sizeof *m + n + 1);
  if (!m)
    return ETORO_ENOMEM;
  m->next = NULL;
  m->kind = kind;
  m->code = code;
  m->at = f->stamp;
  m->len = n;
  if (n)
    memcpy(m->data, bytes, n);
  m->data[n] = '\0';
  if (f->last)
    f->last->next = m;
  else
    f->first = m;
  f->last = m;
  f->queued++;
  f->queued_bytes += n;
  return ETORO_OK;
}

/* --- libwslay's callbacks --- */

static ssize_t on_recv(wslay_event_context_ptr in, uint8_t *out, size_t room,
                       int flags, void *context)
{
  struct etoro_frames *f = context;
  size_t n = (size_t)(f->end - f->at);
  (void)flags;
  if (!n) {
    wslay_event_set_error(in, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  if (n > room)
    n = room;
  memcpy(out, f->at, n);
  f->at += n;
  return (ssize_t)n;
}

/* Makes place at the end by giving up what has gone out. */
static size_t room_of(struct etoro_frames *f)
{
  if (f->gone) {
    size_t left = f->out.len - f->gone;
    memmove(f->out.data, f->out.data + f->gone, left);
    etoro_wipe(f->out.data + left, f->gone);
    f->out.len = left;
    f->gone = 0;
  }
  return f->out.max - f->out.len;
}

static ssize_t put_out(struct etoro_frames *f, const void *bytes, size_t n)
{
  size_t room = f->out.max - f->out.len < n ? room_of(f) : n;
  if (n > room)
    n = room;
  return !n || etoro_buf_add(&f->out, bytes, n) ? -1 : (ssize_t)n;
}

/* Drops a pong, which libwslay gives as a head of two bytes and what it holds;
   how many of the bytes are of one. */
static size_t drop_pong(struct etoro_frames *f, const uint8_t *bytes, size_t n)
{
  size_t some = n < f->pong_left ? n : f->pong_left;
  if (!f->pong_left && f->is_mute && n >= PONG_HEAD_LEN
      && bytes[0] == PONG_BYTE) {
    some = PONG_HEAD_LEN;
    f->pong_left = some + bytes[1];
  }
  f->pong_left -= some;
  return some;
}

static ssize_t on_send(wslay_event_context_ptr in, const uint8_t *bytes,
                       size_t n, int flags, void *context)
{
  size_t dropped = drop_pong(context, bytes, n);
  ssize_t some = dropped ? (ssize_t)dropped : put_out(context, bytes, n);
  (void)flags;
  if (some < 0)
    wslay_event_set_error(in, WSLAY_ERR_WOULDBLOCK);
  return some;
}

static ssize_t on_frame_send(const uint8_t *bytes, size_t n, int flags,
                             void *context)
{
  (void)flags;
  return put_out(context, bytes, n);
}

static int fill_mask(uint8_t *out, size_t n, void *context)
{
  struct etoro_frames *f = context;
  return f->random(f->context, out, n) ? -1 : 0;
}

static int on_mask(wslay_event_context_ptr in, uint8_t *out, size_t n,
                   void *context)
{
  if (!fill_mask(out, n, context))
    return 0;
  wslay_event_set_error(in, WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

/* A message's size is judged by what its frames announce: no byte of one that
   is too large is kept. */
static void on_start(wslay_event_context_ptr in,
                     const struct wslay_event_on_frame_recv_start_arg *arg,
                     void *context)
{
  struct etoro_frames *f = context;
  (void)in;
  f->count++;
  f->is_control = wslay_is_ctrl_frame(arg->opcode);
  f->is_close = arg->opcode == WSLAY_CONNECTION_CLOSE;
  f->close_size = (size_t)arg->payload_length;
  if (f->is_control)
    return;
  if (arg->opcode != WSLAY_CONTINUATION_FRAME) {
    etoro_buf_reset(&f->message, ETORO_WS_MESSAGE_KEPT);
    f->kind =
        arg->opcode == WSLAY_TEXT_FRAME ? ETORO_WS_TEXT : ETORO_WS_BINARY;
  }
  if (arg->payload_length > f->message.max - f->message.len)
    fail(f, ETORO_ETOOBIG, WSLAY_CODE_MESSAGE_TOO_BIG);
}

static void on_chunk(wslay_event_context_ptr in,
                     const struct wslay_event_on_frame_recv_chunk_arg *arg,
                     void *context)
{
  struct etoro_frames *f = context;
  (void)in;
  if (f->is_close && arg->data_length <= sizeof f->close - f->close_len) {
    memcpy(f->close + f->close_len, arg->data, arg->data_length);
    f->close_len += arg->data_length;
  }
  if (f->is_control || f->failure)
    return;
  if (etoro_buf_add(&f->message, arg->data, arg->data_length))
    fail(f, ETORO_ENOMEM, WSLAY_CODE_INTERNAL_SERVER_ERROR);
}

/* Those of RFC 6455, section 7.4, and of its registry, that may be sent. */
static int is_close_code(unsigned code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

/* Read here, since libwslay takes some codes of the registry for none: 1012, as
   a server says that restarts. It has answered already. */
static void take_close(struct etoro_frames *f)
{
  unsigned code = f->close_len >= 2 ? f->close[0] * 256u + f->close[1] : 0;
  size_t n = f->close_len > 2 ? f->close_len - 2 : 0;
  const unsigned char *reason = f->close + 2;
  f->is_ended = 1;
  f->is_closing = 1;
  if (f->close_len == 1 || (f->close_len && !is_close_code(code))
      || !etoro_utf8_valid(reason, n))
    f->failure = ETORO_ESYNTAX;
  else if (push(f, ETORO_WS_CLOSE, reason, n, code))
    f->failure = ETORO_ENOMEM;
}

static void on_message(wslay_event_context_ptr in,
                       const struct wslay_event_on_msg_recv_arg *arg,
                       void *context)
{
  struct etoro_frames *f = context;
  int rc = ETORO_OK;
  (void)in;
  if (f->failure)
    return;
  if (arg->opcode == WSLAY_CONNECTION_CLOSE)
    take_close(f);
  else if (arg->opcode == WSLAY_PONG)
    rc = push(f, ETORO_WS_PONG, arg->msg, arg->msg_length, 0);
  else if (arg->opcode != WSLAY_PING)
    rc = push(f, f->kind, f->message.data, f->message.len, 0);
  if (rc)
    fail(f, rc, WSLAY_CODE_INTERNAL_SERVER_ERROR);
}

/* --- ours --- */

static int open_contexts(struct etoro_frames *f)
{
  struct wslay_event_callbacks events = { .recv_callback = on_recv,
                                          .send_callback = on_send,
                                          .genmask_callback = on_mask,
                                          .on_frame_recv_start_callback =
                                              on_start,
                                          .on_frame_recv_chunk_callback =
                                              on_chunk,
                                          .on_msg_recv_callback = on_message };
  struct wslay_frame_callbacks frames = { .send_callback = on_frame_send,
                                          .genmask_callback = fill_mask };
  if (f->is_server ? wslay_event_context_server_init(&f->in, &events, f)
                   : wslay_event_context_client_init(&f->in, &events, f))
    return ETORO_ENOMEM;
  /* messages are put together here, in one block, not one for each piece */
  wslay_event_config_set_no_buffering(f->in, 1);
  return wslay_frame_context_init(&f->out_frames, &frames, f) ? ETORO_ENOMEM
                                                              : ETORO_OK;
}

int etoro_frames_open(struct etoro_frames **out,
                      const struct etoro_frames_options *options)
{
  struct etoro_frames *f = calloc(1, sizeof *f);
  *out = NULL;
  if (!f)
    return ETORO_ENOMEM;
  f->is_server = options->is_server;
  f->random = options->random;
  f->context = options->context;
  etoro_buf_init(&f->message, options->max_message ? options->max_message
                                                   : ETORO_WS_MESSAGE_MAX);
  etoro_buf_init(&f->out, ETORO_WS_OUTPUT_MAX);
  if (open_contexts(f)) {
    etoro_frames_free(f);
    return ETORO_ENOMEM;
  }
  *out = f;
  return ETORO_OK;
}

void etoro_frames_free(struct etoro_frames *f)
{
  if (!f)
    return;
  if (f->in)
    wslay_event_context_free(f->in);
  if (f->out_frames)
    wslay_frame_context_free(f->out_frames);
  while (f->first)
    free(etoro_frames_take(f));
  etoro_buf_free(&f->message);
  etoro_buf_free(&f->out);
  free(f);
}

/* libwslay's own frames into the output, as far as it has room. */
static void pump(struct etoro_frames *f)
{
  int rc = wslay_event_send(f->in);
  if (rc && !f->failure)
    f->failure = rc == WSLAY_ERR_NOMEM ? ETORO_ENOMEM : ETORO_ERANDOM;
}

/* What libwslay itself has objected to shows in the close that it sends; of a
   frame's head that it cannot read it sends none. */
static int read_objection(struct etoro_frames *f, int rc)
{
  if (!rc && (f->is_ended || wslay_event_get_read_enabled(f->in)))
    return ETORO_OK;
  if (!rc && f->is_close && f->close_len == f->close_size) {
    take_close(f);
    return f->failure;
  }
  if (rc)
    etoro_frames_close(f, WSLAY_CODE_PROTOCOL_ERROR, "");
  f->is_closing = 1;
  if (rc)
    return rc == WSLAY_ERR_NOMEM ? ETORO_ENOMEM : ETORO_ESYNTAX;
  return wslay_event_get_status_code_sent(f->in) == WSLAY_CODE_MESSAGE_TOO_BIG
             ? ETORO_ETOOBIG
             : ETORO_ESYNTAX;
}

int etoro_frames_feed(struct etoro_frames *f, const void *bytes, size_t n)
{
  int rc;
  if (f->failure || f->is_ended)
    return f->failure; /* what follows a close is nobody's */
  f->at = bytes;
  f->end = f->at + n;
  rc = wslay_event_recv(f->in);
  f->at = f->end = NULL;
  pump(f);
  if (!f->failure)
    f->failure = read_objection(f, rc);
  return f->failure;
}

void etoro_frames_stamp(struct etoro_frames *f, double at)
{
  f->stamp = at;
}

int etoro_frames_has_room(const struct etoro_frames *f)
{
  return f->queued < ETORO_WS_QUEUE_MAX
         && f->queued_bytes < ETORO_WS_QUEUE_BYTES
         && wslay_event_get_queued_msg_count(f->in) < ETORO_WS_ANSWERS_MAX;
}

struct etoro_ws_message *etoro_frames_take(struct etoro_frames *f)
{
  struct etoro_ws_message *m = f->first;
  if (!m)
    return NULL;
  f->first = m->next;
  if (!f->first)
    f->last = NULL;
  f->queued--;
  f->queued_bytes -= m->len;
  return m;
}

int etoro_frames_has_message(const struct etoro_frames *f)
{
  return f->first != NULL;
}

static uint8_t opcode_of(enum etoro_ws_kind kind)
{
  return kind == ETORO_WS_TEXT     ? WSLAY_TEXT_FRAME
         : kind == ETORO_WS_BINARY ? WSLAY_BINARY_FRAME
                                   : WSLAY_PING;
}

int etoro_frames_send(struct etoro_frames *f, enum etoro_ws_kind kind,
                      const void *bytes, size_t n)
{
  struct wslay_frame_iocb frame = { .fin = 1,
                                    .opcode = opcode_of(kind),
                                    .payload_length = n,
                                    .mask = !f->is_server,
                                    .data = bytes,
                                    .data_length = n };
  if (f->is_closing)
    return ETORO_ECLOSED;
  if ((kind == ETORO_WS_TEXT && !etoro_utf8_valid(bytes, n))
      || (kind == ETORO_WS_PING && n > ETORO_WS_CONTROL_LEN))
    return ETORO_EINVAL;
  if (n > ETORO_WS_OUTPUT_MAX - ETORO_WS_HEAD_LEN
      || room_of(f) < n + ETORO_WS_HEAD_LEN)
    return ETORO_ETOOBIG;
  if (etoro_buf_reserve(&f->out, f->out.len + n + ETORO_WS_HEAD_LEN))
    return ETORO_ENOMEM;
  /* with the room made, only the random bytes can fail, before any is out */
  do {
    ssize_t done = wslay_frame_send(f->out_frames, &frame);
    if (done < 0)
      return ETORO_ERANDOM;
    frame.data += done;
    frame.data_length -= (size_t)done;
  } while (frame.data_length);
  return ETORO_OK;
}

int etoro_frames_raw(struct etoro_frames *f, const void *bytes, size_t n)
{
  if (room_of(f) < n)
    return ETORO_ETOOBIG;
  return n ? etoro_buf_add(&f->out, bytes, n) : ETORO_OK;
}

void etoro_frames_mute(struct etoro_frames *f, int on)
{
  f->is_mute = on;
}

int etoro_frames_close(struct etoro_frames *f, unsigned code,
                       const char *reason)
{
  if (f->is_closing)
    return ETORO_OK;
  f->is_closing = 1;
  if (wslay_event_queue_close(f->in, (uint16_t)code, (const uint8_t *)reason,
                              strlen(reason)))
    return ETORO_EINVAL;
  pump(f);
  return ETORO_OK;
}

int etoro_frames_is_closing(const struct etoro_frames *f)
{
  return f->is_closing;
}

int etoro_frames_is_ended(const struct etoro_frames *f)
{
  return f->is_ended;
}

size_t etoro_frames_output(const struct etoro_frames *f, const char **bytes)
{
  *bytes = f->out.data ? f->out.data + f->gone : "";
  return f->out.len - f->gone;
}

void etoro_frames_sent(struct etoro_frames *f, size_t n)
{
  f->gone += n;
  if (f->gone == f->out.len) {
    etoro_buf_reset(&f->out, ETORO_WS_MESSAGE_KEPT);
    f->gone = 0;
  }
  pump(f);
}

unsigned long long etoro_frames_count(const struct etoro_frames *f)
{
  return f->count;
}

#endif
