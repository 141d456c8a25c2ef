#include "core/engine/credentials.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/digest.h"
#include "core/bytes/mask.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/net/unpack.h"

enum line {
  LINE_NO_TYPE,    /* takes libcurl's own Content-Type away */
  LINE_JSON_TYPE,
  LINE_NO_EXPECT,  /* a 100-continue round trip helps nobody here */
  LINE_ALL,        /* what every request has */
  LINE_COUNT
};

enum given {
  GIVEN_API_KEY,
  GIVEN_USER_KEY,
  GIVEN_BEARER,
  GIVEN_CLIENT_SECRET,
  GIVEN_LOGIN,     /* client id and secret as a Basic header has them */
  GIVEN_COUNT
};

struct etoro_credentials {
  unsigned refs;
  char origin[ETORO_ORIGIN_MAX];
  struct etoro_secret *given[GIVEN_COUNT];
  struct etoro_secret *all;                 /* "name: value", CRLF between */
  struct curl_slist nodes[LINE_COUNT];      /* data points to text and all */
  char text[LINE_ALL][40];
};

/* A value with a line break would add headers of somebody's choosing. An empty
   one is no line, as libcurl has it. */
static int add_line(struct etoro_buf *block, const char *name,
                    const char *value, size_t n)
{
  int rc = ETORO_OK;
  if (!etoro_header_value_valid(value, n))
    return ETORO_EINVAL;
  if (strspn(value, " \t") == n)
    return ETORO_OK;
  if (block->len)
    rc = etoro_buf_puts(block, "\r\n");
  if (!rc)
    rc = etoro_buf_puts(block, name);
  return rc ? rc : etoro_buf_add(block, value, n);
}

/* Seals base64 of "id:secret", both encoded as in a form: RFC 6749, 2.3.1. */
static int make_login(struct etoro_secret **out, const char *id,
                      const struct etoro_secret *secret)
{
  struct etoro_buf plain, coded;
  int rc;
  /* Ceilings by which a login that no header can hold is refused here. */
  etoro_buf_init(&plain, ETORO_LOGIN_MAX);
  etoro_buf_init(&coded, 2 * ETORO_LOGIN_MAX);
  rc = etoro_uri_encode(&plain, id, strlen(id), ETORO_URI_QUERY);
  if (!rc)
    rc = etoro_buf_puts(&plain, ":");
  if (!rc)
    rc = etoro_uri_encode(&plain, etoro_secret_data(secret),
                          etoro_secret_len(secret), ETORO_URI_QUERY);
  if (!rc)
    rc = etoro_base64(&coded, plain.data, plain.len);
  if (!rc)
    rc = etoro_secret_new(out, coded.data, coded.len);
  etoro_buf_free(&plain);
  etoro_buf_free(&coded);
  return rc == ETORO_ETOOBIG ? ETORO_EINVAL : rc;
}

/* Links the nodes so that a list may start at each of them. libcurl's lists want
   text that is not const, and never write to it. */
static void link_lines(struct etoro_credentials *c)
{
  static const char *const fixed[LINE_ALL] = {
    "Content-Type:", "Content-Type: application/json", "Expect:"
  };
  int i;
  for (i = 0; i < LINE_ALL; i++) {
    memcpy(c->text[i], fixed[i], strlen(fixed[i]) + 1);
    c->nodes[i].data = c->text[i];
    c->nodes[i].next = &c->nodes[i + 1];
  }
  c->nodes[LINE_NO_TYPE].next = &c->nodes[LINE_NO_EXPECT];
  memcpy(&c->nodes[LINE_ALL].data,
         &(const char *){ etoro_secret_data(c->all) },
         sizeof c->nodes[LINE_ALL].data);
}

/* Keys, a bearer or a client's login: a request can carry only one kind. */
static int is_one_family(const struct etoro_identity *who)
{
  int has_keys = who->api_key || who->user_key;
  int has_login = who->client_id || who->client_secret;
  if (!who->api_key != !who->user_key
      || !who->client_id != !who->client_secret)
    return 0;
  return has_keys + has_login + (who->bearer != NULL) <= 1;
}

static int add_keys(struct etoro_buf *block, const struct etoro_credentials *c)
{
  static const char *const names[GIVEN_COUNT] = {
    "x-api-key: ", "x-user-key: ", "Authorization: Bearer ", NULL,
    "Authorization: Basic "
  };
  int i, rc = ETORO_OK;
  for (i = 0; i < GIVEN_COUNT && !rc; i++) {
    const struct etoro_secret *s = c->given[i];
    /* The client's secret alone has no line: it goes into the login, and stays
       in given so that an echo of it is masked. */
    if (!s)
      continue;
    if (!etoro_secret_len(s))
      rc = ETORO_EINVAL;
    else if (names[i])
      rc =
          add_line(block, names[i], etoro_secret_data(s), etoro_secret_len(s));
  }
  return rc;
}

