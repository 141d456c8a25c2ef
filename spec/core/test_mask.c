#include "core/bytes/mask.h"

#include <stdlib.h>

#include "check.h"
#include "core/status.h"

static void masks_as(const char *expected, const char *secret,
                     const char *text)
{
  struct etoro_secret *s;
  char *copy = exact_copy(text, strlen(text));
  int would;
  CHECK(etoro_secret_new(&s, secret, strlen(secret)) == ETORO_OK);
  would = etoro_mask_would(&s, 1, copy, strlen(text));
  CHECK_TEXT(text, copy, strlen(text));
  CHECK(would == (strcmp(text, expected) != 0));
  etoro_mask_secrets(&s, 1, copy, strlen(text));
  CHECK_TEXT(expected, copy, strlen(text));
  etoro_secret_free(s);
  free(copy);
}

static void masks(void)
{
  masks_as("a ******** b ********", "12345678", "a 12345678 b 12345678");
  masks_as("1********", "11111112", "111111112");
  masks_as("****************", "11111111", "1111111111111111");
  masks_as("1234567 123456781234567", "12345678x", "1234567 123456781234567");
  masks_as("1234567", "1234567", "1234567"); /* below ETORO_MASKED_MIN */
  masks_as("<********>", "a\\b\"cdef", "<a\\b\"cdef>");
  masks_as("abcabcab*********", "abcabcabx", "abcabcababcabcabx");
  masks_as("", "12345678", "");
  etoro_mask_secrets(NULL, 0, NULL, 0);
}

/* Among all texts of a few letters, in which most places look like it: what is
   covered is what a search byte by byte finds. */
static void masks_at_each_place(void)
{
  static const char *const secrets[] = { "aaaaaaab", "baaaaaaa", "aaabaaaa",
                                         "abababab", "babbabba", "ab-ab-ab" };
  unsigned seed = 1;
  int round;
  for (round = 0; round < 20000; round++) {
    const char *secret = secrets[round % 6];
    char text[161], expected[161];
    size_t i, n;
    seed = seed * 1103515245 + 12345;
    n = seed >> 16 & 127;
    for (i = 0; i < n; i++) {
      seed = seed * 1103515245 + 12345;
      text[i] = "aaaab-"[(seed >> 16) % (round % 6 == 5 ? 6 : 5)];
    }
    seed = seed * 1103515245 + 12345;
    if (n >= 8 && round % 3)
      memcpy(text + (seed >> 16) % (n - 7), secret, 8);
    text[n] = '\0';
    memcpy(expected, text, n + 1);
    for (i = 0; i + 8 <= n; i++)
      if (!memcmp(text + i, secret, 8)) {
        memset(expected + i, '*', 8);
        i += 7;
      }
    masks_as(expected, secret, text);
  }
}

static void masks_escaped(void)
{
  masks_as("<**********>", "a/b/c==+", "<a\\/b\\/c==+>");
  masks_as("<*************>", "a/b/c==+", "<a/b/c==\\u002B>");
  masks_as("<*************>", "+a/b/c==", "<\\u002ba/b/c==>");
  masks_as("<a\\/b\\/c==\\u002>", "a/b/c==+", "<a\\/b\\/c==\\u002>");
  masks_as("\\u012Ba/b/c==", "+a/b/c==", "\\u012Ba/b/c==");
  masks_as("\"*************\"", "canary-1", "\"c\\u0061nary-1\"");
  masks_as("x**************x", "a/b/c==+", "xa\\\\\\/b\\\\\\/c==+x");
  masks_as("<**************>", "canary-1", "<c\\\\u0061nary-1>");
  masks_as("?k=****************&b", "a/b/c==+", "?k=a%2Fb%2fc%3d=%2B&b");
  masks_as("?k=**********&b", "canary-1", "?k=can%61ry-1&b");
  masks_as("?k=**************&b", "canary+1", "?k=can%2561ry%2B1&b");
  masks_as("<p>************</p>", "canary+1", "<p>canary&#43;1</p>");
  masks_as("<p>*************</p>", "canary+1", "<p>canary&#x2B;1</p>");
  masks_as("<p>************</p>", "canary&1", "<p>canary&amp;1</p>");
  masks_as("%%%&&&\\\\\\%2", "canary&1", "%%%&&&\\\\\\%2");
  masks_as("canary%2", "canary+1", "canary%2");
  masks_as("***********", "can%2Bary-1", "can%2Bary-1");
}

static void masks_what_a_cut_leaves(void)
{
  masks_as("<html>********", "canary-1x", "<html>canary-1");
  masks_as("<html>canary-", "canary-1x", "<html>canary-");
  masks_as("********", "canary-1x", "canary-1");
  masks_as("canary-1<", "canary-1x", "canary-1<");
}

/* No place is looked at over and over, however many escapes there are. */
static void masks_in_time(void)
{
  const size_t n = 3000000;
  size_t i;
  struct etoro_secret *s;
  char *text = malloc(n);
  CHECK(text != NULL);
  for (i = 0; i < n; i++)
    text[i] = "%61"[i % 3];
  CHECK(etoro_secret_new(&s, "aaaaaaaaaaaaaaaaaaaaaaab", 24) == ETORO_OK);
  etoro_mask_secrets(&s, 1, text, n);
  CHECK(text[0] == '%' && text[n - 1] == '1');
  etoro_secret_free(s);
  free(text);
}

