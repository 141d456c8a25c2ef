#include "core/engine/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/digest.h"
#include "core/bytes/mask.h"
#include "core/limits.h"
#include "core/status.h"
#include "core/net/unpack.h"

#define LINES_AUTH 2      /* at most: the two keys */

enum line {
  LINE_NO_TYPE,    /* takes libcurl's own Content-Type away */
  LINE_JSON_TYPE,
  LINE_NO_EXPECT,  /* a 100-continue round trip helps nobody here */
  LINE_ACCEPT,
  LINE_ENCODING,   /* as lines these two cost libcurl less than as options */
  LINE_AGENT,
  LINE_AUTH,
  LINE_COUNT = LINE_AUTH + LINES_AUTH
};

enum given {
  GIVEN_API_KEY,
  GIVEN_USER_KEY,
  GIVEN_BEARER,
  GIVEN_CLIENT_SECRET,
  GIVEN_LOGIN,     /* client id and secret as a Basic header has them */
  GIVEN_COUNT
};

static const char agent_name[] = "User-Agent: ";

struct etoro_credentials {
  unsigned refs;
  char origin[ETORO_ORIGIN_MAX];
  struct etoro_secret *given[GIVEN_COUNT];
  struct etoro_secret *lines[LINES_AUTH];   /* "name: value" */
  struct curl_slist nodes[LINE_COUNT];      /* data points to lines above */
  char text[LINE_AGENT][64];                /* the lines that are no secret */
  char agent[ETORO_USER_AGENT_MAX + sizeof agent_name];
};

/* A value with a line break would add headers of somebody's choosing. The
   plain line is built in a buffer that wipes itself, and sealed. */
static int make_line(struct etoro_secret **out, const char *name,
                     const struct etoro_secret *value)
{
  struct etoro_buf line;
  size_t n = etoro_secret_len(value);
  int rc;
  if (!n || !etoro_header_value_valid(etoro_secret_data(value), n))
    return ETORO_EINVAL;
  etoro_buf_init(&line, 128 + n);
  rc = etoro_buf_puts(&line, name);
  if (!rc)
    rc = etoro_buf_add(&line, etoro_secret_data(value), n);
  if (!rc)
    rc = etoro_secret_new(out, line.data, line.len);
  etoro_buf_free(&line);
  return rc;
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

static int write_lines(struct etoro_credentials *c, const char *user_agent)
{
  static const char *const fixed[LINE_ENCODING] = {
    "Content-Type:", "Content-Type: application/json",
    "Expect:", "Accept: application/json"
  };
  size_t n = strlen(user_agent);
  int i;
  if (n > ETORO_USER_AGENT_MAX || !etoro_header_value_valid(user_agent, n))
    return ETORO_EINVAL;
  /* libcurl's lists want text that is not const, and never write to it. */
  for (i = 0; i < LINE_ENCODING; i++)
    memcpy(c->text[i], fixed[i], strlen(fixed[i]) + 1);
  snprintf(c->text[LINE_ENCODING], sizeof c->text[LINE_ENCODING],
           "Accept-Encoding: %s", etoro_unpack_offer());
  for (i = 0; i <= LINE_ENCODING; i++)
    c->nodes[i].data = c->text[i];
  memcpy(c->agent, agent_name, sizeof agent_name);
  memcpy(c->agent + sizeof agent_name - 1, user_agent, n + 1);
  c->nodes[LINE_AGENT].data = c->agent;
  return ETORO_OK;
}

/* Links the nodes so that a list may start at each of the first four. */
static void link_lines(struct etoro_credentials *c)
{
  struct curl_slist *last = &c->nodes[LINE_AGENT];
  int i;
  c->nodes[LINE_NO_TYPE].next = &c->nodes[LINE_NO_EXPECT];
  c->nodes[LINE_JSON_TYPE].next = &c->nodes[LINE_NO_EXPECT];
  for (i = LINE_NO_EXPECT; i < LINE_AGENT; i++)
    c->nodes[i].next = &c->nodes[i + 1];
  for (i = 0; i < LINES_AUTH && c->lines[i]; i++) {
    struct curl_slist *node = &c->nodes[LINE_AUTH + i];
    /* libcurl reads the line; its type merely lacks the const */
    memcpy(&node->data, &(const char *){ etoro_secret_data(c->lines[i]) },
           sizeof node->data);
    last->next = node;
    last = node;
  }
  last->next = NULL;
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

static int seal_lines(struct etoro_credentials *c,
                      const struct etoro_identity *who)
{
  static const char *const names[GIVEN_COUNT] = {
    "x-api-key: ", "x-user-key: ", "Authorization: Bearer ", NULL,
    "Authorization: Basic "
  };
  int i, n = 0;
  int rc = ETORO_OK;
  if (who->client_secret && !etoro_secret_len(who->client_secret))
    return ETORO_EINVAL;
  if (who->client_id)
    rc =
        make_login(&c->given[GIVEN_LOGIN], who->client_id, who->client_secret);
  for (i = 0; i < GIVEN_COUNT && !rc; i++)
    /* The client's secret alone has no line: it goes into the login, and stays
       in given so that an echo of it is masked. */
    if (names[i] && c->given[i])
      rc = make_line(&c->lines[n++], names[i], c->given[i]);
  return rc;
}

int etoro_credentials_new(struct etoro_credentials **out, const char *origin,
                          const char *user_agent,
                          const struct etoro_identity *who)
{
  int rc;
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
  rc = write_lines(c, user_agent);
  if (!rc)
    rc = seal_lines(c, who);
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
  for (i = 0; i < LINES_AUTH; i++)
    etoro_secret_free(c->lines[i]);
  for (i = 0; i < GIVEN_COUNT; i++)
    etoro_secret_free(c->given[i]);
  free(c);
}

struct curl_slist *etoro_credentials_lines(struct etoro_credentials *c,
                                           const char *url,
                                           enum etoro_body_kind kind)
{
  /* no line more than needed: libcurl looks through all of them a dozen
     times for each request */
  static const enum line first[] = { LINE_ACCEPT, LINE_NO_TYPE, LINE_JSON_TYPE,
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
