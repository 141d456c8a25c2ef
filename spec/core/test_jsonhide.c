#include "core/json/jsonhide.h"

#include "check.h"
#include "core/limits.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

#define HIDDEN "\"****\""
#define MAX ((size_t)1 << 24)

/* Hides in the input behind so many blanks, and in front of others. */
static void hides_at(const char *input, const char *expected, size_t before,
                     size_t behind)
{
  size_t n = strlen(input), all = before + n + behind;
  char *copy = malloc(all + !all);
  struct etoro_buf out;
  CHECK(copy != NULL);
  memset(copy, ' ', all);
  memcpy(copy + before, input, n);
  etoro_buf_init(&out, MAX);
  CHECK(etoro_json_hide(&out, copy, all) == ETORO_OK);
  if (all)
    CHECK_TEXT(expected, out.data + before, out.len - before - behind);
  etoro_buf_free(&out);
  free(copy);
}

static void hides(const char *input, const char *expected)
{
  hides_at(input, expected, 0, 0);
  hides_at(input, expected, 3, 40);
}

/* The same for a text that ends in the middle of its secret. */
static void hides_cut(const char *input, const char *expected)
{
  hides_at(input, expected, 0, 0);
  hides_at(input, expected, 3, 0);
}

static void same(const char *input)
{
  hides(input, input);
}

static void leaves_plain_answers(void)
{
  same("");
  same("{}");
  same("{\"a\":[1,-2.5,true,false,null,\"x\\\"y\\\\\",\"\\u0041\"],\"b\":{}}");
  same("{\"usertokens\":\"a\",\"userTokens\":{},\"xuserToken\":\"b\","
       "\"user/token\":1,\"userTokenId\":\"c\",\"nextPageToken\":\"d\","
       "\"token\":\"e\",\"token_type\":\"f\",\"userToken1\":\"\"}");
  same("[\"userToken\",\"access_token\"]");
  same("\"userToken\"");
  same("userToken");
  same("\"userToken\" \"x\"");
  same("{\"userToken\":null}");
  same("{\"userToken\":{},\"access_token\":[null,[]]}");
  same("{\"a\":\"[]\",\"b\":[0],\"c\":\"[ ]\\\"[]\"}");
  same("[");
  same("{\"a\":\"userToken\",\"b\":\"x\"}");
  same("<html><a href=\"x\">4</a></html>");
  same("\\");
  same("\"\\");
}

static void takes_secrets(void)
{
  hides("{\"userToken\":\"abc\",\"b\":1}",
        "{\"userToken\":" HIDDEN ",\"b\":1}");
  hides("{ \"userToken\" \n:\t \"abc\" }",
        "{ \"userToken\" \n:\t " HIDDEN " }");
  hides("[{\"access_token\":\"a\"},{\"refresh_token\":\"b\"},"
        "{\"id_token\":\"c\"},{\"client_secret\":\"d\"},"
        "{\"code_verifier\":\"e\"}]",
        "[{\"access_token\":" HIDDEN "},{\"refresh_token\":" HIDDEN
        "},{\"id_token\":" HIDDEN "},{\"client_secret\":" HIDDEN
        "},{\"code_verifier\":" HIDDEN "}]");
  hides("{\"userToken\":\"\"}", "{\"userToken\":" HIDDEN "}");
  hides("{\"access_token\":\"a\"}", "{\"access_token\":" HIDDEN "}");
  hides("{\"refresh_token\":\"a\"}", "{\"refresh_token\":" HIDDEN "}");
  hides("{\"id_token\":\"a\"}", "{\"id_token\":" HIDDEN "}");
  hides("{\"client_secret\":\"a\"}", "{\"client_secret\":" HIDDEN "}");
  hides("{\"code_verifier\":\"a\"}", "{\"code_verifier\":" HIDDEN "}");
  hides("{\"userToken\":-12.5e3,\"id_token\":true,\"id_token\":false }",
        "{\"userToken\":" HIDDEN ",\"id_token\":" HIDDEN
        ",\"id_token\":" HIDDEN " }");
  hides("{\"\\u0075serToken\":\"a\"}", "{\"\\u0075serToken\":" HIDDEN "}");
  hides("{\"\\u0075serToken\":\"a\",\"id\\u005Ftoken\":\"b\"}",
        "{\"\\u0075serToken\":" HIDDEN ",\"id\\u005Ftoken\":" HIDDEN "}");
  hides("{\"\\u0072\\u0065\\u0066\\u0072\\u0065\\u0073\\u0068\\u005f"
        "\\u0074\\u006f\\u006b\\u0065\\u006e\":\"a\"}",
        "{\"\\u0072\\u0065\\u0066\\u0072\\u0065\\u0073\\u0068\\u005f"
        "\\u0074\\u006f\\u006b\\u0065\\u006e\":" HIDDEN "}");
}

static void takes_secrets_in_any_spelling(void)
{
  static const char *const names[] = {
    "UserToken",        "user_token",      "USER-TOKEN",
    "user token",       "USERTOKEN",       "accessToken",
    "AccessToken",      "ACCESS_TOKEN",    "access.token",
    "refreshToken",     "refresh-token",   "idToken",
    "IdToken",          "clientSecret",    "Client_Secret",
    "CLIENT-SECRET",    "codeVerifier",    "code-verifier",
    "apiKey",           "API_KEY",         "x-api-key",
    "X-User-Key",       "userKey",         "user_key",
    "_user__token",     "user\\u0054oken", "user\\u005Ftoken",
    "user\\u002dtoken", "\\u0055SERTOKEN", "user\\u0020token"
  };
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    char json[100], expected[100];
    snprintf(json, sizeof json, "{\"%s\":\"abc\"}", names[i]);
    snprintf(expected, sizeof expected, "{\"%s\":" HIDDEN "}", names[i]);
    hides(json, expected);
  }
}

