#include "core/json/jsonscan.h"

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

#define MARKED(text) "\"\\u0000" text "\""
#define MAX ((size_t)1 << 24)

static void has_secrets(const struct etoro_scan *s, const char *expected)
{
  size_t i;
  for (i = 0; i < s->nsecrets; i++) {
    size_t len = etoro_secret_len(s->secrets[i]);
    CHECK(strncmp(expected, etoro_secret_data(s->secrets[i]), len) == 0);
    CHECK(expected[len] == '\n');
    expected += len + 1;
  }
  CHECK(*expected == '\0');
}

/* Scans the input behind so many blanks, and in front of others. */
static void scans_at(const char *input, const char *expected,
                     const char *secrets, size_t before, size_t behind)
{
  size_t n = strlen(input), all = before + n + behind;
  char *copy = malloc(all + !all);
  struct etoro_scan s;
  CHECK(copy != NULL);
  memset(copy, ' ', all);
  memcpy(copy + before, input, n);
  CHECK(etoro_scan_run(&s, copy, all, MAX) == ETORO_OK);
  CHECK(s.is_changed == (expected != NULL));
  CHECK(s.has_mark == s.is_changed);
  if (expected)
    CHECK_TEXT(expected, s.text.data + before, s.text.len - before - behind);
  else
    CHECK(s.text.len == 0);
  has_secrets(&s, secrets);
  etoro_scan_free(&s);
  free(copy);
}

/* Expects this text (NULL: unchanged) and these secrets, each followed by a
   line feed, wherever the input stands in a block of eight or sixteen. */
static void scans(const char *input, const char *expected, const char *secrets)
{
  size_t before;
  for (before = 0; before < 17; before++) {
    scans_at(input, expected, secrets, before, 0);
    scans_at(input, expected, secrets, before, 40);
  }
}

/* The same for a text that ends in the middle of its secret. */
static void scans_cut(const char *input, const char *expected,
                      const char *secrets)
{
  size_t before;
  for (before = 0; before < 17; before++)
    scans_at(input, expected, secrets, before, 0);
}

static void same(const char *input)
{
  scans(input, NULL, "");
}

static void becomes(const char *input, const char *expected)
{
  scans(input, expected, "");
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

static void marks_empty_lists(void)
{
  scans("[]", MARKED("e"), "");
  scans("{\"a\":[],\"b\":[1,[ \t\r\n]],\"c\":\"[]\"}",
        "{\"a\":" MARKED("e") ",\"b\":[1," MARKED("e") "],\"c\":\"[]\"}", "");
  same("{\"userToken\":[],\"b\":1}");
  scans("{\"userToken\":S[],\"b\":[]}",
        "{\"userToken\"::" MARKED("k1") "[],\"b\":" MARKED("e") "}", "S\n");
}

static void takes_secrets(void)
{
  scans("{\"userToken\":\"abc\",\"b\":1}",
        "{\"userToken\":" MARKED("k1") ",\"b\":1}", "abc\n");
  scans("{ \"userToken\" \n:\t \"abc\" }",
        "{ \"userToken\" \n:\t " MARKED("k1") " }", "abc\n");
  scans("[{\"access_token\":\"a\"},{\"refresh_token\":\"b\"},"
        "{\"id_token\":\"c\"},{\"client_secret\":\"d\"},"
        "{\"code_verifier\":\"e\"}]",
        "[{\"access_token\":" MARKED("k1") "},{\"refresh_token\":" MARKED(
            "k2") "},{\"id_token\":" MARKED("k3") "},{\"client_"
                                                  "secret\":" MARKED(
                                                      "k4") "},"
                                                            "{"
                                                            "\""
                                                            "co"
                                                            "de"
                                                            "_v"
                                                            "er"
                                                            "if"
                                                            "ie"
                                                            "r"
                                                            "\""
                                                            ":" MARKED(
                                                                "k5") "}]",
        "a\nb\nc\nd\ne\n");
  scans("{\"userToken\":\"\"}", "{\"userToken\":" MARKED("k1") "}", "\n");
  scans("{\"access_token\":\"a\"}", "{\"access_token\":" MARKED("k1") "}",
        "a\n");
  scans("{\"refresh_token\":\"a\"}", "{\"refresh_token\":" MARKED("k1") "}",
        "a\n");
  scans("{\"id_token\":\"a\"}", "{\"id_token\":" MARKED("k1") "}", "a\n");
  scans("{\"client_secret\":\"a\"}", "{\"client_secret\":" MARKED("k1") "}",
        "a\n");
  scans("{\"code_verifier\":\"a\"}", "{\"code_verifier\":" MARKED("k1") "}",
        "a\n");
  scans("{\"userToken\":-12.5e3,\"id_token\":true,\"id_token\":false }",
        "{\"userToken\":" MARKED("k1") ",\"id_token\":" MARKED(
            "k2") ",\"id_token\":" MARKED("k3") " }",
        "-12.5e3\ntrue\nfalse\n");
  scans("{\"\\u0075serToken\":\"a\"}",
        "{\"\\u0075serToken\":" MARKED("k1") "}", "a\n");
  scans("{\"\\u0075serToken\":\"a\",\"id\\u005Ftoken\":\"b\"}",
        "{\"\\u0075serToken\":" MARKED("k1") ",\"id\\u005Ftoken\":" MARKED(
            "k2") "}",
        "a\nb\n");
  scans("{\"\\u0072\\u0065\\u0066\\u0072\\u0065\\u0073\\u0068\\u005f"
        "\\u0074\\u006f\\u006b\\u0065\\u006e\":\"a\"}",
        "{\"\\u0072\\u0065\\u0066\\u0072\\u0065\\u0073\\u0068\\u005f"
        "\\u0074\\u006f\\u006b\\u0065\\u006e\":" MARKED("k1") "}",
        "a\n");
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
    snprintf(expected, sizeof expected, "{\"%s\":" MARKED("k1") "}", names[i]);
    scans(json, expected, "abc\n");
  }
}