/* All in one text, which begins with the one name that libcurl has to find: it
   compares the first name of each text with a dozen of its own, and formats each
   text anew, for every request. As options of their own these lines would cost it
   more still. The plain text is built in a buffer that wipes itself, and
   sealed. */
static int seal_lines(struct etoro_credentials *c, const char *user_agent)
{
  static const char accept[] = "application/json";
  const char *offer = etoro_unpack_offer();
  struct etoro_buf block;
  size_t n = strlen(user_agent);
  int rc;
  if (n > ETORO_USER_AGENT_MAX)
    return ETORO_EINVAL;
  etoro_buf_init(&block, SIZE_MAX);
  rc = add_line(&block, "Accept: ", accept, sizeof accept - 1);
  if (!rc)
    rc = add_line(&block, "Accept-Encoding: ", offer, strlen(offer));
  if (!rc)
    rc = add_line(&block, "User-Agent: ", user_agent, n);
  if (!rc)
    rc = add_keys(&block, c);
  if (!rc)
    rc = etoro_secret_new(&c->all, block.data, block.len);
  etoro_buf_free(&block);
  return rc;
}

int etoro_credentials_new(struct etoro_credentials **out, const char *origin,
                          const char *user_agent,
                          const struct etoro_identity *who)
{
  int rc = ETORO_OK;
  struct etoro_credentials *c;
  *out = NULL;
  if (!is_one_family(who) || strlen(origin) >= sizeof c->origin)
    return ETORO_EINVAL;
  c = calloc(1, sizeof *c);
  if (!c)
    return ETORO_ENOMEM;
  c->refs = 1;
  memcpy(c->origin, origin, strlen(origin) + 1);
  c->given[GIVEN_API_KEY] = etoro_secret_keep(who->api_key);
  c->given[GIVEN_USER_KEY] = etoro_secret_keep(who->user_key);
  c->given[GIVEN_BEARER] = etoro_secret_keep(who->bearer);
  c->given[GIVEN_CLIENT_SECRET] = etoro_secret_keep(who->client_secret);
  if (who->client_id && etoro_secret_len(who->client_secret))
    rc =
        make_login(&c->given[GIVEN_LOGIN], who->client_id, who->client_secret);
  if (!rc)
    rc = seal_lines(c, user_agent);
  /* It gives back what it took so far: the secrets were kept before anything
     could fail. */
  if (rc) {
    etoro_credentials_free(c);
    return rc;
  }
  link_lines(c);
  *out = c;
  return ETORO_OK;
}

struct etoro_credentials *etoro_credentials_keep(struct etoro_credentials *c)
{
  if (c)
    c->refs++;
  return c;
}

void etoro_credentials_free(struct etoro_credentials *c)
{
  int i;
  if (!c || --c->refs)
    return;
  etoro_secret_free(c->all);
  for (i = 0; i < GIVEN_COUNT; i++)
    etoro_secret_free(c->given[i]);
  free(c);
}

struct curl_slist *etoro_credentials_lines(struct etoro_credentials *c,
                                           const char *url,
                                           enum etoro_body_kind kind)
{
  static const enum line first[] = { LINE_ALL, LINE_NO_TYPE, LINE_JSON_TYPE,
                                     LINE_NO_EXPECT };
  /* The one place where keys get onto a request: a URL that a link or a caller
     brought cannot carry them elsewhere. */
  if (!etoro_origin_matches(c->origin, url))
    return NULL;
  return &c->nodes[first[kind]];
}

struct etoro_secret *etoro_credentials_api_key(struct etoro_credentials *c)
{
  return c->given[GIVEN_API_KEY];
}

struct etoro_secret *etoro_credentials_user_key(struct etoro_credentials *c)
{
  return c->given[GIVEN_USER_KEY];
}

struct etoro_secret *etoro_credentials_bearer(struct etoro_credentials *c)
{
  return c->given[GIVEN_BEARER];
}

void etoro_credentials_mask(const struct etoro_credentials *c, char *bytes,
                            size_t n)
{
  etoro_mask_secrets(c->given, GIVEN_COUNT, bytes, n);
}

int etoro_credentials_would_mask(const struct etoro_credentials *c,
                                 char *bytes, size_t n)
{
  return etoro_mask_would(c->given, GIVEN_COUNT, bytes, n);
}
