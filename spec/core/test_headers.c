#include "core/net/headers.h"

#include "check.h"

static const char block[] = "HTTP/1.1 200 OK: fine\r\n"
                            "Content-Type: application/json\r\n"
                            "X-Empty:\r\n"
                            "X-Blank: \t \r\n"
                            "x-twice: first\r\n"
                            " folded: not a field\r\n"
                            "no colon here\r\n"
                            ": no name\r\n"
                            "Bad : name\r\n"
                            "\r\n"
                            "HTTP/2 201\r\n"
                            "X-Lf: \t a b:c \t\n"
                            "X-Twice: second\r\n"
                            "\r\n";

static void finds(const char *expected, const char *name)
{
  const char *value = NULL;
  size_t len = 0;
  CHECK(etoro_headers_find(block, sizeof block - 1, name, &value, &len));
  CHECK_TEXT(expected, value, len);
}

static void finds_fields(void)
{
  const char *value;
  size_t len;
  finds("application/json", "content-type");
  finds("application/json", "CONTENT-TYPE");
  finds("", "x-empty");
  finds("", "x-blank");
  finds("second", "X-TWICE");
  finds("a b:c", "x-lf");
  CHECK(!etoro_headers_find(block, sizeof block - 1, "content", &value, &len));
  CHECK(!etoro_headers_find(block, sizeof block - 1, "x-l", &value, &len));
  CHECK(!etoro_headers_find("", 0, "a", &value, &len));
  CHECK(!etoro_headers_find(NULL, 0, "a", &value, &len));
}

static void walks(void)
{
  static const char *const expected[] = { "Content-Type",
                                          "application/json",
                                          "X-Empty",
                                          "",
                                          "X-Blank",
                                          "",
                                          "x-twice",
                                          "first",
                                          "X-Lf",
                                          "a b:c",
                                          "X-Twice",
                                          "second",
                                          NULL };
  struct etoro_header field;
  size_t at = 0, i = 0;
  while (etoro_headers_next(block, sizeof block - 1, &at, &field)) {
    CHECK(expected[i] != NULL);
    CHECK_TEXT(expected[i], field.name, field.name_len);
    CHECK_TEXT(expected[i + 1], field.value, field.value_len);
    i += 2;
  }
  CHECK(expected[i] == NULL);
  CHECK(!etoro_headers_next(block, sizeof block - 1, &at, &field));
  at = 0;
  CHECK(!etoro_headers_next(NULL, 0, &at, &field));
}

/* A block cut anywhere gives the fields whose lines are whole. */
static void stands_cuts(void)
{
  size_t n;
  for (n = 0; n < sizeof block; n++) {
    char *copy = exact_copy(block, n);
    struct etoro_header field;
    struct etoro_limits limits;
    size_t at = 0, fields = 0, lines = 0;
    const char *value;
    size_t len, i;
    for (i = 0; i < n; i++)
      lines += copy[i] == '\n';
    while (etoro_headers_next(copy, n, &at, &field))
      fields++;
    CHECK(fields <= lines);
    CHECK(etoro_headers_find(copy, n, "x-lf", &value, &len) == (lines >= 12));
    etoro_headers_limits(copy, n, 0, &limits);
    free(copy);
  }
}

static void is_date(double expected, const char *text)
{
  char *copy = exact_copy(text, strlen(text));
  double got = etoro_http_date(copy, strlen(text));
  if (got != expected)
    fprintf(stderr, "%s: %.1f\n", text, got);
  CHECK(got == expected);
  free(copy);
}

