#include "core/net/uri.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "core/bytes/ascii.h"
#include "core/status.h"

static int is_unreserved(char c)
{
  return etoro_is_alpha(c) || etoro_is_digit(c) || c == '-' || c == '.'
         || c == '_' || c == '~';
}

/* A visible ASCII character: no blank, control character or high byte. */
static int is_visible(char c)
{
  return c > 0x20 && c < 0x7f;
}

/* 1 when the n bytes are "." or "..". */
static int is_dots(const char *text, size_t n)
{
  return (n == 1 || n == 2) && text[0] == '.' && text[n - 1] == '.';
}

/* All but the unreserved is escaped, also what a path might hold: one spelling
   for each value, whatever lies between here and the server. A list's commas
   part its items and stay. */
static int stays(char c, enum etoro_uri_part part)
{
  return is_unreserved(c) || (c == ',' && part == ETORO_URI_LIST);
}

static int add_escape(struct etoro_buf *out, unsigned char byte)
{
  static const char digits[] = "0123456789ABCDEF";
  char escape[3];
  escape[0] = '%';
  escape[1] = digits[byte >> 4];
  escape[2] = digits[byte & 0x0f];
  return etoro_buf_add(out, escape, sizeof escape);
}

/* Most values need no escape: the caller then takes the text as it is. */
int etoro_uri_is_plain(const char *text, size_t n, enum etoro_uri_part part)
{
  size_t i;
  if (part == ETORO_URI_SEGMENT && (!n || is_dots(text, n)))
    return 0;
  for (i = 0; i < n; i++) {
    if (!stays(text[i], part))
      return 0;
  }
  return 1;
}

int etoro_uri_encode(struct etoro_buf *out, const char *text, size_t n,
                     enum etoro_uri_part part)
{
  /* An id of ".." would climb in the path: its dots are escaped. An empty one
     would make "/orders//" of it, which is another path. */
  int rc, is_step = part == ETORO_URI_SEGMENT && is_dots(text, n);
  size_t i, room = n;
  if (part == ETORO_URI_SEGMENT && !n)
    return ETORO_EINVAL;
  if (n > ((size_t)-1 - out->len) / 3)
    return ETORO_ETOOBIG;
  for (i = 0; i < n; i++) {
    if (is_step || !stays(text[i], part))
      room += 2;
  }
  rc = etoro_buf_reserve(out, out->len + room); /* all of it or nothing */
  for (i = 0; !rc && i < n; i++) {
    if (is_step || !stays(text[i], part))
      rc = add_escape(out, (unsigned char)text[i]);
    else
      rc = etoro_buf_add(out, text + i, 1);
  }
  return rc;
}

/* Scheme, host and port of a URL, checked and in one spelling; the port 0
   where it is the scheme's own. */
struct authority {
  int is_https;
  struct etoro_host at;
};

static int is_scheme(const char *url, const char *scheme)
{
  size_t i;
  for (i = 0; scheme[i]; i++) {
    if (etoro_lower(url[i]) != scheme[i])
      return 0;
  }
  return 1;
}

/* An IPv6 address between brackets, written anew so that it has one form. */
static int take_ipv6(struct etoro_host *a, const char *text, size_t n)
{
  char plain[INET6_ADDRSTRLEN];
  struct in6_addr address;
  if (!n || n >= sizeof plain)
    return 0;
  memcpy(plain, text, n);
  plain[n] = '\0';
  if (inet_pton(AF_INET6, plain, &address) != 1)
    return 0;
  a->host[0] = '[';
  if (!inet_ntop(AF_INET6, &address, a->host + 1, INET6_ADDRSTRLEN))
    return 0;
  n = strlen(a->host);
  a->host[n] = ']';
  a->host[n + 1] = '\0';
  a->is_loopback = memcmp(&address, &in6addr_loopback, sizeof address) == 0;
  return 1;
}

/* 1 when resolvers may read a label as a number: then the whole name is an
   address, in one of many spellings. */
static int is_numeric(const char *label, size_t n)
{
  size_t i = 0;
  if (n >= 2 && label[0] == '0' && label[1] == 'x') {
    for (i = 2; i < n && etoro_is_hex(label[i]);)
      i++;
    return i == n;
  }
  while (i < n && etoro_is_digit(label[i]))
    i++;
  return i == n;
}

