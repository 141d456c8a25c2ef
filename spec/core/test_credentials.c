#include "core/engine/credentials.h"

#include "check.h"
#include "core/status.h"
#include "failing.h"

static const char origin[] = "https://example.com";

static struct etoro_secret *sealed(const char *text)
{
  struct etoro_secret *s;
  CHECK(etoro_secret_new(&s, text, strlen(text)) == ETORO_OK);
  return s;
}

/* Who with everything that is not NULL. */
static int make(struct etoro_credentials **out, const char *api_key,
                const char *user_key, const char *bearer, const char *id,
                const char *secret)
{
  struct etoro_identity who = { NULL, NULL, NULL, NULL, NULL };
  int rc;
  who.api_key = api_key ? sealed(api_key) : NULL;
  who.user_key = user_key ? sealed(user_key) : NULL;
  who.bearer = bearer ? sealed(bearer) : NULL;
  who.client_id = id;
  who.client_secret = secret ? sealed(secret) : NULL;
  rc = etoro_credentials_new(out, origin, "test", &who);
  etoro_secret_free(who.api_key);
  etoro_secret_free(who.user_key);
  etoro_secret_free(who.bearer);
  etoro_secret_free(who.client_secret);
  CHECK(!rc == (*out != NULL));
  return rc;
}

/* 1 when a line of the text is that one, whole. */
static int holds_line(const char *text, const char *line)
{
  size_t n = strlen(line);
  const char *at = text;
  while ((at = strstr(at, line)) != NULL) {
    if ((at == text || at[-1] == '\n') && (!at[n] || at[n] == '\r'))
      return 1;
    at += n;
  }
  return 0;
}

static int has_line(struct etoro_credentials *c, const char *line)
{
  struct curl_slist *at;
  at = etoro_credentials_lines(c, "https://example.com/a", ETORO_BODY_OTHER);
  for (; at; at = at->next)
    if (holds_line(at->data, line))
      return 1;
  return 0;
}

static void lists(struct etoro_credentials *c, enum etoro_body_kind kind,
                  const char *first, const char *second)
{
  struct curl_slist *at;
  at = etoro_credentials_lines(c, "https://example.com/a", kind);
  for (; first; first = second, second = NULL, at = at->next)
    CHECK(at && !strcmp(at->data, first));
  /* what libcurl looks for among the names comes first, and nothing is cut off
     at either end: an empty line would end the headers */
  CHECK(at && !at->next
        && !strncmp(at->data, "Accept: application/json\r\n", 26));
  CHECK(!strstr(at->data, "\r\n\r\n") && at->data[strlen(at->data) - 1] > ' ');
}

/* Each kind of body has its own beginning; the rest is one text. */
static void lists_what_each_body_needs(void)
{
  struct etoro_credentials *c;
  CHECK(make(&c, "a-key", "u-key", NULL, NULL, NULL) == ETORO_OK);
  lists(c, ETORO_BODY_NONE, NULL, NULL);
  lists(c, ETORO_BODY_EMPTY, "Content-Type:", "Expect:");
  lists(c, ETORO_BODY_JSON, "Content-Type: application/json", "Expect:");
  lists(c, ETORO_BODY_OTHER, "Expect:", NULL);
  CHECK(has_line(c, "User-Agent: test"));
  etoro_credentials_free(c);
}

/* libcurl sends no header without a value. */
static void has_no_line_without_value(void)
{
  struct etoro_identity who = { NULL, NULL, NULL, NULL, NULL };
  struct etoro_credentials *c;
  CHECK(etoro_credentials_new(&c, origin, " ", &who) == ETORO_OK);
  CHECK(!has_line(c, "User-Agent: ") && !has_line(c, "User-Agent:  "));
  lists(c, ETORO_BODY_NONE, NULL, NULL);
  etoro_credentials_free(c);
  CHECK(etoro_credentials_new(&c, origin, "a\r\nHost: b", &who)
        == ETORO_EINVAL);
  CHECK(etoro_credentials_new(&c, origin, "", &who) == ETORO_OK);
  lists(c, ETORO_BODY_NONE, NULL, NULL);
  etoro_credentials_free(c);
}