static void reads_dates(void)
{
  /* The three examples of RFC 9110, 5.6.7. */
  is_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
  is_date(784111777, "Sunday, 06-Nov-94 08:49:37 GMT");
  is_date(784111777, "Sun Nov  6 08:49:37 1994");
  is_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
  is_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
  is_date(1709251199, "Thu, 29 Feb 2024 23:59:59 GMT");
  is_date(1709251200, "Fri, 01 Mar 2024 00:00:00 GMT");
  is_date(1735689599, "Tue Dec 31 23:59:59 2024");
  is_date(1483228800, "Sat, 31 Dec 2016 23:59:60 GMT");
  is_date(2147483648.0, "Tue, 19 Jan 2038 03:14:08 GMT");
  is_date(253402300799.0, "Fri, 31 Dec 9999 23:59:59 GMT");
  is_date(3155760000.0 - 86400, "Thursday, 31-Dec-69 00:00:00 GMT");
  is_date(0, "Thursday, 01-Jan-70 00:00:00 GMT");
  is_date(4107542400.0, "Mon, 01 Mar 2100 00:00:00 GMT");
}

static void refuses_dates(void)
{
  static const char *const bad[] = { "",
                                     "Sun",
                                     "Sun,",
                                     "Sunday",
                                     "junk",
                                     "784111777",
                                     "Sun, 06 Nov 1994 08:49:37",
                                     "Sun, 06 Nov 1994 08:49:37 GMT ",
                                     "Sun, 06 Nov 1994 08:49:37 UTC",
                                     "Sun, 6 Nov 1994 08:49:37 GMT",
                                     "Sun, 06 Nov 94 08:49:37 GMT",
                                     "Sun, 00 Nov 1994 08:49:37 GMT",
                                     "Sun, 31 Nov 1994 08:49:37 GMT",
                                     "Wed, 29 Feb 2023 00:00:00 GMT",
                                     "Mon, 29 Feb 2100 00:00:00 GMT",
                                     "Sun, 06 Nov 1994 24:00:00 GMT",
                                     "Sun, 06 Nov 1994 08:60:00 GMT",
                                     "Sun, 06 Nov 1994 08:49:61 GMT",
                                     "Sun, -6 Nov 1994 08:49:37 GMT",
                                     "Sun, 06 Nov 1969 08:49:37 GMT",
                                     "Sun, 06 Foo 1994 08:49:37 GMT",
                                     "Xxx, 06 Nov 1994 08:49:37 GMT",
                                     "Sunday, 06-Nov-1994 08:49:37 GMT",
                                     "Sun Nov 6 08:49:37 1994",
                                     "Sun Nov  6 08:49:37 19941",
                                     "Sun, 06 Nov 1994 8:49:37 GMT",
                                     "Sunday, 06 Nov 1994 08:49:37 GMT",
                                     "Sun, 06-Nov-94 08:49:37 GMT" };
  const char *good = "Sun, 06 Nov 1994 08:49:37 GMT";
  size_t i;
  for (i = 0; i < sizeof bad / sizeof *bad; i++)
    is_date(-1, bad[i]);
  for (i = 0; i < strlen(good); i++) {
    char *copy = exact_copy(good, i);
    CHECK(etoro_http_date(copy, i) == -1);
    free(copy);
  }
}

static struct etoro_limits limits_of(const char *text)
{
  struct etoro_limits limits;
  size_t n = strlen(text);
  char *copy = exact_copy(text, n);
  etoro_headers_limits(copy, n, 1700000000, &limits);
  free(copy);
  return limits;
}