/* A name or a dotted IPv4 address; a->host holds it in lower case. */
static int check_name(struct etoro_host *a)
{
  const char *label = a->host, *at = a->host;
  struct in_addr address;
  size_t n = 0;
  for (;;) {
    n = (size_t)(at - label);
    if (*at && *at != '.') {
      if (!etoro_is_alpha(*at) && !etoro_is_digit(*at) && *at != '-'
          && *at != '_')
        return 0;
    } else if (!n || n > ETORO_HOST_LABEL_MAX)
      return 0;
    else if (!*at || !at[1])
      break; /* one dot at the end is the root of all names */
    else
      label = at + 1;
    at++;
  }
  if (!is_numeric(label, n)) {
    a->is_loopback = strcmp(a->host, "localhost") == 0;
    return 1;
  }
  a->is_loopback = strncmp(a->host, "127.", 4) == 0;
  return inet_pton(AF_INET, a->host, &address) == 1;
}

static int take_name(struct etoro_host *a, const char *text, size_t n)
{
  size_t i;
  if (!n || n > ETORO_HOST_MAX)
    return 0;
  for (i = 0; i < n; i++)
    a->host[i] = etoro_lower(text[i]);
  a->host[n] = '\0';
  /* A zero byte would end the host for every reader but this one. */
  return memchr(a->host, '\0', n) == NULL && check_name(a);
}

/* Digits after the colon, 1 to 65535. */
static int take_port(struct etoro_host *a, const char *text, size_t n)
{
  unsigned port = 0;
  size_t i;
  if (!n || n > 5)
    return 0;
  for (i = 0; i < n; i++) {
    if (!etoro_is_digit(text[i]))
      return 0;
    port = port * 10 + (unsigned)(text[i] - '0');
  }
  if (!port || port > 65535)
    return 0;
  a->port = port;
  return 1;
}

int etoro_host_parse(struct etoro_host *out, const char *text, size_t n,
                     const char **why)
{
  const char *end = text + n, *tail;
  out->port = 0;
  *why = "its host is not a plain host name or IP address";
  if (n && *text == '[') {
    tail = memchr(text, ']', n);
    if (!tail || !take_ipv6(out, text + 1, (size_t)(tail - text) - 1))
      return ETORO_EINVAL;
    tail++;
    if (tail < end && *tail != ':')
      return ETORO_EINVAL;
  } else {
    tail = memchr(text, ':', n);
    if (!tail)
      tail = end;
    if (!take_name(out, text, (size_t)(tail - text)))
      return ETORO_EINVAL;
  }
  *why = "its port is not a number from 1 to 65535";
  if (tail < end && !take_port(out, tail + 1, (size_t)(end - tail) - 1))
    return ETORO_EINVAL;
  *why = NULL;
  return ETORO_OK;
}

/* Reads "scheme://host:port"; *rest is what follows. */
static int read_authority(struct authority *a, const char *url,
                          const char **rest, const char **why)
{
  const char *host;
  size_t n;
  int rc;
  a->is_https = is_scheme(url, "https://");
  if (!a->is_https && !is_scheme(url, "http://")) {
    *why = "it does not start with https:// or http://";
    return ETORO_EINVAL;
  }
  host = url + (a->is_https ? 8 : 7);
  n = strcspn(host, "/?#");
  *rest = host + n;
  /* "https://api.example@evil.example" leads to the latter. */
  if (memchr(host, '@', n)) {
    *why = "it has a user name or password in it";
    return ETORO_EINVAL;
  }
  rc = etoro_host_parse(&a->at, host, n, why);
  /* So that with and without it is one origin. */
  if (!rc && a->at.port == (a->is_https ? 443u : 80u))
    a->at.port = 0;
  return rc;
}

static char *append(char *to, const char *text)
{
  size_t n = strlen(text);
  memcpy(to, text, n + 1);
  return to + n;
}

/* Puts the parts together in out, which has ETORO_ORIGIN_MAX bytes: enough
   for 8 + 253 + 6 and a '\0'. */
static void write_origin(char *out, const struct authority *a)
{
  char digits[8];
  size_t at = sizeof digits;
  unsigned port = a->at.port;
  out = append(out, a->is_https ? "https://" : "http://");
  out = append(out, a->at.host);
  if (!port)
    return;
  digits[--at] = '\0';
  for (; port; port /= 10)
    digits[--at] = (char)('0' + port % 10);
  digits[--at] = ':';
  append(out, digits + at);
}

/* 1 when a path of n bytes has no "." or ".." and, unless the caller allows
   it, nothing empty between two slashes. It starts with a slash. */
