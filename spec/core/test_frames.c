#include "core/ws/frames.h"

#include "check.h"
#include "core/bytes/buf.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/ws/utf8.h"

#define CEILING 2000
#define BLOCK 2000 /* of messages that fill the queue */

static int masks; /* how often random bytes were asked for; of one program */

static int same(void *context, void *out, size_t n)
{
  (void)context;
  memcpy(out, "\x11\x22\x33\x44", n);
  masks++;
  return ETORO_OK;
}

static struct etoro_frames *open_one(int is_server)
{
  struct etoro_frames_options o = { is_server, CEILING, same, NULL };
  struct etoro_frames *f;
  CHECK(etoro_frames_open(&f, &o) == ETORO_OK);
  return f;
}

/* One frame as a server writes it. */
static void add(struct etoro_buf *out, int first, const char *text, size_t n)
{
  unsigned char head[4] = { (unsigned char)first, (unsigned char)n };
  size_t len = 2;
  if (n > 125) {
    head[1] = 126;
    head[2] = (unsigned char)(n >> 8);
    head[3] = (unsigned char)n;
    len = 4;
  }
  CHECK(!etoro_buf_add(out, head, len) && !etoro_buf_add(out, text, n));
}

static void feed_by(struct etoro_frames *f, const struct etoro_buf *bytes,
                    size_t piece)
{
  size_t at, n;
  for (at = 0; at < bytes->len; at += n) {
    char *copy;
    n = bytes->len - at < piece ? bytes->len - at : piece;
    copy = exact_copy(bytes->data + at, n);
    CHECK(etoro_frames_feed(f, copy, n) == ETORO_OK);
    free(copy);
  }
}

static void takes(struct etoro_frames *f, enum etoro_ws_kind kind,
                  const char *text)
{
  struct etoro_ws_message *m = etoro_frames_take(f);
  CHECK(m && m->kind == kind);
  CHECK_TEXT(text, m->data, m->len);
  free(m);
}

static void sends(struct etoro_frames *f, const char *bytes, size_t n)
{
  const char *out;
  CHECK(etoro_frames_output(f, &out) == n);
  CHECK(!memcmp(out, bytes, n));
  etoro_frames_sent(f, n);
  CHECK(etoro_frames_output(f, &out) == 0);
}

static const char text[] = "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80.";

/* In two fragments cut at every byte, a ping in between, read in pieces of
   every size. */
static void joins_fragments(void)
{
  size_t n = strlen(text), cut, piece;
  for (cut = 0; cut <= n; cut++)
    for (piece = 1; piece < 8; piece++) {
      struct etoro_frames *f = open_one(0);
      struct etoro_buf in;
      etoro_buf_init(&in, 4096);
      add(&in, 0x01, text, cut);
      add(&in, 0x89, "hi", 2);
      add(&in, 0x8a, "ho", 2);
      add(&in, 0x80, text + cut, n - cut);
      add(&in, 0x82, "", 0);
      feed_by(f, &in, piece);
      takes(f, ETORO_WS_PONG, "ho");
      takes(f, ETORO_WS_TEXT, text);
      takes(f, ETORO_WS_BINARY, "");
      CHECK(!etoro_frames_take(f) && etoro_frames_count(f) == 5);
      sends(f, "\x8a\x82\x11\x22\x33\x44\x79\x4b", 8); /* "hi" masked */
      etoro_buf_free(&in);
      etoro_frames_free(f);
    }
}

static void joins_single_bytes(void)
{
  struct etoro_frames *f = open_one(0);
  struct etoro_buf in;
  size_t n = strlen(text), i;
  etoro_buf_init(&in, 4096);
  for (i = 0; i < n; i++)
    add(&in, (i ? 0 : 1) | (i + 1 == n ? 0x80 : 0), text + i, 1);
  feed_by(f, &in, 1);
  takes(f, ETORO_WS_TEXT, text);
  etoro_buf_free(&in);
  etoro_frames_free(f);
}

static void masks_what_a_client_sends(void)
{
  struct etoro_frames *c = open_one(0), *s = open_one(1);
  const char *out;
  size_t n;
  int before = masks;
  CHECK(etoro_frames_send(c, ETORO_WS_TEXT, "abcde", 5) == ETORO_OK);
  CHECK(masks == before + 1);
  n = etoro_frames_output(c, &out);
  CHECK(n == 11
        && !memcmp(out, "\x81\x85\x11\x22\x33\x44\x70\x40\x50\x20\x74", 11));
  CHECK(etoro_frames_feed(s, out, n) == ETORO_OK);
  takes(s, ETORO_WS_TEXT, "abcde");
  CHECK(etoro_frames_send(s, ETORO_WS_TEXT, "abc", 3) == ETORO_OK);
  sends(s,
        "\x81\x03"
        "abc",
        5);
  CHECK(masks == before + 1);
  etoro_frames_free(c);
  etoro_frames_free(s);
}