static void names(const char *expected, const char *text,
                  enum etoro_mask_mode mode)
{
  size_t n = strlen(text);
  char *copy = exact_copy(text, n);
  etoro_mask_named(copy, n, mode);
  CHECK_TEXT(expected, copy, n);
  if (mode == ETORO_MASK_JSON)
    CHECK(etoro_mask_may_hold(text, n) || !strcmp(expected, text));
  free(copy);
}

static void json(const char *expected, const char *text)
{
  names(expected, text, ETORO_MASK_JSON);
  names(expected, text, ETORO_MASK_TEXT);
}

static void text(const char *expected, const char *text)
{
  names(expected, text, ETORO_MASK_TEXT);
}

/* As it stands inside a JSON string. */
static void masks_json_in_strings(void)
{
  json("{\\\"userToken\\\":\\\"***\\\"}", "{\\\"userToken\\\":\\\"abc\\\"}");
  json("{\\\"a\\\":1,\\n\\\"User-Token\\\" : \\\"***\\\"}",
       "{\\\"a\\\":1,\\n\\\"User-Token\\\" : \\\"abc\\\"}");
  json("{\\\"access_token\\\":\\\"*********\\\",\\\"b\\\":\\\"c\\\"}",
       "{\\\"access_token\\\":\\\"a\\\\\\\"b\\\\n\\\",\\\"b\\\":\\\"c\\\"}");
  json("{\\\"api_key\\\":\\\"*****\\\",\\\"b\\\":\\\"c\\\"}",
       "{\\\"api_key\\\":\\\"a\\\\\\\\\\\",\\\"b\\\":\\\"c\\\"}");
  json("{\\\\\\\"userToken\\\\\\\":\\\\\\\"***\\\\\\\"}",
       "{\\\\\\\"userToken\\\\\\\":\\\\\\\"abc\\\\\\\"}");
  json("{\\u0022userToken\\u0022:\\u0022***\\u0022}",
       "{\\u0022userToken\\u0022:\\u0022abc\\u0022}");
  json("{\\\"us\\u0065rToken\\\":\\\"***\\\"}",
       "{\\\"us\\u0065rToken\\\":\\\"abc\\\"}");
  json("{\\\"us\\\\u0065r\\\\u005ftoken\\\":\\\"***\\\"}",
       "{\\\"us\\\\u0065r\\\\u005ftoken\\\":\\\"abc\\\"}");
  json(
      "{\\\"userToken\\\":[\\\"*\\\",{\\\"*\\\":\\\"**\\\"},**],\\\"b\\\":1}",
      "{\\\"userToken\\\":[\\\"a\\\",{\\\"v\\\":\\\"]}\\\"},12],\\\"b\\\":1}");
  json("{\\\"userToken\\\":*****,\\\"b\\\":1}",
       "{\\\"userToken\\\":12345,\\\"b\\\":1}");
  json("{\\\"userToken\\\":null,\\\"b\\\":1}",
       "{\\\"userToken\\\":null,\\\"b\\\":1}");
  json("{\\\"userToken\\\":\\\"****", "{\\\"userToken\\\":\\\"abcd");
  json("{\\\"userTokenId\\\":\\\"abc\\\"}",
       "{\\\"userTokenId\\\":\\\"abc\\\"}");
  json("\\\"userToken\\\" \\\"", "\\\"userToken\\\" \\\"");
  names("userToken: abc12", "userToken: abc12", ETORO_MASK_JSON);
  names("user_token=abc12", "user_token=abc12", ETORO_MASK_JSON);
}

static void masks_other_texts(void)
{
  text("{'userToken': '***'}", "{'userToken': 'abc'}");
  text("{\"userToken\" \"***\"}", "{\"userToken\" \"abc\"}");
  text("{userToken: \"***\", b: 1}", "{userToken: \"abc\", b: 1}");
  text("{\"userToken\": ****, \"b\": 1}", "{\"userToken\": abc1, \"b\": 1}");
  text("access_token=***&refresh_token=***&scope=a",
       "access_token=abc&refresh_token=def&scope=a");
  text("/cb?id-token=***", "/cb?id-token=abc");
  text("<UserToken>***</UserToken>", "<UserToken>abc</UserToken>");
  text("&quot;userToken&quot;:&quot;***&quot;}",
       "&quot;userToken&quot;:&quot;abc&quot;}");
  text("x-api-key: ****; x-user-key: ****",
       "x-api-key: abc1; x-user-key: abc2");
  text("the user token: ********************",
       "the user token: averylongwordwithout");
  /* of ETORO_PROSE_MAX letters, and of one less */
  text("user token: ****************", "user token: abcdefghijklmnop");
  text("user token: abcdefghijklmno", "user token: abcdefghijklmno");
  text("userToken: is required", "userToken: is required");
  text("userTokenName: abc123", "userTokenName: abc123");
  text("userToken", "userToken");
  text("userToken:", "userToken:");
  text("userToken\"", "userToken\"");
  text("", "");
}

int main(void)
{
  masks();
  masks_at_each_place();
  masks_escaped();
  masks_what_a_cut_leaves();
  masks_in_time();
  masks_json_in_strings();
  masks_other_texts();
  return 0;
}
