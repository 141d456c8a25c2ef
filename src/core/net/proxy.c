#include "core/net/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/bytes/ascii.h"
#include "core/bytes/secret.h"
#include "core/limits.h"
#include "core/status.h"

struct scheme {
  const char *text;
  unsigned port;     /* where the URL says none; as curl has it */
  int is_https;
  int is_socks;
};

/* socks5h and socks4a have the proxy look the host's name up, the others have
   libcurl do it. The first is what a URL without a scheme has. */
static const struct scheme schemes[] = {
  { "http://", 1080, 0, 0 },    { "https://", 443, 1, 0 },
  { "socks5h://", 1080, 0, 1 }, { "socks5://", 1080, 0, 1 },
  { "socks4a://", 1080, 0, 1 }, { "socks4://", 1080, 0, 1 },
};

/* prefix is lower case; in the URL the case does not matter, in any locale. */
static int begins_with(const char *text, const char *prefix)
{
  for (; *prefix; text++, prefix++)
    if (etoro_lower(*text) != *prefix)
      return 0;
  return 1;
}

static int is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* --- no_proxy --- */

static int is_same(const char *a, const char *b, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++)
    if (etoro_lower(a[i]) != etoro_lower(b[i]))
      return 0;
  return 1;
}

/* "example.com" names itself and all below it, and so does ".example.com";
   "badexample.com" is not below it. A dot at the end says no more than that a
   name is whole. */
static int name_matches(const char *token, size_t n, const char *host)
{
  size_t len = strlen(host);
  while (n && *token == '.') {
    token++;
    n--;
  }
  if (n && token[n - 1] == '.')
    n--;
  if (len && host[len - 1] == '.')
    len--;
  if (!n || n > len || !is_same(token, host + len - n, n))
    return 0;
  return n == len || host[len - n - 1] == '.';
}