/* These bytes are refused, with that code sent to the peer. */
static void refuses(int is_server, const char *bytes, size_t n, int expected,
                    int code)
{
  struct etoro_frames *f = open_one(is_server);
  char *copy = exact_copy(bytes, n);
  const char *out;
  size_t len;
  int at = is_server ? 2 : 6, rc = etoro_frames_feed(f, copy, n);
  CHECK(rc == expected);
  CHECK(etoro_frames_feed(f, "\x81\x00", 2) == expected);
  CHECK(!etoro_frames_has_message(f));
  len = etoro_frames_output(f, &out);
  CHECK(len >= (size_t)at && (out[0] & 0xff) == 0x88);
  if (code) { /* libwslay gives none for a head that it cannot read */
    int first = (out[at] ^ (is_server ? 0 : 0x11)) & 0xff;
    int second;
    CHECK(len == (size_t)at + 2);
    second = (out[at + 1] ^ (is_server ? 0 : 0x22)) & 0xff;
    CHECK(first * 256 + second == code);
  }
  CHECK(etoro_frames_send(f, ETORO_WS_TEXT, "x", 1) == ETORO_ECLOSED);
  free(copy);
  etoro_frames_free(f);
}

static void refuses_what_is_no_websocket(void)
{
  static const char *const first[] = { "\xc1", "\xa1", "\x91", "\x83",
                                       "\x8b", "\x80", "\xc9" };
  char bytes[8] = "";
  size_t i;
  for (i = 0; i < sizeof first / sizeof *first; i++) {
    bytes[0] = *first[i];
    refuses(0, bytes, 2, ETORO_ESYNTAX, 1002);
  }
  refuses(0, "\x81\x81mask.", 7, ETORO_ESYNTAX, 1002);
  refuses(1, "\x81\x01x", 3, ETORO_ESYNTAX, 1002);
  refuses(0, "\x01\x01x\x81\x01y", 6, ETORO_ESYNTAX, 1002);
  refuses(0, "\x89\x7e\x00\x7e", 4, ETORO_ESYNTAX, 0); /* a long ping */
  refuses(0, "\x09\x00", 2, ETORO_ESYNTAX, 0); /* a ping in fragments */
  refuses(0, "\x81\x7e\x00\x05hello", 9, ETORO_ESYNTAX, 0);
  refuses(0, "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x01", 10, ETORO_ESYNTAX, 0);
}

static void refuses_broken_text(void)
{
  refuses(0, "\x81\x01\xff", 3, ETORO_ESYNTAX, 1007);
  refuses(0, "\x81\x02\xc0\x80", 4, ETORO_ESYNTAX, 1007);
  refuses(0, "\x81\x03\xed\xa0\x80", 5, ETORO_ESYNTAX, 1007);
  refuses(0, "\x81\x04\xf4\x90\x80\x80", 6, ETORO_ESYNTAX, 1007);
  refuses(0, "\x81\x02\xe2\x82", 4, ETORO_ESYNTAX, 1007);
  refuses(0, "\x01\x02\xe2\x82\x80\x01x", 7, ETORO_ESYNTAX, 1007);
}

/* At the ceiling and one past it, in one frame and in two. */
static void has_a_ceiling(void)
{
  char block[CEILING + 1];
  struct etoro_frames *f = open_one(0);
  struct etoro_buf in;
  etoro_buf_init(&in, 8192);
  memset(block, 'a', sizeof block);
  add(&in, 0x81, block, CEILING);
  add(&in, 0x01, block, CEILING - 1);
  add(&in, 0x80, block, 1);
  feed_by(f, &in, 4096);
  free(etoro_frames_take(f));
  free(etoro_frames_take(f));
  CHECK(!etoro_frames_has_message(f));
  etoro_frames_free(f);
  etoro_buf_reset(&in, 0);
  add(&in, 0x81, block, CEILING + 1);
  refuses(0, in.data, in.len, ETORO_ETOOBIG, 1009);
  refuses(0, in.data, 5, ETORO_ETOOBIG, 1009); /* by what it announces */
  etoro_buf_reset(&in, 0);
  add(&in, 0x01, block, CEILING);
  add(&in, 0x80, block, 1);
  refuses(0, in.data, in.len, ETORO_ETOOBIG, 1009);
  refuses(0,
          "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"
          "x",
          11, ETORO_ETOOBIG, 1009);
  etoro_buf_free(&in);
}

