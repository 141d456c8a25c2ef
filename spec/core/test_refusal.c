#include "core/engine/refusal.h"

#include "check.h"
#include "core/limits.h"

static void is(int expected, const char *text)
{
  size_t n = strlen(text);
  char *copy = exact_copy(text, n);
  if (etoro_refusal_is_api(copy, n) != expected) {
    fprintf(stderr, "expected %d of <%s>\n", expected, text);
    exit(1);
  }
  free(copy);
}

static void knows_the_api(void)
{
  is(1, "{\"errorCode\":\"TooManyRequests\",\"errorMessage\":\"slow down\"}");
  is(1, " { \"errorMessage\" : null , \"errorCode\" : \"T\\\"\\u0041\" }\r\n");
  is(1, "{\"data\":{\"a\":[1,-2.5e3,[],{}]},\"errorCode\":\"X\"}");
  is(1,
     "{\"success\":false,\"error\":{\"code\":\"LIMIT\",\"message\":\"m\"}}");
  is(1, "{\"error\":{\"message\":\"m\",\"code\":\"L\",\"details\":[{}]},"
        "\"requestId\":\"r\",\"success\":false}");
}

static void knows_others(void)
{
  is(0, "");
  is(0, "{}");
  is(0, "[]");
  is(0, "null");
  is(0, "\"errorCode\"");
  is(0, "<html><body>Too many requests</body></html>");
  is(0, "Too Many Requests");
  is(0, "{\"message\":\"API rate limit exceeded\"}");
  is(0, "{\"statusCode\":429,\"message\":\"Rate limit is exceeded.\"}");
  is(0, "{\"error\":{\"code\":\"429\",\"message\":\"proxy\"}}");
  is(0, "{\"error\":{\"code\":429},\"success\":false}");
  is(0, "{\"success\":true,\"error\":{\"code\":\"X\"}}");
  is(0, "{\"success\":false,\"error\":\"code\"}");
  is(0, "{\"errorCode\":429}");
  is(0, "{\"errorCode\":\"\"}");
  is(0, "{\"errorCode\":null}");
  is(0, "{\"fault\":{\"errorCode\":\"QuotaViolation\"}}");
  is(0, "{\"message\":\"\\\"errorCode\\\":\\\"X\\\"\"}");
  is(0, "[{\"errorCode\":\"X\"}]");
}

static void takes_whole_answers_alone(void)
{
  const char *whole =
      "{\"errorCode\":\"TooMany\",\"a\":[{\"b\":1}],\"c\":null}";
  char deep[200];
  size_t n, len = strlen(whole);
  is(1, whole);
  for (n = 0; n < len; n++) {
    char *copy = exact_copy(whole, n);
    CHECK(!etoro_refusal_is_api(copy, n));
    free(copy);
  }
  is(0, "{\"errorCode\":\"X\"}{");
  is(0, "{\"errorCode\":\"X\"}<html>");
  is(0, "{\"errorCode\":\"X\",}");
  is(0, "{\"errorCode\":\"X\",\"a\":}");
  is(0, "{\"errorCode\":\"X\",\"a\":nul}");
  memset(deep, '[', sizeof deep - 1);
  deep[sizeof deep - 1] = 0;
  is(0, deep);
}

/* An object with so many lists in each other in it. */
static int reads_nested(size_t lists)
{
  static const char start[] = "{\"errorCode\":\"X\",\"a\":";
  char text[200];
  size_t at = sizeof start - 1;
  memcpy(text, start, at);
  memset(text + at, '[', lists);
  memset(text + at + lists, ']', lists);
  text[at + 2 * lists] = '}';
  return etoro_refusal_is_api(text, at + 2 * lists + 1);
}

static void keeps_its_ceiling(void)
{
  CHECK(reads_nested(31)); /* and the object: ETORO_REFUSAL_DEPTH_MAX */
  CHECK(!reads_nested(32));
}

int main(void)
{
  knows_the_api();
  knows_others();
  takes_whole_answers_alone();
  keeps_its_ceiling();
  return 0;
}
