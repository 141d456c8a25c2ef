#include "core/engine/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/status.h"

static char *copy_text(const char *text)
{
  size_t n = strlen(text) + 1;
  char *copy = malloc(n);
  if (copy)
    memcpy(copy, text, n);
  return copy;
}

/* The way to the server, which a client that has another's key shares: a key
   must not go where its owner would not have sent it. */
static int choose_way(struct etoro_client *c,
                      const struct etoro_client_options *options,
                      char why[ETORO_CLIENT_WHY_MAX])
{
  const struct etoro_client *of = options->keys_of;
  int rc;
  if (of && strcmp(of->base.origin, c->base.origin) != 0) {
    snprintf(why, ETORO_CLIENT_WHY_MAX, "its key is another origin's");
    return ETORO_EINVAL;
  }
  rc = of ? etoro_proxy_copy(&c->proxy, &of->proxy)
          : etoro_proxy_choose(&c->proxy, options->proxy, options->proxy_len,
                               &c->base, why);
  if (rc)
    return rc;
  if (of) {
    c->tls = of->tls;
    return ETORO_OK;
  }
  rc = etoro_tls_choose(&c->tls, options->ca_file);
  if (rc)
    snprintf(why, ETORO_CLIENT_WHY_MAX, "ca_file cannot be read");
  return rc;
}

static int fill(struct etoro_client *c,
                const struct etoro_client_options *options,
                char why[ETORO_CLIENT_WHY_MAX])
{
  const char *reason = NULL;
  struct etoro_identity who = options->who;
  int rc = etoro_base_parse(&c->base, options->base_url, &reason);
  if (rc) {
    snprintf(why, ETORO_CLIENT_WHY_MAX, "%s", reason);
    return rc;
  }
  rc = choose_way(c, options, why);
  if (rc)
    return rc;
  c->user_agent = copy_text(options->user_agent);
  if (!c->user_agent)
    return ETORO_ENOMEM;
  /* A function gives its token when the first call needs it, and not
     before. */
  if (options->is_renewable && !options->who.bearer)
    return ETORO_OK;
  if (options->keys_of && options->keys_of->credentials)
    /* As a secret of the core's: it never passes through Lua. */
    who.api_key = etoro_credentials_api_key(options->keys_of->credentials);
  rc = etoro_credentials_new(&c->credentials, c->base.origin, c->user_agent,
                             &who);
  if (rc == ETORO_EINVAL)
    snprintf(why, ETORO_CLIENT_WHY_MAX,
             "a key must not be empty, nor a key or user_agent hold a line "
             "break or another control character");
  return rc;
}

/* Up to 8.0 libcurl goes on with freed memory when a server begins a later
   answer of HTTP/1 on the same handle with a folded line. 8.1 mended it; the
   releases right behind it were not looked at. */
static int spends_handles(void)
{
  return curl_version_info(CURLVERSION_NOW)->version_num < 0x080200;
}

int etoro_client_new(struct etoro_client **out,
                     const struct etoro_client_options *options, double now,
                     char why[ETORO_CLIENT_WHY_MAX])
{
  int rc;
  struct etoro_client *c = calloc(1, sizeof *c);
  *out = NULL;
  why[0] = '\0';
  if (!c)
    return ETORO_ENOMEM;
  c->refs = 1;
  c->spends_handles = spends_handles();
  c->is_renewable = options->is_renewable;
  c->wants_events = options->wants_events;
  c->is_demo = options->is_demo;
  c->is_dry = options->is_dry;
  c->connect_timeout = options->connect_timeout;
  c->max_connections = options->max_connections;
  c->max_body = options->max_body;
  /* Kept for its halt alone: an agent stops with the client that it came from,
     also when nobody holds that one any more. */
  c->parent = options->parent ? etoro_client_keep(options->parent) : NULL;
  etoro_retry_bucket_init(&c->resends, now);
  rc = fill(c, options, why);
  if (rc) {
    etoro_client_free(c);
    return rc;
  }
  *out = c;
  return ETORO_OK;
}

struct etoro_client *etoro_client_keep(struct etoro_client *c)
{
  c->refs++;
  return c;
}

static void drop_handle(struct etoro_handle *h)
{
  curl_easy_cleanup(h->easy);
  curl_url_cleanup(h->origin);
  free(h);
}

void etoro_client_free(struct etoro_client *c)
{
  if (!c || --c->refs)
    return;
  while (c->idle) {
    struct etoro_handle *h = c->idle;
    c->idle = h->next;
    drop_handle(h);
  }
  etoro_spares_free(&c->spares);
  etoro_credentials_free(c->credentials);
  etoro_credentials_free(c->previous);
  etoro_account_free(c->account);
  etoro_proxy_free(&c->proxy);
  free(c->user_agent);
  etoro_client_free(c->parent);
  free(c);
}

int etoro_client_is_halted(const struct etoro_client *c)
{
  while (c && !c->is_halted)
    c = c->parent;
  return c != NULL;
}