/* Without one of its own. */
static void has_a_ceiling_by_itself(void)
{
  size_t n;
  for (n = ETORO_WS_MESSAGE_MAX; n <= ETORO_WS_MESSAGE_MAX + 1; n++) {
    struct etoro_frames_options o = { 0, 0, same, NULL };
    unsigned char head[10] = { 0x82, 127 };
    char *block = calloc(1, n);
    struct etoro_frames *f;
    int i;
    CHECK(block && etoro_frames_open(&f, &o) == ETORO_OK);
    for (i = 0; i < 8; i++)
      head[9 - i] = (unsigned char)(n >> 8 * i);
    CHECK(etoro_frames_feed(f, head, sizeof head) == ETORO_OK);
    CHECK(etoro_frames_feed(f, block, n)
          == (n > ETORO_WS_MESSAGE_MAX ? ETORO_ETOOBIG : ETORO_OK));
    CHECK(etoro_frames_has_message(f) == (n <= ETORO_WS_MESSAGE_MAX));
    etoro_frames_free(f);
    free(block);
  }
}

static void closes_with(const char *bytes, size_t n, int expected,
                        unsigned code, const char *reason)
{
  struct etoro_frames *f = open_one(0);
  const char *out;
  CHECK(etoro_frames_feed(f, bytes, n) == expected);
  CHECK(etoro_frames_is_closing(f));
  CHECK(etoro_frames_output(f, &out) >= 6 && (out[0] & 0xff) == 0x88);
  if (!expected) {
    struct etoro_ws_message *m = etoro_frames_take(f);
    CHECK(etoro_frames_is_ended(f));
    CHECK(m && m->kind == ETORO_WS_CLOSE && m->code == code);
    CHECK_TEXT(reason, m->data, m->len);
    free(m);
    CHECK(etoro_frames_feed(f, "\x81\x01x", 3) == ETORO_OK);
  }
  CHECK(!etoro_frames_has_message(f));
  etoro_frames_free(f);
}

static void reads_closes(void)
{
  closes_with("\x88\x00", 2, ETORO_OK, 0, "");
  closes_with("\x88\x02\x03\xe8", 4, ETORO_OK, 1000, "");
  closes_with("\x88\x05\x0f\xa0"
              "bye",
              7, ETORO_OK, 4000, "bye");
  closes_with("\x88\x02\x03\xf6", 4, ETORO_OK, 1014, "");
  closes_with("\x88\x06\x03\xf4"
              "back",
              8, ETORO_OK, 1012, "back");
  closes_with("\x88\x01x", 3, ETORO_ESYNTAX, 0, "");
  closes_with("\x88\x02\x03\xe7", 4, ETORO_ESYNTAX, 0, ""); /* 999 */
  closes_with("\x88\x02\x03\xed", 4, ETORO_ESYNTAX, 0, ""); /* 1005 */
  closes_with("\x88\x02\x03\xf7", 4, ETORO_ESYNTAX, 0, ""); /* 1015 */
  closes_with("\x88\x02\x13\x88", 4, ETORO_ESYNTAX, 0, ""); /* 5000 */
  closes_with("\x88\x03\x03\xe8\xff", 5, ETORO_ESYNTAX, 0, "");
}

static void says_goodbye(void)
{
  struct etoro_frames *f = open_one(1);
  CHECK(etoro_frames_close(f, 1000, "done") == ETORO_OK);
  CHECK(etoro_frames_close(f, 1001, "again") == ETORO_OK);
  CHECK(etoro_frames_send(f, ETORO_WS_TEXT, "x", 1) == ETORO_ECLOSED);
  sends(f,
        "\x88\x06\x03\xe8"
        "done",
        8);
  CHECK(etoro_frames_feed(f, "\x88\x82\0\0\0\0\x03\xe8", 8) == ETORO_OK);
  CHECK(etoro_frames_is_ended(f));
  etoro_frames_free(f);
}

/* What is not sent stays bounded, what is not taken too, and so do the pongs
   that a peer asks for which reads nothing. */