/* At ETORO_SECRET_NAME_MAX, and one byte past it. */
static void takes_names_up_to_their_ceiling(void)
{
  scans("{\"user_______________________________token\":\"abc\"}",
        "{\"user_______________________________token\":" MARKED("k1") "}",
        "abc\n");
  scans("{\"user________________________________token\":\"abc\"}", NULL, "");
}

static void takes_secrets_in_lists_and_objects(void)
{
  scans("{\"id_token\":[\"a\",null,[ \"b\" ],1e5,true,[]],\"c\":[\"d\"]}",
        "{\"id_token\":[" MARKED("k1") ",null,[ " MARKED("k2") " ]," MARKED(
            "k3") "," MARKED("k4") ",[]],\"c\":[\"d\"]}",
        "a\nb\n1e5\ntrue\n");
  scans("{\"user_token\":{\"value\":\"a\",\"n\":{\"m\" : 2}},\"c\":\"d\"}",
        "{\"user_token\":{\"value\":" MARKED("k1") ",\"n\":{\"m\" : " MARKED(
            "k2") "}},\"c\":\"d\"}",
        "a\n2\n");
  scans("[[\"x\",{\"a\":[{\"userToken\":\"a\"}]}]]",
        "[[\"x\",{\"a\":[{\"userToken\":" MARKED("k1") "}]}]]", "a\n");
  scans_cut("{\"userToken\":[\"a\",\"b",
            "{\"userToken\":[" MARKED("k1") "," MARKED("k2"), "a\nb\n");
  scans(
      "{\"userToken\":[\"a\" b,\"c\"}",
      "{\"userToken\":[" MARKED("k1") " ,," MARKED("k2") "," MARKED("k3") "}",
      "a\nb\nc\n");
}

