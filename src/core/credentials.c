#include "core/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

#define LINES_AUTH 2      /* at most: the two keys */
#define REDACT_LEAST 8    /* shorter secrets would blank out plain words */

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

#define AGENT_MAX 250

static const char agent_name[] = "User-Agent: ";

struct etoro_credentials {
  unsigned refs;
  char origin[ETORO_ORIGIN_MAX];
  struct etoro_secret *given[3];            /* api key, user key, bearer */
  struct etoro_secret *lines[LINES_AUTH];   /* "name: value" */
  struct curl_slist nodes[LINE_COUNT];      /* data points to lines above */
  char text[LINE_AGENT][64];                /* the lines that are no secret */
  char agent[AGENT_MAX + sizeof agent_name];
};

static int make_line(struct etoro_secret **out, const char *name,
                     const struct etoro_secret *value)
{
  struct etoro_buf line;
  size_t n = etoro_secret_len(value);
  int rc;
  if (!n || !etoro_header_value_valid(etoro_secret_data(value), n))
    return ETORO_EINVAL;
  etoro_buf_init(&line, 128 + n);
  /* one allocation: growing would leave an unwiped copy behind */
  rc = etoro_buf_reserve(&line, strlen(name) + n);
  if (!rc)
    rc = etoro_buf_puts(&line, name);
  if (!rc)
    rc = etoro_buf_add(&line, etoro_secret_data(value), n);
  if (!rc)
    rc = etoro_secret_new(out, line.data, line.len);
  etoro_buf_wipe(&line);
  etoro_buf_free(&line);
  return rc;
}

/* What libcurl can unpack, as it would say it itself. */
static void list_encodings(char *out, size_t size)
{
  int has = curl_version_info(CURLVERSION_NOW)->features;
  snprintf(out, size, "Accept-Encoding: %s%s%s",
           has & CURL_VERSION_LIBZ ? "deflate, gzip" : "identity",
           has & CURL_VERSION_BROTLI ? ", br" : "",
           has & CURL_VERSION_ZSTD ? ", zstd" : "");
}

static int write_lines(struct etoro_credentials *c, const char *user_agent)
{
  static const char *const fixed[LINE_ENCODING] = {
    "Content-Type:", "Content-Type: application/json", "Expect:",
    "Accept: application/json"
  };
  size_t n = strlen(user_agent);
  int i;
  if (n > AGENT_MAX || !etoro_header_value_valid(user_agent, n))
    return ETORO_EINVAL;
  for (i = 0; i < LINE_ENCODING; i++)
    memcpy(c->text[i], fixed[i], strlen(fixed[i]) + 1);
  list_encodings(c->text[LINE_ENCODING], sizeof c->text[LINE_ENCODING]);
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

int etoro_credentials_new(struct etoro_credentials **out, const char *origin,
                          const char *user_agent,
                          struct etoro_secret *api_key,
                          struct etoro_secret *user_key,
                          struct etoro_secret *bearer)
{
  int rc;
  struct etoro_credentials *c;
  *out = NULL;
  if ((bearer && (api_key || user_key)) || !api_key != !user_key
      || strlen(origin) >= sizeof c->origin)
    return ETORO_EINVAL;
  c = calloc(1, sizeof *c);
  if (!c)
    return ETORO_ENOMEM;
  c->refs = 1;
  memcpy(c->origin, origin, strlen(origin) + 1);
  c->given[0] = etoro_secret_keep(api_key);
  c->given[1] = etoro_secret_keep(user_key);
  c->given[2] = etoro_secret_keep(bearer);
  rc = write_lines(c, user_agent);
  if (!rc && bearer)
    rc = make_line(&c->lines[0], "Authorization: Bearer ", bearer);
  if (!rc && api_key)
    rc = make_line(&c->lines[0], "x-api-key: ", api_key);
  if (!rc && user_key)
    rc = make_line(&c->lines[1], "x-user-key: ", user_key);
  if (rc) {
    etoro_credentials_free(c);
    return rc;
  }
  link_lines(c);
  *out = c;
  return ETORO_OK;
}

struct etoro_credentials *
etoro_credentials_keep(struct etoro_credentials *c)
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
  for (i = 0; i < 3; i++)
    etoro_secret_free(c->given[i]);
  free(c);
}

struct curl_slist *etoro_credentials_lines(struct etoro_credentials *c,
                                           const char *url,
                                           enum etoro_body_kind kind)
{
  /* no line more than needed: libcurl looks through all of them a dozen
     times for each request */
  static const enum line first[] = { LINE_ACCEPT, LINE_NO_TYPE,
                                     LINE_JSON_TYPE, LINE_NO_EXPECT };
  if (!etoro_origin_matches(c->origin, url))
    return NULL;
  return &c->nodes[first[kind]];
}

struct etoro_secret *etoro_credentials_api_key(struct etoro_credentials *c)
{
  return c->given[0];
}

struct etoro_secret *etoro_credentials_user_key(struct etoro_credentials *c)
{
  return c->given[1];
}

struct etoro_secret *etoro_credentials_bearer(struct etoro_credentials *c)
{
  return c->given[2];
}

void etoro_credentials_redact(const struct etoro_credentials *c, char *bytes,
                              size_t n)
{
  int i;
  for (i = 0; i < 3; i++) {
    const struct etoro_secret *s = c->given[i];
    size_t len = s ? etoro_secret_len(s) : 0;
    size_t at = 0;
    if (len < REDACT_LEAST)
      continue;
    while (at + len <= n) {
      char *hit = memchr(bytes + at, *etoro_secret_data(s), n - at - len + 1);
      if (!hit)
        break;
      at = (size_t)(hit - bytes);
      if (!memcmp(hit, etoro_secret_data(s), len)) {
        memset(hit, '*', len);
        at += len;
      } else
        at++;
    }
  }
}