static void keeps_to_its_room(void)
{
  struct etoro_frames *f = open_one(1);
  struct etoro_buf in;
  char *big = calloc(1, ETORO_WS_OUTPUT_MAX);
  const char *out;
  size_t most = ETORO_WS_OUTPUT_MAX - ETORO_WS_HEAD_LEN;
  int i, n = 0;
  CHECK(big != NULL);
  CHECK(etoro_frames_send(f, ETORO_WS_BINARY, big, most + 1) == ETORO_ETOOBIG);
  CHECK(etoro_frames_send(f, ETORO_WS_BINARY, big, most) == ETORO_OK);
  CHECK(etoro_frames_send(f, ETORO_WS_BINARY, big, 5) == ETORO_ETOOBIG);
  for (i = 0; etoro_frames_has_room(f); i++)
    CHECK(!etoro_frames_feed(f, "\x89\x80\0\0\0\0", 6)
          && i <= ETORO_WS_ANSWERS_MAX + 7); /* what the 14 bytes took */
  while ((n = (int)etoro_frames_output(f, &out)) > 0)
    etoro_frames_sent(f, n > 1000 ? 1000 : (size_t)n);
  CHECK(etoro_frames_has_room(f));
  etoro_buf_init(&in, 16);
  for (i = 0; etoro_frames_has_room(f); i++)
    CHECK(!etoro_frames_feed(f, "\x81\x80\0\0\0\0", 6));
  CHECK(i == ETORO_WS_QUEUE_MAX);
  free(etoro_frames_take(f));
  CHECK(etoro_frames_has_room(f));
  etoro_buf_free(&in);
  etoro_frames_free(f);
  free(big);
}

static void counts_bytes_too(void)
{
  struct etoro_frames *f = open_one(0);
  struct etoro_buf in;
  char block[BLOCK] = "";
  int i;
  etoro_buf_init(&in, 2 * BLOCK);
  add(&in, 0x82, block, sizeof block);
  for (i = 0; etoro_frames_has_room(f); i++)
    CHECK(!etoro_frames_feed(f, in.data, in.len));
  CHECK(i == (ETORO_WS_QUEUE_BYTES + BLOCK - 1) / BLOCK);
  etoro_buf_free(&in);
  etoro_frames_free(f);
}

static void sends_only_utf8(void)
{
  struct etoro_frames *f = open_one(0);
  char ping[126] = "";
  CHECK(etoro_frames_send(f, ETORO_WS_TEXT, "\xff", 1) == ETORO_EINVAL);
  CHECK(etoro_frames_send(f, ETORO_WS_TEXT, text, strlen(text)) == ETORO_OK);
  CHECK(etoro_frames_send(f, ETORO_WS_BINARY, "\xff", 1) == ETORO_OK);
  CHECK(etoro_frames_send(f, ETORO_WS_PING, ping, 125) == ETORO_OK);
  CHECK(etoro_frames_send(f, ETORO_WS_PING, ping, 126) == ETORO_EINVAL);
  etoro_frames_free(f);
}

static void knows_utf8(void)
{
  CHECK(etoro_utf8_valid("", 0) && etoro_utf8_valid(text, strlen(text)));
  CHECK(etoro_utf8_valid("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", 10));
  CHECK(!etoro_utf8_valid("\xc1\xbf", 2) && !etoro_utf8_valid("\x80", 1));
  CHECK(!etoro_utf8_valid("\xe0\x9f\xbf", 3));
  CHECK(!etoro_utf8_valid("\xf0\x8f\xbf\xbf", 4));
  CHECK(!etoro_utf8_valid("\xf5\x80\x80\x80", 4));
  CHECK(!etoro_utf8_valid("\xe2\x82"
                          "a",
                          3));
}

int main(void)
{
  knows_utf8();
  if (!etoro_frames_can()) {
    struct etoro_frames_options o = { 0, CEILING, same, NULL };
    struct etoro_frames *f;
    CHECK(etoro_frames_open(&f, &o) == ETORO_EINVAL && !f);
    return 0;
  }
  joins_fragments();
  joins_single_bytes();
  masks_what_a_client_sends();
  refuses_what_is_no_websocket();
  refuses_broken_text();
  has_a_ceiling();
  has_a_ceiling_by_itself();
  reads_closes();
  says_goodbye();
  keeps_to_its_room();
  counts_bytes_too();
  sends_only_utf8();
  return 0;
}