static void masks_json_in_strings(void)
{
  becomes("{\"content\":\"{\\\"userToken\\\":\\\"abc\\\"}\"}",
          "{\"content\":\"{\\\"userToken\\\":\\\"***\\\"}\"}");
  becomes("[\"{\\u0022UserToken\\u0022:\\u0022abc\\u0022}\",\"x\"]",
          "[\"{\\u0022UserToken\\u0022:\\u0022***\\u0022}\",\"x\"]");
  becomes("{\"{\\\"user_token\\\":\\\"abc\\\"}\":1}",
          "{\"{\\\"user_token\\\":\\\"***\\\"}\":1}");
  same("{\"content\":\"{\\\"userTokenId\\\":\\\"abc\\\"}\"}");
  /* asterisks in the place of one of two backslashes would end the string */
  becomes("[\"\\\"userToken\\\":[x\\ud\\A\\\\\\\\\\\":[\",1]",
          "[\"*****************************\",1]");
  same("{\"content\":\"the userToken\\n: \\\"abc\\\"\"}");
}

static void mends_lone_surrogates(void)
{
  becomes("[\"cut \\ud83d\",1]", "[\"cut \\ufffd\",1]");
  becomes("\"\\uDE00x\"", "\"\\ufffdx\"");
  becomes("\"\\ud83d\\u0041\"", "\"\\ufffd\\u0041\"");
  becomes("\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\"");
  becomes("\"\\ud83d\\ude00\\ude00\"", "\"\\ud83d\\ude00\\ufffd\"");
  becomes("{\"\\uDBFF\":1}", "{\"\\ufffd\":1}");
  becomes("\"\\\\ud83d\\ude00\"", "\"\\\\ud83d\\ufffd\"");
  becomes("\"\\u0000\\ud800\"", "\"\\u0000s\\ufffd\"");
  same("\"\\ud83d\\ude00 \\uDBFF\\udfff \\\\ud83d \\ud7ff\\ue000\"");
  same("\\ud83d");
}