/* At ETORO_SECRET_NAME_MAX, and one byte past it. */
static void takes_names_up_to_their_ceiling(void)
{
  hides("{\"user_______________________________token\":\"abc\"}",
        "{\"user_______________________________token\":" HIDDEN "}");
  same("{\"user________________________________token\":\"abc\"}");
}

static void takes_secrets_in_lists_and_objects(void)
{
  hides("{\"id_token\":[\"a\",null,[ \"b\" ],1e5,true,[]],\"c\":[\"d\"]}",
        "{\"id_token\":[" HIDDEN ",null,[ " HIDDEN " ]," HIDDEN "," HIDDEN
        ",[]],\"c\":[\"d\"]}");
  hides("{\"user_token\":{\"value\":\"a\",\"n\":{\"m\" : 2}},\"c\":\"d\"}",
        "{\"user_token\":{\"value\":" HIDDEN ",\"n\":{\"m\" : " HIDDEN
        "}},\"c\":\"d\"}");
  hides("[[\"x\",{\"a\":[{\"userToken\":\"a\"}]}]]",
        "[[\"x\",{\"a\":[{\"userToken\":" HIDDEN "}]}]]");
  hides_cut("{\"userToken\":[\"a\",\"b", "{\"userToken\":[" HIDDEN "," HIDDEN);
  hides("{\"userToken\":[\"a\" b,\"c\"}",
        "{\"userToken\":[" HIDDEN " " HIDDEN "," HIDDEN "}");
}

static void takes_secrets_of_broken_text(void)
{
  hides_cut("{\"userToken\":\"abc", "{\"userToken\":" HIDDEN);
  hides_cut("{\"userToken\":\"abc\\", "{\"userToken\":" HIDDEN);
  hides_cut("{\"userToken\":\"a\\u00", "{\"userToken\":" HIDDEN);
  hides_cut("{\"userToken\":12", "{\"userToken\":" HIDDEN);
  hides("{\"userToken\":abc\"def\" \"ghi\",\"x\":\"y\"}",
        "{\"userToken\":" HIDDEN " " HIDDEN ",\"x\":\"y\"}");
  hides("{\"userToken\"::'abc' }", "{\"userToken\"::" HIDDEN " }");
  hides("{\"userToken\":null\"abc\"}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":\"abc\" junk}",
        "{\"userToken\":" HIDDEN " " HIDDEN "}");
  hides("{\"userToken\":\"a\\x\"}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":\"\\u12g4\"}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":007}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":1.}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":1.e5}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":True}", "{\"userToken\":" HIDDEN "}");
  hides("{\"userToken\":null \"abc\"}", "{\"userToken\":null " HIDDEN "}");
  /* One quote too few, and one too many, before the name. */
  hides("{\"a\":\"b,\"userToken\":\"abc\",\"c\":\"d\"}",
        "{\"a\":\"b,\"userToken\":" HIDDEN ",\"c\":\"d\"}");
  hides("{\"a\":\"b\"\",\"userToken\" : \"abc\",\"c\":\"d\"}",
        "{\"a\":\"b\"\",\"userToken\" : " HIDDEN ",\"c\":\"d\"}");
  same("{\"userToken\":");
  same("{\"userToken\"");
  same("{\"userToken");
  same("{\"userToken\": ");
  same("userToken\" x");
}

/* Every cut of this text: no Q may be seen. */
static void keeps_secrets_at_every_cut(void)
{
  static const char json[] =
      "{\"userTokens\":[{\"userTokenId\":\"3f25-04e0\",\"userToken\":"
      "\"QQ\\\"QQ\\u0051\\ud83d\\ude00Q\\\\\" , \"x\":null,\"y\":"
      "9007199254740993},{\"\\u0075serToken\" : \"Q\",\"z\":\"\\u0000\"}],"
      "\"access_token\":1Q2,\"scope\":\"a b\"}";
  size_t n;
  for (n = 0; n < sizeof json; n++) {
    char *copy = exact_copy(json, n);
    struct etoro_buf out;
    etoro_buf_init(&out, MAX);
    CHECK(etoro_json_hide(&out, copy, n) == ETORO_OK);
    CHECK(!out.len || !memchr(out.data, 'Q', out.len));
    etoro_buf_free(&out);
    free(copy);
  }
}

static void keeps_its_ceiling(void)
{
  static const char json[] = "[{\"userToken\":\"abc\"}]";
  static const char hidden[] = "[{\"userToken\":\"****\"}]";
  size_t max;
  for (max = 0; max <= sizeof hidden; max++) {
    struct etoro_buf out;
    int rc;
    etoro_buf_init(&out, max);
    rc = etoro_json_hide(&out, json, sizeof json - 1);
    CHECK(rc == (max < sizeof hidden - 1 ? ETORO_ETOOBIG : ETORO_OK));
    etoro_buf_free(&out);
  }
}

static void short_of_memory(int may_fail)
{
  static const char json[] = "[{\"userToken\":\"a\"},{\"userToken\":\"b\"}]";
  struct etoro_buf out;
  int rc;
  etoro_buf_init(&out, MAX);
  rc = etoro_json_hide(&out, json, sizeof json - 1);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
  etoro_buf_free(&out);
}

int main(void)
{
  leaves_plain_answers();
  takes_secrets();
  takes_secrets_in_any_spelling();
  takes_names_up_to_their_ceiling();
  takes_secrets_in_lists_and_objects();
  takes_secrets_of_broken_text();
  keeps_secrets_at_every_cut();
  keeps_its_ceiling();
  fail_each_step(short_of_memory);
  return 0;
}