/* The first bits of two addresses. */
static int bits_match(const unsigned char *a, const unsigned char *b,
                      unsigned bits)
{
  unsigned rest = bits % 8;
  if (memcmp(a, b, bits / 8) != 0)
    return 0;
  return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

/* An address, or a network as "address/bits"; an IPv6 one may have brackets. */
static int address_matches(const char *token, size_t n, int family,
                           const unsigned char *address)
{
  char text[INET6_ADDRSTRLEN + 8];
  unsigned char other[16];
  unsigned most = family == AF_INET ? 32 : 128, bits = most;
  char *slash, *at = text;
  if (n >= sizeof text)
    return 0;
  memcpy(text, token, n);
  text[n] = '\0';
  slash = strchr(text, '/');
  if (slash) {
    char *end;
    unsigned long told;
    *slash = '\0';
    /* strtoul takes blanks and signs as well: the first character has to be a
       digit. What is too large for it comes out as larger than any. */
    told = strtoul(slash + 1, &end, 10);
    if (!etoro_is_digit(slash[1]) || *end || told > most)
      return 0;
    bits = (unsigned)told;
  }
  if (*at == '[') {
    size_t len = strlen(at);
    if (at[len - 1] != ']')
      return 0;
    at[len - 1] = '\0';
    at++;
  }
  return inet_pton(family, at, other) == 1 && bits_match(address, other, bits);
}

/* A host's address, if it is none of the names; 0 for a name. */
static int address_of(const char *host, unsigned char out[16])
{
  char plain[INET6_ADDRSTRLEN];
  size_t n = strlen(host);
  if (inet_pton(AF_INET, host, out) == 1)
    return AF_INET;
  if (*host != '[' || n < 2 || n - 2 >= sizeof plain)
    return 0;
  memcpy(plain, host + 1, n - 2);
  plain[n - 2] = '\0';
  return inet_pton(AF_INET6, plain, out) == 1 ? AF_INET6 : 0;
}

int etoro_proxy_is_exempt(const char *list, const char *host)
{
  unsigned char address[16];
  /* An entry is read as an address where the host is one, else as a name:
     10.0.0.1 must not be exempt by an entry that says "0.1". */
  int family = address_of(host, address);
  const char *at = list;
  if (!strcmp(list, "*"))
    return 1;
  while (*at) {
    size_t n = strcspn(at, " \t,");
    if (n && family && address_matches(at, n, family, address))
      return 1;
    if (n && !family && name_matches(at, n, host))
      return 1;
    at += n;
    while (*at == ',' || is_blank(*at))
      at++;
  }
  return 0;
}

/* --- the proxy's URL --- */

/* A variable that is set to nothing counts as one that is not set, as in
   curl. */
static const char *read_env(const char *name)
{
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* The host of an origin without its port, "" when that is too long. */
static void copy_host(char *out, size_t size, const char *origin)
{
  const char *host = strstr(origin, "://") + 3;
  size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
  /* "" is exempt by "*" alone: in doubt it goes through the proxy. */
  if (n >= size)
    n = 0;
  memcpy(out, host, n);
  out[n] = '\0';
}

/* The variable that curl would take; NULL when no proxy is to be asked. */
static const char *find_env(const struct etoro_base *base)
{
  static const char *const names[] = { "https_proxy", "HTTPS_PROXY",
                                       "all_proxy", "ALL_PROXY" };
  char host[ETORO_HOST_MAX + 3];
  const char *less = read_env("no_proxy");
  size_t i;
  /* A proxy's own loopback is another machine: keys would go there. */
  if (base->is_loopback)
    return NULL;
  copy_host(host, sizeof host, base->origin);
  if (!less)
    less = read_env("NO_PROXY");
  if (less && etoro_proxy_is_exempt(less, host))
    return NULL;
  /* Lower case first, as curl has it. http_proxy is not asked: a request's
     header can set HTTP_PROXY in a CGI program, and keys go over https
     alone. */
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (read_env(names[i]))
      return names[i];
  return NULL;
}

/* A user name with a password: what libcurl decodes as it stands there. */
static const char *refuse_login(const char *text, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    if (text[i] == '@')
      return "an @ in its user name or password has to be written as %40";
    if (text[i] != '%')
      continue;
    if (n - i < 3 || !etoro_is_hex(text[i + 1]) || !etoro_is_hex(text[i + 2]))
      return "a % in its user name or password has to be written as %25";
    if (text[i + 1] < '2' || (text[i + 1] == '7' && (text[i + 2] | 32) == 'f'))
      return "its user name or password has a control character in it";
  }
  return NULL;
}

static const struct scheme *find_scheme(const char **url, const char **why)
{
  const struct scheme *s = schemes;
  const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
  size_t i, n = sizeof schemes / sizeof schemes[0];
  if (!strstr(*url, "://"))
    return s; /* as curl does it */
  for (i = 0; i < n && !begins_with(*url, schemes[i].text); i++)
    continue;
  if (i == n) {
    *why = "it starts with none of http://, https://, socks4://, socks4a://,"
           " socks5:// and socks5h://";
    return NULL;
  }
  s = &schemes[i];
  if (s->is_https && !(v->features & CURL_VERSION_HTTPS_PROXY)) {
    *why = "this libcurl speaks to no proxy over TLS";
    return NULL;
  }
  *url += strlen(s->text);
  return s;
}

/* What would make a header line or a line of the proxy's log into two. */
static const char *check_text(const char *url)
{
  for (; *url; url++)
    if (*url <= 0x20 || *url >= 0x7f || *url == '\\')
      return "it has blanks, backslashes, control or non-ASCII characters";
  return NULL;
}

/* Writes the URL anew for libcurl, every part in its place. */
static int write_url(struct etoro_proxy *out, const struct scheme *s,
                     const char *login, size_t n, const struct etoro_host *at)
{
  /* libcurl reads URLs by rules of its own; out of this one it can read no
     other host than the one that was checked. */
  size_t size = strlen(s->text) + n + sizeof out->name + 2;
  snprintf(out->name, sizeof out->name, "%s:%u", at->host,
           at->port ? at->port : s->port);
  out->is_https = s->is_https;
  out->is_socks = s->is_socks;
  out->url = malloc(size);
  if (!out->url)
    return ETORO_ENOMEM;
  snprintf(out->url, size, "%s%.*s%s%s", s->text, (int)n, login, n ? "@" : "",
           out->name);
  return ETORO_OK;
}

static int read_url(struct etoro_proxy *out, const char *url, const char **why)
{
  const struct scheme *s;
  const char *end, *host, *mark;
  struct etoro_host at;
  size_t login = 0;
  *why = check_text(url);
  s = *why ? NULL : find_scheme(&url, why);
  if (!s)
    return ETORO_EINVAL;
  end = url + strcspn(url, "/?#");
  /* An @ behind a slash: the password has a slash in it that is not encoded,
     and what looks like the host is a piece of the password. */
  *why = "a /, ? or # in its user name or password has to be written as %2F,"
         " %3F or %23";
  if (strchr(end, '@'))
    return ETORO_EINVAL;
  *why = "it has a path, a query or a fragment";
  if (*end && strcmp(end, "/") != 0)
    return ETORO_EINVAL;
  host = url;
  /* The last @ ends the login; refuse_login tells of one before it. */
  for (mark = url; mark < end; mark++)
    if (*mark == '@')
      host = mark + 1;
  if (host > url) {
    login = (size_t)(host - url) - 1;
    *why = login < 4096 ? refuse_login(url, login) : "it is too long";
    if (*why)
      return ETORO_EINVAL;
  }
  if (etoro_host_parse(&at, host, (size_t)(end - host), why))
    return ETORO_EINVAL;
  return write_url(out, s, url, login, &at);
}

/* What may be shown of a URL that cannot be read: what stands behind its last
   @; without one its password, if it has any, could be anywhere. */
static void show(char *out, size_t size, const char *url)
{
  const char *mark = strrchr(url, '@');
  size_t i, n;
  out[0] = '\0';
  if (!mark)
    return;
  n = strlen(mark);
  snprintf(out, size, " '***%.*s%s'", ETORO_PROXY_REST_SHOWN, mark,
           n > ETORO_PROXY_REST_SHOWN ? "..." : "");
  for (i = 1; out[i]; i++)
    if (out[i] <= 0x20 || out[i] >= 0x7f)
      out[i] = '?';
}

int etoro_proxy_choose(struct etoro_proxy *out, const char *given, size_t n,
                       const struct etoro_base *base,
                       char why[ETORO_PROXY_WHY_MAX])
{
  const char *name = given ? NULL : find_env(base);
  const char *url = name ? getenv(name) : given;
  const char *reason = NULL;
  char shown[ETORO_PROXY_REST_SHOWN + 16] = "";
  int rc = ETORO_EINVAL;
  memset(out, 0, sizeof *out);
  if (!url || (!*url && !n)) {
    out->url = calloc(1, 1);
    return out->url ? ETORO_OK : ETORO_ENOMEM;
  }
  if (given && strlen(given) != n)
    /* libcurl would take what stands before the zero, which nobody has
       given. */
    reason = "it has a zero byte in it";
  /* Over https a proxy carries bytes that it cannot read. */
  else if (!base->is_https)
    reason = "it would see the keys: a plain http base_url is not reached"
             " through a proxy";
  else
    rc = read_url(out, url, &reason);
  if (rc != ETORO_EINVAL)
    return rc;
  if (!given || strlen(given) == n)
    show(shown, sizeof shown, url);
  /* ETORO_PROXY_WHY_MAX has room for the longest reason and all that is
     shown. */
  snprintf(why, ETORO_PROXY_WHY_MAX, "%s%s%s cannot be used: %s",
           name ? "the environment's " : "", name ? name : "proxy", shown,
           reason);
  return ETORO_EINVAL;
}

int etoro_proxy_copy(struct etoro_proxy *out, const struct etoro_proxy *from)
{
  size_t n = strlen(from->url) + 1;
  /* An owner for each copy: clients of one proxy end at different times. */
  *out = *from;
  out->url = malloc(n);
  if (!out->url)
    return ETORO_ENOMEM;
  memcpy(out->url, from->url, n);
  return ETORO_OK;
}

void etoro_proxy_free(struct etoro_proxy *p)
{
  if (p->url)
    etoro_wipe(p->url, strlen(p->url)); /* it may hold a password */
  free(p->url);
  p->url = NULL;
}
