#include "core/ws/handshake.h"

#include "check.h"
#include "core/status.h"

/* RFC 6455, section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define FIRST "HTTP/1.1 101 Switching Protocols\r\n"
#define REST "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define PROOF "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static int sample(void *context, void *out, size_t n)
{
  (void)context;
  memcpy(out, "the sample nonce", n);
  return ETORO_OK;
}

static int fails(void *context, void *out, size_t n)
{
  (void)context;
  (void)out;
  (void)n;
  return ETORO_ERANDOM;
}

static void makes_keys(void)
{
  char key[ETORO_WS_KEY_LEN + 1];
  char accept[ETORO_WS_ACCEPT_LEN + 1];
  CHECK(etoro_ws_key(key, sample, NULL) == ETORO_OK);
  CHECK_TEXT(KEY, key, strlen(key));
  CHECK(etoro_ws_accept(accept, key) == ETORO_OK);
  CHECK_TEXT(ACCEPT, accept, strlen(accept));
  CHECK(etoro_ws_key(key, fails, NULL) == ETORO_ERANDOM);
}

static void writes_the_request(void)
{
  struct etoro_buf out;
  etoro_buf_init(&out, 4096);
  CHECK(etoro_ws_request(&out, "ws.example:8443", "/ws", "agent/1", KEY)
        == ETORO_OK);
  CHECK_TEXT("GET /ws HTTP/1.1\r\nHost: ws.example:8443\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n"
             "User-Agent: agent/1\r\n\r\n",
             out.data, out.len);
  etoro_buf_free(&out);
}

static void knows_the_end_of_a_head(void)
{
  const char *text = FIRST PROOF "\r\nmore";
  size_t whole = strlen(text) - 4, n;
  for (n = 0; n <= strlen(text); n++) {
    char *copy = exact_copy(text, n);
    CHECK(etoro_ws_head_length(copy, n) == (n < whole ? 0 : whole));
    free(copy);
  }
}

static int check(const char *head, int *status, const char **why)
{
  char *copy = exact_copy(head, strlen(head));
  int rc = etoro_ws_check(copy, strlen(head), KEY, status, why);
  free(copy);
  return rc;
}

static void passes(const char *head)
{
  const char *why;
  int status;
  CHECK(check(head, &status, &why) == ETORO_OK);
  CHECK(status == 101 && !why);
}

static void refuses(const char *head, int expected, const char *word)
{
  const char *why;
  int status;
  CHECK(check(head, &status, &why) == ETORO_EINVAL);
  CHECK(status == expected);
  CHECK(strstr(why, word) != NULL);
}

static void judges_answers(void)
{
  passes(FIRST REST PROOF "\r\n");
  passes("HTTP/1.1 101\r\n" REST PROOF "\r\n");
  passes(FIRST "upgrade: WebSocket\r\nCONNECTION: keep-alive ,UPGRADE\r\n"
               "sec-websocket-accept:" ACCEPT "\r\n\r\n");
  refuses("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 302, "redirect");
  refuses("HTTP/1.1 401 No\r\n\r\n", 401, "refused");
  refuses("HTTP/1.1 200 OK\r\n" REST PROOF "\r\n", 200, "refused");
  refuses("HTTP/1.1 1x1 OK\r\n" REST PROOF "\r\n", 0, "no HTTP");
  refuses("HTTP/2 101\r\n" REST PROOF "\r\n", 0, "no HTTP");
  refuses("\r\n\r\n", 0, "no HTTP");
  refuses("HTTP/1.0 101 OK\r\n" REST PROOF "\r\n", 101, "HTTP/1.0");
  refuses(FIRST "Upgrade: h2c\r\nConnection: Upgrade\r\n" PROOF "\r\n", 101,
          "something else");
  refuses(FIRST "Connection: Upgrade\r\n" PROOF "\r\n", 101, "something else");
  refuses(FIRST "Upgrade: websocket\r\n" PROOF "\r\n", 101, "Connection");
  refuses(FIRST "Upgrade: websocket\r\nConnection: upgraded\r\n" PROOF "\r\n",
          101, "Connection");
  refuses(FIRST REST "\r\n", 101, "another key");
  refuses(FIRST REST "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                     "\r\n",
          101, "another key");
  refuses(FIRST REST PROOF "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                           "\r\n",
          101, "extension");
  refuses(FIRST REST PROOF "Sec-WebSocket-Protocol: chat\r\n\r\n", 101,
          "subprotocol");
}

int main(void)
{
  makes_keys();
  writes_the_request();
  knows_the_end_of_a_head();
  judges_answers();
  return 0;
}