int etoro_client_renew(struct etoro_client *c, struct etoro_secret *bearer,
                       double expires_at)
{
  const struct etoro_identity who = { .bearer = bearer };
  struct etoro_credentials *fresh;
  int rc = etoro_credentials_new(&fresh, c->base.origin, c->user_agent, &who);
  if (rc)
    return rc;
  /* One set of before is kept: answers under way may repeat the token that
     they were signed with. */
  etoro_credentials_free(c->previous);
  c->previous = c->credentials;
  c->credentials = fresh;
  c->expires_at = expires_at;
  c->is_refused = 0;
  c->version++;
  return ETORO_OK;
}

void etoro_client_mask(const struct etoro_client *c, char *bytes, size_t n)
{
  if (c->credentials)
    etoro_credentials_mask(c->credentials, bytes, n);
  if (c->previous)
    etoro_credentials_mask(c->previous, bytes, n);
}

/* CURLOPT_QUICK_EXIT, which headers have from libcurl 7.87 on */
#define QUICK_EXIT ((CURLoption)322)

/* What libcurl does by itself is not set again, as one that is spent after an
   answer is made for each. Redirects stay off so: one would carry keys to a place
   that nobody named, and is told as an error. */
static CURLcode set_transport(const struct etoro_client *c, CURL *easy)
{
  CURLcode rc;
#define SET(option, value) \
  (rc = rc ? rc : curl_easy_setopt(easy, option, value))
  /* No signals: libcurl's own timeouts would be SIGALRM, which is the
     host's. */
  rc = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, c->base.is_https ? "https" : "http");
#else
  SET(CURLOPT_PROTOCOLS, c->base.is_https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
  /* a name server that hangs must not hold up a cancel or the end; what is
     older than the option goes on without */
  curl_easy_setopt(easy, QUICK_EXIT, 1L);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(c->connect_timeout * 1000.0 + 0.5));
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  if (c->base.is_https) {
    /* A second request waits for a connection that may speak HTTP/2 rather than
       opening another, whose TLS costs more than the wait. */
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  }
  if (*c->proxy.url) {
    SET(CURLOPT_PROXY, c->proxy.url);
    /* A proxy's lines are not the API's: its Retry-After or 429 must not be
       taken for one. */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  }
  /* nothing is left to the environment, which would be asked each time */
  SET(CURLOPT_NOPROXY, *c->proxy.url ? "" : "*");
#undef SET
  return rc;
}

static int speaks_tls(const struct etoro_client *c)
{
  return c->base.is_https || c->proxy.is_https;
}

/* Its URL is the origin alone, which libcurl so parses once, and not for each
   request; as text too, which versions below 8 would else write anew for each
   handle. A target is given beside it and goes out as it is: in a URL newer
   versions change the spelling of its escapes. (A proxy that reads URLs would
   need it whole; ours are for https, and tunnelled through.) */
int etoro_client_renew_handle(const struct etoro_client *c,
                              struct etoro_handle *h)
{
  curl_easy_cleanup(h->easy);
  h->easy = curl_easy_init();
  h->is_wired = h->is_fresh = h->is_worn = h->is_spent = 0;
  h->is_get = 1; /* as it is made */
  if (h->easy && !curl_easy_setopt(h->easy, CURLOPT_URL, c->base.origin)
      && !curl_easy_setopt(h->easy, CURLOPT_CURLU, h->origin)
      && !curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->error)
      && !set_transport(c, h->easy)
      && (!speaks_tls(c) || !etoro_tls_apply(&c->tls, h->easy)))
    return ETORO_OK;
  curl_easy_cleanup(h->easy);
  h->easy = NULL;
  return ETORO_ENOMEM;
}

static struct etoro_handle *make_handle(const struct etoro_client *c)
{
  struct etoro_handle *h = calloc(1, sizeof *h);
  if (!h)
    return NULL;
  h->origin = curl_url();
  if (h->origin && !curl_url_set(h->origin, CURLUPART_URL, c->base.origin, 0))
    return h;
  drop_handle(h);
  return NULL;
}

struct etoro_handle *etoro_client_handle(struct etoro_client *c)
{
  struct etoro_handle *h = c->idle;
  if (h) {
    c->idle = h->next;
    c->nidle--;
  } else
    h = make_handle(c);
  if (!h || h->easy || !etoro_client_renew_handle(c, h))
    return h;
  drop_handle(h);
  return NULL;
}

void etoro_client_reuse(struct etoro_client *c, struct etoro_handle *h)
{
  if (c->nidle >= ETORO_IDLE_HANDLES_MAX || c->is_closed) {
    drop_handle(h);
    return;
  }
  if (c->spends_handles && h->is_spent) {
    curl_easy_cleanup(h->easy);
    h->easy = NULL;
  } else if (h->easy) {
    /* nothing of the request that ended may be reachable through it */
    curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
    if (!h->is_get)
      curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, NULL);
  }
  h->next = c->idle;
  c->idle = h;
  c->nidle++;
}

/* 0 for an end means that nobody said one: then only a 401 tells that it is
   over. */
int etoro_client_lacks_token(const struct etoro_client *c, double now)
{
  return c->is_renewable
         && (!c->credentials || c->is_refused
             || (c->expires_at > 0 && c->expires_at <= now));
}

int etoro_client_room(const struct etoro_client *c)
{
  /* Over HTTP/2 the streams of one connection are what is short; until an
     answer has shown otherwise it is taken for that. */
  if (c->base.is_https && !c->speaks_h1)
    return ETORO_STREAMS_MAX;
  return (int)c->max_connections;
}
