#include "core/ws/handshake.h"

#include <string.h>

#include "core/bytes/ascii.h"
#include "core/bytes/digest.h"
#include "core/bytes/sha1.h"
#include "core/net/headers.h"
#include "core/status.h"

static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* n bytes as base64 into an array that has exactly the room. */
static int write_base64(char *out, const void *bytes, size_t n)
{
  struct etoro_buf text;
  int rc;
  etoro_buf_init(&text, 2 * n + 4);
  rc = etoro_base64(&text, bytes, n);
  if (!rc)
    memcpy(out, text.data, text.len + 1);
  etoro_buf_free(&text);
  return rc;
}

int etoro_ws_key(char out[ETORO_WS_KEY_LEN + 1], etoro_random_fn *random,
                 void *context)
{
  unsigned char bytes[16];
  int rc = random(context, bytes, sizeof bytes);
  return rc ? rc : write_base64(out, bytes, sizeof bytes);
}

int etoro_ws_accept(char out[ETORO_WS_ACCEPT_LEN + 1], const char *key)
{
  unsigned char digest[ETORO_SHA1_LEN];
  struct etoro_buf text;
  int rc;
  etoro_buf_init(&text, 1024);
  rc = etoro_buf_puts(&text, key);
  if (!rc)
    rc = etoro_buf_puts(&text, magic);
  if (!rc) {
    etoro_sha1(digest, text.data, text.len);
    rc = write_base64(out, digest, sizeof digest);
  }
  etoro_buf_free(&text);
  return rc;
}

int etoro_ws_request(struct etoro_buf *out, const char *host,
                     const char *target, const char *user_agent,
                     const char *key)
{
  const char *const parts[] = { "GET ",
                                target,
                                " HTTP/1.1\r\nHost: ",
                                host,
                                "\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: ",
                                key,
                                "\r\nUser-Agent: ",
                                user_agent,
                                "\r\n\r\n" };
  size_t i;
  int rc = ETORO_OK;
  for (i = 0; i < sizeof parts / sizeof parts[0] && !rc; i++)
    rc = etoro_buf_puts(out, parts[i]);
  return rc;
}

size_t etoro_ws_head_length(const char *text, size_t n)
{
  size_t i;
  for (i = 3; i < n; i++)
    if (!memcmp(text + i - 3, "\r\n\r\n", 4))
      return i + 1;
  return 0;
}

static int is_word(const char *text, size_t n, const char *word)
{
  size_t i;
  if (n != strlen(word))
    return 0;
  for (i = 0; i < n; i++)
    if (etoro_lower(text[i]) != word[i])
      return 0;
  return 1;
}

/* 1 when a list of words between commas holds the one. */
static int holds_word(const char *text, size_t n, const char *word)
{
  while (n) {
    const char *comma = memchr(text, ',', n);
    size_t some = comma ? (size_t)(comma - text) : n;
    size_t from = 0, to = some;
    while (from < to && (text[from] == ' ' || text[from] == '\t'))
      from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
      to--;
    if (is_word(text + from, to - from, word))
      return 1;
    if (!comma)
      break;
    text += some + 1;
    n -= some + 1;
  }
  return 0;
}

static int read_status(const char *head, size_t n)
{
  if (n < 13 || memcmp(head, "HTTP/1.", 7) || head[8] != ' '
      || !etoro_is_digit(head[9]) || !etoro_is_digit(head[10])
      || !etoro_is_digit(head[11]) || (head[12] != ' ' && head[12] != '\r'))
    return 0;
  return (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
}

/* What is wrong with a 101; NULL when nothing is. */
static const char *find_fault(const char *head, size_t n, const char *accept)
{
  const char *v;
  size_t len;
  if (head[7] != '1')
    return "the upgrade was answered in HTTP/1.0";
  if (!etoro_headers_find(head, n, "upgrade", &v, &len)
      || !is_word(v, len, "websocket"))
    return "the upgrade is to something else than a WebSocket";
  if (!etoro_headers_find(head, n, "connection", &v, &len)
      || !holds_word(v, len, "upgrade"))
    return "the answer to the upgrade has no Connection: Upgrade";
  if (!etoro_headers_find(head, n, "sec-websocket-accept", &v, &len)
      || len != ETORO_WS_ACCEPT_LEN || memcmp(v, accept, len))
    return "the answer to the upgrade is to another key";
  if (etoro_headers_find(head, n, "sec-websocket-extensions", &v, &len))
    return "the server wants an extension that was not offered";
  if (etoro_headers_find(head, n, "sec-websocket-protocol", &v, &len))
    return "the server wants a subprotocol that was not offered";
  return NULL;
}

int etoro_ws_check(const char *head, size_t n, const char *key, int *status,
                   const char **why)
{
  char accept[ETORO_WS_ACCEPT_LEN + 1];
  int rc;
  *status = read_status(head, n);
  *why = !*status             ? "the answer to the upgrade is no HTTP/1.1"
         : *status / 100 == 3 ? "the upgrade was answered with a redirect,"
                                " which is not followed"
         : *status != 101     ? "the upgrade was refused"
                              : NULL;
  if (*why)
    return ETORO_EINVAL;
  rc = etoro_ws_accept(accept, key);
  if (rc)
    return rc;
  *why = find_fault(head, n, accept);
  return *why ? ETORO_EINVAL : ETORO_OK;
}
