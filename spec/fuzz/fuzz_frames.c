/* libFuzzer target: what must hold of a WebSocket's frames whatever the bytes,
   and however they are cut. The first byte says the side and the pieces. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/buf.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/ws/utf8.h"
#include "core/ws/frames.h"
#include "core/ws/handshake.h"

#define CEILING 2000

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int zeros(void *context, void *out, size_t n)
{
  (void)context;
  memset(out, 0, n);
  return ETORO_OK;
}

/* Writes down what a message says, so that two runs can be compared. */
static void note(struct etoro_buf *log, struct etoro_ws_message *m)
{
  char head[64];
  snprintf(head, sizeof head, "%d %u %zu ", (int)m->kind, m->code, m->len);
  MUST(m->data[m->len] == '\0' && m->len <= CEILING);
  MUST(m->kind != ETORO_WS_PING);
  if (m->kind == ETORO_WS_TEXT || m->kind == ETORO_WS_CLOSE)
    MUST(etoro_utf8_valid(m->data, m->len));
  MUST(!etoro_buf_puts(log, head) && !etoro_buf_add(log, m->data, m->len));
  free(m);
}

static int run(struct etoro_buf *log, int is_server, const uint8_t *data,
               size_t n, size_t piece)
{
  struct etoro_frames_options o = { is_server, CEILING, zeros, NULL };
  struct etoro_frames *f;
  int rc = ETORO_OK, ended = 0;
  const char *out;
  MUST(!etoro_frames_open(&f, &o));
  while (n) {
    size_t some = n < piece ? n : piece;
    uint8_t *copy = malloc(some);
    struct etoro_ws_message *m;
    MUST(copy);
    memcpy(copy, data, some);
    rc = etoro_frames_feed(f, copy, some);
    free(copy);
    while ((m = etoro_frames_take(f)) != NULL) {
      MUST(!ended);
      ended = m->kind == ETORO_WS_CLOSE;
      note(log, m);
    }
    etoro_frames_sent(f, etoro_frames_output(f, &out));
    data += some;
    n -= some;
  }
  if (rc || ended) {
    MUST(etoro_frames_is_closing(f));
    MUST(etoro_frames_send(f, ETORO_WS_TEXT, "", 0) == ETORO_ECLOSED);
  } else
    MUST(etoro_frames_send(f, ETORO_WS_TEXT, "", 0) == ETORO_OK);
  etoro_frames_free(f);
  return rc;
}

static void reads_a_head(const uint8_t *data, size_t n)
{
  size_t len = etoro_ws_head_length((const char *)data, n);
  const char *why;
  char *copy;
  int status;
  MUST(len <= n);
  if (!len)
    return;
  copy = malloc(len);
  MUST(copy);
  memcpy(copy, data, len);
  MUST(etoro_ws_check(copy, len, "dGhlIHNhbXBsZSBub25jZQ==", &status, &why)
           == ETORO_OK
       || why);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct etoro_buf whole, pieces;
  int one, other;
  if (!n)
    return 0;
  etoro_buf_init(&whole, 16 * 1024 * 1024);
  etoro_buf_init(&pieces, 16 * 1024 * 1024);
  reads_a_head(data + 1, n - 1);
  one = run(&whole, data[0] & 1, data + 1, n - 1, n);
  other = run(&pieces, data[0] & 1, data + 1, n - 1, data[0] / 2 + 1);
  /* a close frame's reason is judged piece by piece in libwslay */
  if (!one && !other) {
    MUST(whole.len == pieces.len);
    MUST(!whole.len || !memcmp(whole.data, pieces.data, whole.len));
  }
  etoro_buf_free(&whole);
  etoro_buf_free(&pieces);
  return 0;
}
