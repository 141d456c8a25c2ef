#include "core/bytes/decimal.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "core/bytes/ascii.h"
#include "core/status.h"

static void reads(double expected, const char *text)
{
  double v = -1;
  CHECK(etoro_decimal_read(&v, text, strlen(text)) == ETORO_OK);
  CHECK(v == expected);
}

static void refuses(const char *text)
{
  double v;
  CHECK(etoro_decimal_read(&v, text, strlen(text)) == ETORO_EINVAL);
}

static void reads_numbers(void)
{
  static const char long_one[] =
      "0.1000000000000000055511151231257827021181583404541015625000000000000";
  reads(0, "0");
  reads(-7, "-7");
  reads(3.25, "3.25");
  reads(1.5e-7, "+1.5e-7");
  reads(0.5, ".5");
  reads(5, "5.");
  reads(100000.01, "100000.01");
  reads(0.1, long_one);
  reads(HUGE_VAL, "1e999");
  reads(-HUGE_VAL, "-1e999");
  refuses("");
  refuses("-");
  refuses(".");
  refuses("1e");
  refuses("1e+");
  refuses("1,5");
  refuses("1.2.3");
  refuses("0x10");
  refuses("inf");
  refuses("nan");
  refuses(" 1");
  refuses("1 ");
  refuses("1\xc2\xa0");
}

static void writes_numbers(void)
{
  char out[ETORO_DECIMAL_MAX] = "";
  CHECK_TEXT("0.1", out, etoro_decimal_shortest(out, 0.1));
  CHECK_TEXT("0", out, etoro_decimal_shortest(out, -0.0));
  CHECK_TEXT("0.00000015", out, etoro_decimal_shortest(out, 1.5e-7));
  CHECK_TEXT("1180591620717411300000.0", out,
             etoro_decimal_shortest(out, 1180591620717411303424.0));
  CHECK_TEXT("2.35", out, etoro_decimal_fixed(out, 2.345000001, 2));
  CHECK_TEXT("-3", out, etoro_decimal_fixed(out, -3.0, 0));
  CHECK_TEXT("100000.01", out, etoro_decimal_general(out, 100000.01, 14));
  CHECK_TEXT("1e+300", out, etoro_decimal_general(out, 1e300, 14));
}

static void knows_letters(void)
{
  CHECK(etoro_lower('I') == 'i' && etoro_upper('i') == 'I');
  CHECK(etoro_lower('\xdd') == '\xdd' && etoro_upper('\xfd') == '\xfd');
  CHECK(!etoro_is_alpha('\xdd') && !etoro_is_alpha('@'));
  CHECK(etoro_is_hex('f') && !etoro_is_hex('g') && etoro_is_digit('9'));
}

int main(void)
{
  reads_numbers();
  writes_numbers();
  knows_letters();
  return 0;
}