static void writes_each_family(void)
{
  struct etoro_credentials *c;
  CHECK(make(&c, "a-key", "u-key", NULL, NULL, NULL) == ETORO_OK);
  CHECK(has_line(c, "x-api-key: a-key") && has_line(c, "x-user-key: u-key"));
  etoro_credentials_free(c);
  CHECK(make(&c, NULL, NULL, "token", NULL, NULL) == ETORO_OK);
  CHECK(has_line(c, "Authorization: Bearer token"));
  etoro_credentials_free(c);
  /* the login of RFC 6749, 2.3.1 */
  CHECK(make(&c, NULL, NULL, NULL, "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
        == ETORO_OK);
  CHECK(has_line(c, "Authorization: Basic "
                    "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"));
  etoro_credentials_free(c);
  /* "a%3Ab:c%2Bd%20%25" */
  CHECK(make(&c, NULL, NULL, NULL, "a:b", "c+d %") == ETORO_OK);
  CHECK(has_line(c, "Authorization: Basic YSUzQWI6YyUyQmQlMjAlMjU="));
  CHECK(!etoro_credentials_lines(c, "https://example.org/a", ETORO_BODY_NONE));
  etoro_credentials_free(c);
}

static void refuses_a_mixture(void)
{
  struct etoro_credentials *c;
  char big[10000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  CHECK(make(&c, "a", "u", "t", NULL, NULL) == ETORO_EINVAL);
  CHECK(make(&c, "a", "u", NULL, "i", "s") == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, "t", "i", "s") == ETORO_EINVAL);
  CHECK(make(&c, "a", NULL, NULL, NULL, NULL) == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, NULL, "i", NULL) == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, NULL, NULL, "s") == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, NULL, "i", "") == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, NULL, "i", big) == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, "a\nb", NULL, NULL) == ETORO_EINVAL);
  CHECK(make(&c, NULL, NULL, NULL, NULL, NULL) == ETORO_OK);
  etoro_credentials_free(c);
}

/* At ETORO_USER_AGENT_MAX and ETORO_LOGIN_MAX, and one byte past them. */
static void keeps_its_ceilings(void)
{
  struct etoro_identity who = { NULL, NULL, NULL, NULL, NULL };
  struct etoro_credentials *c;
  char text[8192] = "";
  memset(text, 'x', 250);
  CHECK(etoro_credentials_new(&c, origin, text, &who) == ETORO_OK);
  etoro_credentials_free(c);
  text[250] = 'x';
  CHECK(etoro_credentials_new(&c, origin, text, &who) == ETORO_EINVAL);
  memset(text, 'x', 8190); /* and "i:" in front */
  CHECK(make(&c, NULL, NULL, NULL, "i", text) == ETORO_OK);
  etoro_credentials_free(c);
  text[8190] = 'x';
  text[8191] = '\0';
  CHECK(make(&c, NULL, NULL, NULL, "i", text) == ETORO_EINVAL);
}

static void masks_what_is_sent(void)
{
  struct etoro_credentials *c;
  char text[] = "s6BhdRkqt3 7Fjfp0ZBr1KtDRbnfVdmIw "
                "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3";
  CHECK(make(&c, NULL, NULL, NULL, "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
        == ETORO_OK);
  etoro_credentials_mask(c, text, strlen(text));
  CHECK_TEXT("s6BhdRkqt3 ********************** "
             "********************************************",
             text, strlen(text));
  etoro_credentials_free(c);
}

static struct etoro_secret *held;

static void short_of_memory(int may_fail)
{
  struct etoro_identity who = { NULL, NULL, NULL, "id", NULL };
  struct etoro_credentials *c;
  int rc;
  who.client_secret = held;
  rc = etoro_credentials_new(&c, origin, "test", &who);
  CHECK(rc == ETORO_OK ? c != NULL : may_fail && rc == ETORO_ENOMEM && !c);
  etoro_credentials_free(c);
}

int main(void)
{
  writes_each_family();
  lists_what_each_body_needs();
  has_no_line_without_value();
  refuses_a_mixture();
  keeps_its_ceilings();
  masks_what_is_sent();
  held = sealed("secret");
  fail_each_step(short_of_memory);
  etoro_secret_free(held);
  return 0;
}