static int is_plain_path(const char *path, size_t n, int may_be_empty)
{
  const char *at = path, *end = path + n;
  while (at < end) {
    const char *next = memchr(at + 1, '/', (size_t)(end - at) - 1);
    size_t len;
    if (!next)
      next = end;
    len = (size_t)(next - at) - 1;
    if (is_dots(at + 1, len) || (!len && !may_be_empty))
      return 0;
    at = next;
  }
  return 1;
}

static int is_path_char(const char *at)
{
  if (*at == '%')
    return etoro_is_hex(at[1]) && etoro_is_hex(at[2]);
  return is_unreserved(*at) || strchr("/!$&'()*+,;=:@", *at) != NULL;
}

/* The prefix that all paths of a base get: "" or "/prefix". */
static int take_prefix(struct etoro_base *out, const char *path,
                       const char **why)
{
  size_t i, n = strlen(path);
  if (memchr(path, '?', n) || memchr(path, '#', n)) {
    *why = "it has a query or a fragment";
    return ETORO_EINVAL;
  }
  /* A target brings its own slash. */
  while (n && path[n - 1] == '/')
    n--;
  if (n >= sizeof out->path) {
    *why = "its path is too long";
    return ETORO_EINVAL;
  }
  *why = "its path is not a plain path";
  for (i = 0; i < n; i++) {
    if (!is_path_char(path + i))
      return ETORO_EINVAL;
  }
  if (!is_plain_path(path, n, 0))
    return ETORO_EINVAL;
  memcpy(out->path, path, n);
  out->path[n] = '\0';
  *why = NULL;
  return ETORO_OK;
}

/* Eight at a time: every URL and target goes through this. */
static int is_visible_text(const char *text, size_t n)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  size_t i;
  for (i = 0; n - i >= 8; i += 8) {
    uint64_t v;
    memcpy(&v, text + i, 8);
    /* a borrow comes only from a byte that is too low itself */
    if (((v - ones * 0x21) | (v + ones) | v) & (ones << 7))
      return 0;
  }
  for (; i < n; i++) {
    if (!is_visible(text[i]))
      return 0;
  }
  return 1;
}

int etoro_base_parse(struct etoro_base *out, const char *url, const char **why)
{
  struct authority a;
  const char *rest = NULL;
  int rc;
  memset(out, 0, sizeof *out);
  memset(&a, 0, sizeof a);
  *why = NULL;
  /* Some readers take a backslash for a slash, and so another host for the
     host. */
  if (!is_visible_text(url, strlen(url)) || strchr(url, '\\')) {
    *why = "it has blanks, backslashes, control or non-ASCII characters";
    return ETORO_EINVAL;
  }
  rc = read_authority(&a, url, &rest, why);
  if (!rc)
    rc = take_prefix(out, rest, why);
  if (!rc && !a.is_https && !a.at.is_loopback) {
    *why = "plain http is for loopback hosts only; use https";
    rc = ETORO_EINVAL;
  }
  if (rc)
    return rc;
  write_origin(out->origin, &a);
  out->is_https = a.is_https;
  out->is_loopback = a.at.is_loopback;
  return ETORO_OK;
}

int etoro_origin_matches(const char *origin, const char *url)
{
  struct authority a;
  char own[ETORO_ORIGIN_MAX];
  const char *rest, *why;
  size_t n = strlen(origin);
  if (!is_visible_text(url, strlen(url)) || strchr(url, '\\'))
    return 0;
  /* The slash belongs to it: "https://api.example.evil" begins with the origin
     as well. */
  if (!strncmp(url, origin, n) && url[n] == '/')
    return 1; /* as etoro_base_parse writes it */
  memset(&a, 0, sizeof a);
  if (read_authority(&a, url, &rest, &why))
    return 0;
  write_origin(own, &a);
  return strcmp(own, origin) == 0;
}

/* Two slashes at the start would be read as a host, a fragment is never sent.
   Empty segments further on are the server's own matter. */
int etoro_target_valid(const char *target, size_t n)
{
  const char *query;
  if (!n || target[0] != '/' || (n > 1 && target[1] == '/'))
    return 0;
  if (!is_visible_text(target, n) || memchr(target, '#', n)
      || memchr(target, '\\', n))
    return 0;
  query = memchr(target, '?', n);
  return is_plain_path(target, query ? (size_t)(query - target) : n, 1);
}

static int is_token_char(char c)
{
  return etoro_is_alpha(c) || etoro_is_digit(c)
         || (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

int etoro_header_name_valid(const char *name, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    if (!is_token_char(name[i]))
      return 0;
  }
  return n > 0;
}

int etoro_header_value_valid(const char *value, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)value[i];
    if (c < 0x20 || c == 0x7f)
      return 0;
  }
  return 1;
}