static void reads_retry_after(void)
{
#define AFTER(value) limits_of("Retry-After: " value "\r\n").retry_after
  CHECK(AFTER("60") == 60);
  CHECK(AFTER("0") == 0);
  CHECK(AFTER("007") == 7);
  CHECK(AFTER("") == -1);
  CHECK(AFTER("-5") == -1);
  CHECK(AFTER("+5") == -1);
  CHECK(AFTER("1.5") == -1);
  CHECK(AFTER("1e3") == -1);
  CHECK(AFTER("5 s") == -1);
  CHECK(AFTER("0x10") == -1);
  CHECK(AFTER("soon") == -1);
  CHECK(AFTER("99999999999999999999999999999999999999999") > 1e14);
  CHECK(AFTER("99999999999999999999999999999999999999999") < 1e17);
  CHECK(AFTER("Tue, 14 Nov 2023 22:14:20 GMT") == 60);
  CHECK(AFTER("Tue, 14 Nov 2023 22:13:20 GMT") == 0);
  CHECK(AFTER("Tue, 14 Nov 2023 22:00:00 GMT") == 0);
  CHECK(AFTER("Tue, 14 Nov 2023 22:14:20 GMT\r\n"
              "Date: Tue, 14 Nov 2023 22:14:00 GMT")
        == 20);
  CHECK(AFTER("Tue, 14 Nov 2023 22:14:20 GMT\r\nDate: junk") == 60);
  CHECK(AFTER("30\r\nDate: Tue, 14 Nov 2023 22:14:00 GMT") == 30);
  CHECK(AFTER("1\r\nretry-after: 2") == 2);
#undef AFTER
}

static void reads_limits(void)
{
  struct etoro_limits l = limits_of("HTTP/2 429\r\n"
                                    "ratelimit-limit: 20\r\n"
                                    "ratelimit-remaining: 0\r\n"
                                    "ratelimit-reset: 37\r\n"
                                    "ratelimit-policy: 20;w=60\r\n"
                                    "\r\n");
  CHECK(l.limit == 20 && l.remaining == 0 && l.reset == 37);
  CHECK(l.window == 60 && l.retry_after == -1);
  l = limits_of("X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 59\r\n"
                "X-RateLimit-Reset: 1700000042\r\n");
  CHECK(l.limit == 60 && l.remaining == 59 && l.reset == 42);
  CHECK(l.window == -1);
  l = limits_of("X-RateLimit-Reset: 1699999999\r\n");
  CHECK(l.reset == 0 && l.limit == -1 && l.remaining == -1);
  l = limits_of("X-RateLimit-Reset: 1700000042\r\n"
                "Date: Tue, 14 Nov 2023 22:14:00 GMT\r\n");
  CHECK(l.reset == 2);
  l = limits_of("X-RateLimit-Limit: 1\r\nRateLimit-Limit: 100, 100;w=60\r\n"
                "X-RateLimit-Remaining: 1\r\nRateLimit-Remaining: junk\r\n"
                "X-RateLimit-Reset: 9\r\nRateLimit-Reset: 7;x\r\n");
  CHECK(l.limit == 100 && l.remaining == 1 && l.reset == 7);
  l = limits_of("RateLimit-Limit: -1\r\nRateLimit-Remaining: 1.5\r\n"
                "RateLimit-Reset: 1700000042000\r\n");
  CHECK(l.limit == -1 && l.remaining == -1 && l.reset == -1);
  l = limits_of("");
  CHECK(l.limit == -1 && l.remaining == -1 && l.reset == -1);
  CHECK(l.window == -1 && l.retry_after == -1);
}

static void reads_policies(void)
{
#define WINDOW(value) limits_of("RateLimit-Policy: " value "\r\n").window
  CHECK(WINDOW("20;w=60") == 60);
  CHECK(WINDOW("20; w=60, 1000;w=3600") == 60);
  CHECK(WINDOW("20, 1000;w=3600") == -1);
  CHECK(WINDOW("\"a;w=1,\\\"\";q=10;w=5") == 5);
  CHECK(WINDOW("20;W=60;x=y") == 60);
  CHECK(WINDOW("20;w=") == -1);
  CHECK(WINDOW("20;w") == -1);
  CHECK(WINDOW("20;") == -1);
  CHECK(WINDOW("20;w=x") == -1);
  CHECK(WINDOW("\"open;w=60") == -1);
#undef WINDOW
}

int main(void)
{
  finds_fields();
  walks();
  stands_cuts();
  reads_dates();
  refuses_dates();
  reads_retry_after();
  reads_limits();
  reads_policies();
  return 0;
}
