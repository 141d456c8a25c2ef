#include "core/json/jsonnum.h"

#include <string.h>

#define DIGITS_SAFE 15 /* any number of so many digits is exact */
#define INT64_DIGITS 19

/* A JSON number, taken apart. */
struct parts {
  const char *first;  /* significant digits: from the first that is not 0 */
  const char *last;   /* to the last that is not 0, a point between perhaps;
                          NULL when the number is zero */
  const char *units;  /* behind the digit of ones */
  size_t digits;      /* how many significant digits there are */
  long long exponent; /* of ten, behind them as an integer */
  int is_negative;
  int is_plain; /* without point and exponent */
};

static const char *pass_digits(struct parts *v, const char *p, const char *end)
{
  for (; p < end && *p >= '0' && *p <= '9'; p++) {
    if (*p == '0')
      continue;
    if (!v->first)
      v->first = p;
    v->last = p;
  }
  return p;
}

/* The exponent behind the e; beyond any number's reach it stays there. */
static const char *pass_exponent(long long *out, const char *p,
                                 const char *end)
{
  const long long most = INT64_C(1000000000000000);
  int is_negative = p < end && *p == '-';
  const char *start;
  long long v = 0;
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  for (start = p; p < end && *p >= '0' && *p <= '9'; p++) {
    if (v < most)
      v = v * 10 + (*p - '0');
  }
  *out = is_negative ? -v : v;
  return p > start ? p : NULL;
}

/* 1 when all between p and end is one number. A point without digits behind
   it is let through as one, because lua-cjson reads it. */
static int take_apart(struct parts *v, const char *p, const char *end)
{
  const char *start, *point = NULL;
  memset(v, 0, sizeof *v);
  v->is_negative = *p == '-';
  p += v->is_negative;
  start = p;
  p = pass_digits(v, p, end);
  if (p == start || (*start == '0' && p - start > 1))
    return 0;
  v->units = p;
  if (p < end && *p == '.') {
    point = p;
    p = pass_digits(v, p + 1, end);
  }
  v->is_plain = !point;
  if (p < end && (*p == 'e' || *p == 'E')) {
    v->is_plain = 0;
    p = pass_exponent(&v->exponent, p + 1, end);
    if (!p)
      return 0;
  }
  if (p != end)
    return 0;
  if (!v->last)
    return 1;
  v->digits = (size_t)(v->last - v->first) + 1;
  if (v->first < v->units && v->last > v->units)
    v->digits--; /* the point */
  v->exponent += v->units - v->last - (v->last < v->units);
  return 1;
}

/* 1 when rounding to a double gives infinity. Where the first 20 digits do
   not tell, it says 1. */
static int is_infinite(const struct parts *v)
{
  static const char least[] = "17976931348623158079";
  long long power = (long long)v->digits + v->exponent;
  const char *p = v->first;
  size_t i;
  if (power != 309)
    return power > 309;
  for (i = 0; i < sizeof least - 1; i++) {
    char digit = '0';
    if (p <= v->last && *p == '.')
      p++;
    if (p <= v->last)
      digit = *p++;
    if (digit != least[i])
      return digit > least[i];
  }
  return 1;
}

/* The magnitude of a whole number of at most 19 digits. */
static uint64_t magnitude(const struct parts *v)
{
  uint64_t m = 0;
  long long e;
  const char *p;
  for (p = v->first; p <= v->last; p++) {
    if (*p != '.')
      m = m * 10 + (uint64_t)(*p - '0');
  }
  for (e = 0; e < v->exponent; e++)
    m *= 10;
  return m;
}

void etoro_number_read(struct etoro_number *out, const char *text, size_t n)
{
  const uint64_t exact = UINT64_C(1) << 53;
  const uint64_t most = UINT64_C(1) << 63;
  struct parts v;
  memset(out, 0, sizeof *out);
  if (!n || !take_apart(&v, text, text + n))
    return;
  out->fit = ETORO_NUMBER_DOUBLE;
  if (!v.last)
    return;
  out->is_negative = v.is_negative;
  out->is_wide = v.units - v.first > DIGITS_SAFE || v.digits > DIGITS_SAFE;
  if (v.exponent >= 0 && (long long)v.digits + v.exponent <= INT64_DIGITS) {
    out->magnitude = magnitude(&v);
    if (out->magnitude <= exact)
      return;
    if (out->magnitude < most + (uint64_t)v.is_negative) {
      out->fit = ETORO_NUMBER_INT64;
      return;
    }
  }
  if ((v.is_plain && v.units - v.first >= INT64_DIGITS) || is_infinite(&v))
    out->fit = ETORO_NUMBER_TEXT;
}