static void unescapes_secrets(void)
{
  static const char *const cases[][2] = {
    { "a\\\"b\\\\c\\/d", "a\"b\\c/d" },
    { "\\b\\f\\n\\r\\t", "\b\f\n\r\t" },
    { "\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac" },
    { "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
    { "\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf" },
    { "\\ud800\\udc00", "\xf0\x90\x80\x80" },
    { "\\ud83dx", "\xef\xbf\xbdx" },
    { "\\ude00", "\xef\xbf\xbd" },
    { "\\ud83d\\ue000", "\xef\xbf\xbd\xee\x80\x80" },
    { "\\ud83d\\udbff", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\\ud83d\\u0041", "\xef\xbf\xbd"
                        "A" },
    { "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
    { "\\uffff\\u07ff\\u0800\\u007f\\u0080",
      "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80\x7f\xc2\x80" },
    { "\xc3\xa9", "\xc3\xa9" }
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct etoro_scan s;
    char json[200];
    int n = snprintf(json, sizeof json, "{\"userToken\":\"%s\"}", cases[i][0]);
    CHECK(etoro_scan_run(&s, json, (size_t)n, MAX) == ETORO_OK);
    CHECK(s.nsecrets == 1);
    CHECK_TEXT(cases[i][1], etoro_secret_data(s.secrets[0]),
               etoro_secret_len(s.secrets[0]));
    CHECK_TEXT("{\"userToken\":" MARKED("k1") "}", s.text.data, s.text.len);
    etoro_scan_free(&s);
  }
}

static void keeps_a_null_byte_in_a_secret(void)
{
  struct etoro_scan s;
  const char *json = "{\"userToken\":\"\\u0000kb\"}";
  CHECK(etoro_scan_run(&s, json, strlen(json), MAX) == ETORO_OK);
  CHECK(s.nsecrets == 1 && etoro_secret_len(s.secrets[0]) == 3);
  CHECK(memcmp(etoro_secret_data(s.secrets[0]), "\0kb", 3) == 0);
  etoro_scan_free(&s);
}

static void takes_secrets_of_broken_text(void)
{
  scans_cut("{\"userToken\":\"abc", "{\"userToken\":" MARKED("k1"), "abc\n");
  scans_cut("{\"userToken\":\"abc\\", "{\"userToken\":" MARKED("k1"),
            "abc\\\n");
  scans_cut("{\"userToken\":\"a\\u00", "{\"userToken\":" MARKED("k1"),
            "a\\u00\n");
  scans_cut("{\"userToken\":12", "{\"userToken\":" MARKED("k1"), "12\n");
  scans("{\"userToken\":abc\"def\" \"ghi\",\"x\":\"y\"}",
        "{\"userToken\"::" MARKED("k1") " " MARKED("k2") ",\"x\":\"y\"}",
        "abc\"def\"\nghi\n");
  scans("{\"userToken\"::'abc' }", "{\"userToken\":::" MARKED("k1") " }",
        "'abc'\n");
  scans("{\"userToken\":null\"abc\"}", "{\"userToken\"::" MARKED("k1") "}",
        "null\"abc\"\n");
  scans("{\"userToken\":\"abc\" junk}",
        "{\"userToken\":" MARKED("k1") " :" MARKED("k2") "}", "abc\njunk\n");
  scans("{\"userToken\":\"a\\x\"}", "{\"userToken\"::" MARKED("k1") "}",
        "a\\x\n");
  scans("{\"userToken\":\"\\u12g4\"}", "{\"userToken\"::" MARKED("k1") "}",
        "\\u12g4\n");
  scans("{\"userToken\":007}", "{\"userToken\"::" MARKED("k1") "}", "007\n");
  scans("{\"userToken\":1.}", "{\"userToken\"::" MARKED("k1") "}", "1.\n");
  scans("{\"userToken\":1.e5}", "{\"userToken\"::" MARKED("k1") "}", "1.e5\n");
  scans("{\"userToken\":True}", "{\"userToken\"::" MARKED("k1") "}", "True\n");
  scans("{\"userToken\":null \"abc\"}",
        "{\"userToken\":null " MARKED("k1") "}", "abc\n");
  /* One quote too few, and one too many, before the name. */
  scans("{\"a\":\"b,\"userToken\":\"abc\",\"c\":\"d\"}",
        "{\"a\":\"b,\"userToken\":" MARKED("k1") ",\"c\":\"d\"}", "abc\n");
  scans("{\"a\":\"b\"\",\"userToken\" : \"abc\",\"c\":\"d\"}",
        "{\"a\":\"b\"\",\"userToken\" : " MARKED("k1") ",\"c\":\"d\"}",
        "abc\n");
  same("{\"userToken\":");
  same("{\"userToken\"");
  same("{\"userToken");
  same("{\"userToken\": ");
  same("userToken\" x");
}

static void marks_numbers(void)
{
  same("9007199254740992");
  same("-9007199254740992");
  becomes("9007199254740993", MARKED("i9007199254740993"));
  becomes("[-9007199254740993]", "[" MARKED("i-9007199254740993") "]");
  becomes("{\"a\":9223372036854775807}",
          "{\"a\":" MARKED("i9223372036854775807") "}");
  becomes("-9223372036854775808 ", MARKED("i-9223372036854775808") " ");
  becomes("9223372036854775808", MARKED("n9223372036854775808"));
  becomes("-9223372036854775809", MARKED("n-9223372036854775809"));
  becomes("18446744073709551616", MARKED("n18446744073709551616"));
  becomes("99999999999999999999", MARKED("n99999999999999999999"));
  becomes("123456789012345678901234567890",
          MARKED("n123456789012345678901234567890"));
  becomes("1000000000000000000", MARKED("i1000000000000000000"));
  becomes("10000000000000000000", MARKED("n10000000000000000000"));
  /* Whole numbers in another spelling. */
  becomes("9007199254740993.0", MARKED("i9007199254740993"));
  becomes("9007199254740993.", MARKED("i9007199254740993"));
  becomes("-9.007199254740993e15", MARKED("i-9007199254740993"));
  becomes("9007199254740993000E-3", MARKED("i9007199254740993"));
  becomes("1e18", MARKED("i1000000000000000000"));
  becomes("123456789012345e+3", MARKED("i123456789012345000"));
  becomes("9.223372036854775807e18", MARKED("i9223372036854775807"));
  becomes("-9223372036854775808.00", MARKED("i-9223372036854775808"));
  same("9223372036854775808.0");
  same("9.223372036854775808e18");
  same("1e15");
  same("1e20");
  same("1.5e300");
  same("0.000001e7");
  /* Beyond any double. */
  becomes("1E400", MARKED("n1E400"));
  becomes("-1e309", MARKED("n-1e309"));
  becomes("[1e+309,2]", "[" MARKED("n1e+309") ",2]");
  becomes("1e99999999999999999999999", MARKED("n1e99999999999999999999999"));
  becomes("0.001e312", MARKED("n0.001e312"));
  becomes("1.797693134862315808e308", MARKED("n1.797693134862315808e308"));
  same("1.7976931348623157e308");
  same("17976931348623157e292");
  same("1.797693134862315807e308");
  same("0.00179e311");
  same("1e308");
  same("1e-400");
  same("1e-99999999999999999999999");
  same("0e99999999999999999999999");
  same("-0");
  same("-0.0");
  same("0.0000000000000000000000000000");
}

static void leaves_what_is_no_number(void)
{
  same("09007199254740993");
  same("+9007199254740993");
  same("--9007199254740993");
  same("-");
  same("9007199254740993x");
  same("9007199254740993-");
  same("90071992547409.93.0");
  same("1e400e");
  same("1e");
  same("1e+");
  same(".1e400");
  same("-.1e400");
  same("0x9007199254740993");
  same("x9007199254740993");
  same("\"9007199254740993\"");
  same("{\"9007199254740993\":1}");
  same("\"a\\\"9007199254740993\"");
}

static void guards_its_marks(void)
{
  becomes("\"\\u0000\"", "\"\\u0000s\"");
  becomes("[\"\\u0000k1\"]", "[\"\\u0000sk1\"]");
  becomes("{\"a\":\"\\u0000i12\\n\"}", "{\"a\":\"\\u0000si12\\n\"}");
  becomes("\"\\u0000\\u0000", "\"\\u0000s\\u0000");
  becomes("\"\\u0000\" , 1", "\"\\u0000s\" , 1");
  same("{\"\\u0000k1\":1,\"\\u0000\" : 2}");
  same("\"a\\u0000k1\"");
  same("\"\\u0001k1\"");
  same("\"\\\\u0000k1\"");
  same("\"\\u000");
}

static void tells(const char *json, int has_null, int has_wide)
{
  struct etoro_scan s;
  CHECK(etoro_scan_run(&s, json, strlen(json), MAX) == ETORO_OK);
  CHECK(s.has_null == has_null && s.has_wide == has_wide);
  etoro_scan_free(&s);
}

static void tells_what_it_saw(void)
{
  tells("[1,\"null\",nul,nulls,xnull]", 0, 0);
  tells("[null]", 1, 0);
  tells("null", 1, 0);
  tells("{\"userToken\":null}", 1, 0);
  tells("{\"null\":1}", 0, 0);
  tells("[123456789012345]", 0, 0);
  tells("[1234567890123456]", 0, 1);
  tells("[0.123456789012345]", 0, 0);
  tells("[0.30000000000000004]", 0, 1);
  tells("[-1234567.890123456]", 0, 1);
  tells("[0.00000000000000001]", 0, 0);
  tells("[1.234567890123456e2]", 0, 1);
}

/* What must be seen is, wherever it stands in the blocks that are looked at
   together. */
static void finds_at_every_place(void)
{
  static const char *const all[] = {
    "9007199254740993",     "-9223372036854775807",
    "12345678901234567890", "1e16",
    "1.5E+300000",          "\"userToken\":\"x\"",
    "\"\\u0000\"",          "\"us\\u0065rToken\":1",
    "\"USER-TOKEN\":1",     "\"\\ud83d\"",
    "\"\\ude00x\"",         "\"{\\\"apiKey\\\":\\\"x\\\"}\""
  };
  size_t i, before, after;
  for (i = 0; i < sizeof all / sizeof *all; i++)
    for (before = 0; before < 40; before++)
      for (after = 0; after < 40; after++) {
        char text[128];
        struct etoro_scan s;
        char *copy;
        size_t n = strlen(all[i]);
        memset(text, ' ', sizeof text);
        memcpy(text + before, all[i], n);
        copy = exact_copy(text, before + n + after);
        CHECK(etoro_scan_run(&s, copy, before + n + after, MAX) == ETORO_OK);
        CHECK(s.is_changed);
        etoro_scan_free(&s);
        free(copy);
      }
}

/* Every cut of this text: no Q may be seen outside the secrets. */
static void keeps_secrets_at_every_cut(void)
{
  static const char json[] =
      "{\"userTokens\":[{\"userTokenId\":\"3f25-04e0\",\"userToken\":"
      "\"QQ\\\"QQ\\u0051\\ud83d\\ude00Q\\\\\" , \"x\":null,\"y\":"
      "9007199254740993},{\"\\u0075serToken\" : \"Q\",\"z\":\"\\u0000\"}],"
      "\"access_token\":1Q2,\"scope\":\"a b\"}";
  size_t n;
  for (n = 0; n < sizeof json; n++) {
    struct etoro_scan s;
    char *copy = exact_copy(json, n);
    CHECK(etoro_scan_run(&s, copy, n, MAX) == ETORO_OK);
    if (s.is_changed)
      CHECK(strlen(s.text.data) == s.text.len && !strchr(s.text.data, 'Q'));
    else
      CHECK(!n || !memchr(copy, 'Q', n));
    etoro_scan_free(&s);
    free(copy);
  }
}

static void keeps_its_ceilings(void)
{
  const char *json = "[9007199254740993,\"\\u0000\",{\"userToken\":\"abc\"}]";
  const char *unit = "{\"userToken\":\"abc\"},";
  size_t n = strlen(json), size = strlen(unit), i, max;
  struct etoro_scan s;
  char *many = malloc(size * (ETORO_SCAN_SECRETS_MAX + 1));
  CHECK(etoro_scan_run(&s, json, n, MAX) == ETORO_OK);
  max = s.text.len;
  etoro_scan_free(&s);
  CHECK(etoro_scan_run(&s, json, n, max) == ETORO_OK);
  etoro_scan_free(&s);
  for (i = 0; i < max; i++) {
    CHECK(etoro_scan_run(&s, json, n, i) == ETORO_ETOOBIG);
    etoro_scan_free(&s);
  }
  CHECK(etoro_scan_run(&s, "[1,2,3]", 7, 0) == ETORO_OK);
  etoro_scan_free(&s);
  CHECK(many != NULL);
  for (i = 0; i <= ETORO_SCAN_SECRETS_MAX; i++)
    memcpy(many + i * size, unit, size);
  CHECK(etoro_scan_run(&s, many, size * ETORO_SCAN_SECRETS_MAX, MAX)
        == ETORO_OK);
  CHECK(s.nsecrets == ETORO_SCAN_SECRETS_MAX);
  etoro_scan_free(&s);
  CHECK(etoro_scan_run(&s, many, size * (ETORO_SCAN_SECRETS_MAX + 1), MAX)
        == ETORO_ETOOBIG);
  etoro_scan_free(&s);
  etoro_scan_free(&s);
  free(many);
}

static void short_of_memory(int may_fail)
{
  static const char json[] =
      "[{\"userToken\":\"a\\nb\"},{\"userToken\":\"b\"},{\"userToken\":\"c\"},"
      "{\"userToken\":\"d\"},{\"userToken\":\"e\"},9007199254740993,1e400,"
      "\"\\u0000\\u0000\"]";
  struct etoro_scan s;
  int rc = etoro_scan_run(&s, json, sizeof json - 1, MAX);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
  if (!rc)
    CHECK(s.nsecrets == 5 && s.is_changed);
  etoro_scan_free(&s);
}

int main(void)
{
  leaves_plain_answers();
  marks_empty_lists();
  takes_secrets();
  takes_secrets_in_any_spelling();
  takes_names_up_to_their_ceiling();
  takes_secrets_in_lists_and_objects();
  masks_json_in_strings();
  mends_lone_surrogates();
  unescapes_secrets();
  keeps_a_null_byte_in_a_secret();
  takes_secrets_of_broken_text();
  marks_numbers();
  leaves_what_is_no_number();
  guards_its_marks();
  tells_what_it_saw();
  finds_at_every_place();
  keeps_secrets_at_every_cut();
  keeps_its_ceilings();
  fail_each_step(short_of_memory);
  return 0;
}
