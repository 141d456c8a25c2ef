#include "core/json/jsonnum.h"

#include <string.h>

#include "check.h"
#include "core/json/jsonescape.h"
#include "core/status.h"

/* What is read of the text up to its end. */
static struct etoro_number read_all(const char *text)
{
  struct etoro_number v;
  const char *p = text;
  CHECK(etoro_number_read(&v, &p) == ETORO_OK);
  CHECK(*p == '\0');
  return v;
}

static void whole(const char *text, int64_t expected)
{
  struct etoro_number v = read_all(text);
  CHECK(v.kind == ETORO_NUMBER_INTEGER && v.integer == expected);
}

static void real(const char *text, double expected)
{
  struct etoro_number v = read_all(text);
  CHECK(v.kind == ETORO_NUMBER_REAL && v.real == expected);
}

static void as_text(const char *text)
{
  CHECK(read_all(text).kind == ETORO_NUMBER_TEXT);
}

static void refused(const char *text)
{
  struct etoro_number v;
  const char *p = text;
  CHECK(etoro_number_read(&v, &p) == ETORO_ESYNTAX || *p);
}

static void reads_integers(void)
{
  whole("0", 0);
  whole("-0", 0);
  whole("-0.0", 0);
  whole("0.0000000000000000000000000000", 0);
  whole("0e99999999999999999999999", 0);
  whole("12345", 12345);
  whole("9007199254740992", INT64_C(9007199254740992));
  whole("-9007199254740992", -INT64_C(9007199254740992));
  whole("9007199254740993", INT64_C(9007199254740993));
  whole("-9007199254740993", -INT64_C(9007199254740993));
  whole("9223372036854775807", INT64_MAX);
  whole("-9223372036854775808", INT64_MIN);
  whole("1000000000000000000", INT64_C(1000000000000000000));
  as_text("9223372036854775808");
  as_text("-9223372036854775809");
  as_text("18446744073709551616");
  as_text("99999999999999999999");
  as_text("123456789012345678901234567890");
  as_text("10000000000000000000");
}

static void reads_integers_in_other_spellings(void)
{
  whole("1.0", 1);
  whole("1e3", 1000);
  whole("9007199254740993.0", INT64_C(9007199254740993));
  whole("9007199254740993.00000000000000000000000", INT64_C(9007199254740993));
  whole("-9.007199254740993e15", -INT64_C(9007199254740993));
  whole("9007199254740993000E-3", INT64_C(9007199254740993));
  whole("900719925474099300000000000000000000E-20", INT64_C(9007199254740993));
  whole("1e18", INT64_C(1000000000000000000));
  whole("123456789012345e+3", INT64_C(123456789012345000));
  whole("9.223372036854775807e18", INT64_MAX);
  whole("-9223372036854775808.00", INT64_MIN);
  whole("0.000001e7", 10);
  /* no whole numbers, but their doubles are */
  whole("9007199254740993.5", INT64_C(9007199254740994));
  whole("9007199254740992.50000000000000000001", INT64_C(9007199254740992));
  whole("1e-400", 0);
  whole("1e-99999999999999999999999", 0);
  real("9223372036854775808.0", 9223372036854775808.0);
  real("9.223372036854775808e18", 9223372036854775808.0);
  real("1e20", 1e20);
  real("1.5e300", 1.5e300);
}

static void reads_doubles(void)
{
  real("0.1", 0.1);
  real("-2.5", -2.5);
  real("0.30000000000000004", 0.1 + 0.2);
  real("1.7976931348623157e308", 1.7976931348623157e308);
  real("17976931348623157e292", 1.7976931348623157e308);
  real("1.797693134862315807e308", 1.7976931348623157e308);
  real("1.7976931348623158079e308", 1.7976931348623157e308);
  real("0.00179e311", 1.79e308);
  real("5e-324", 5e-324);
  real("2.2250738585072011e-308", 2.2250738585072011e-308);
  real("0.1000000000000000055511151231257827021181583404541015625", 0.1);
  as_text("1E400");
  as_text("-1e309");
  as_text("1e+309");
  as_text("1e99999999999999999999999");
  as_text("0.001e312");
  as_text("1.797693134862315808e308");
}

static void refuses_what_is_none(void)
{
  refused("");
  refused("-");
  refused("09007199254740993");
  refused("01");
  refused("-01");
  refused("00");
  refused("+1");
  refused("--1");
  refused("9007199254740993x");
  refused("9007199254740993-");
  refused("90071992547409.93.0");
  refused("1.");
  refused("1.e5");
  refused("1e400e");
  refused("1e");
  refused("1e+");
  refused("1e+-1");
  refused(".1e400");
  refused("-.1");
  refused("0x10");
  refused("1,5");
  refused("\xd9\xa1");
}

static void unescapes(void)
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
    { "\\ud83d\\ude00\\ude00", "\xf0\x9f\x98\x80\xef\xbf\xbd" },
    { "\\\\ud83d\\ude00", "\\ud83d\xef\xbf\xbd" },
    { "\\uffff\\u07ff\\u0800\\u007f\\u0080",
      "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80\x7f\xc2\x80" },
    { "\xc3\xa9", "\xc3\xa9" }
  };
  static const char *const bad[] = { "\\x",    "\\",         "\\u", "\\u12g4",
                                     "\\u004", "\\\xc3\xa9", "a\\'" };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[100];
    const char *text = cases[i][0];
    size_t n = strlen(text), len;
    int is_bad = 0;
    len = etoro_escape_undo(out, text, text + n, &is_bad);
    CHECK(!is_bad);
    CHECK_TEXT(cases[i][1], out, len);
    memcpy(out, text, n);
    len = etoro_escape_undo(out, out, out + n, &is_bad);
    CHECK(!is_bad);
    CHECK_TEXT(cases[i][1], out, len);
  }
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    char out[100];
    int is_bad = 0;
    size_t n = strlen(bad[i]);
    n = etoro_escape_undo(out, bad[i], bad[i] + n, &is_bad);
    CHECK_TEXT(bad[i], out, n);
    CHECK(is_bad);
  }
}

int main(void)
{
  reads_integers();
  reads_integers_in_other_spellings();
  reads_doubles();
  refuses_what_is_none();
  unescapes();
  return 0;
}
