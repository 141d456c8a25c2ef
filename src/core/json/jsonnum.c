#include "core/json/jsonnum.h"

#include <math.h>

#include "core/bytes/ascii.h"
#include "core/bytes/decimal.h"
#include "core/json/jsonpower.h"
#include "core/status.h"

#define DIGITS_SAFE 18 /* any so many fit an int64_t */
#define DIGITS_MOST 19 /* and these a uint64_t */
#define TWO_TO_53 9007199254740992.0
#define TWO_TO_63 9223372036854775808.0
#define FAR INT64_C(1000000000000000) /* beyond any exponent that matters */

/* A number that has a point or an exponent, or many digits. */
struct parts {
  const char *start;      /* of its digits */
  const char *digits_end; /* of them and the point */
  int is_negative;
  long long exponent; /* of ten, behind its last digit */
  uint64_t w;         /* the first digits that are not 0 */
  int is_cut;         /* others than 0 come behind those of w */
};

/* The exponent behind the e; NULL when there is none. */
static const char *pass_exponent(long long *out, const char *p)
{
  int is_negative = *p == '-';
  long long v = 0;
  if (*p == '-' || *p == '+')
    p++;
  if (!etoro_is_digit(*p))
    return NULL;
  for (; etoro_is_digit(*p); p++) {
    if (v < FAR)
      v = v * 10 + (*p - '0');
  }
  *out = is_negative ? -v : v;
  return p;
}

/* Fills w with the digits; what does not fit is left to the exponent. */
static void collect(struct parts *v)
{
  const char *p;
  int count = 0;
  v->w = 0;
  for (p = v->start; p < v->digits_end; p++) {
    if (*p == '.')
      continue;
    if (count < DIGITS_MOST) {
      v->w = v->w * 10 + (uint64_t)(*p - '0');
      count += v->w != 0;
    } else {
      v->exponent++;
      v->is_cut |= *p != '0';
    }
  }
}

/* 1 when the number is whole and its magnitude fits 64 bits. */
static int is_whole(const struct parts *v, uint64_t *magnitude)
{
  uint64_t w = v->w;
  long long e = v->exponent;
  if (v->is_cut)
    return 0;
  for (; e < 0 && w % 10 == 0; e++)
    w /= 10;
  for (; e > 0 && w <= UINT64_MAX / 10; e--)
    w *= 10;
  *magnitude = w;
  return e == 0;
}

static int to_integer(struct etoro_number *out, uint64_t magnitude,
                      int is_negative)
{
  const uint64_t most = UINT64_C(1) << 63;
  if (magnitude >= most + (uint64_t)is_negative)
    return 0;
  out->kind = ETORO_NUMBER_INTEGER;
  if (!is_negative)
    out->integer = (int64_t)magnitude;
  else
    out->integer = magnitude == most ? INT64_MIN : -(int64_t)magnitude;
  return 1;
}

/* The double nearest to the parts' magnitude. */
static int nearest(double *out, const struct parts *v, const char *end)
{
  double above;
  if (etoro_power_scale(out, v->w, v->exponent)
      && (!v->is_cut
          || (etoro_power_scale(&above, v->w + 1, v->exponent)
              && *out == above)))
    return ETORO_OK;
  return etoro_decimal_read(out, v->start, (size_t)(end - v->start));
}

/* What the parts of a number up to end are. */
static int settle(struct etoro_number *out, const struct parts *v,
                  const char *end)
{
  uint64_t magnitude = 0;
  int rc = ETORO_OK;
  double real = 0;
  if (v->w)
    rc = nearest(&real, v, end);
  if (rc)
    return rc;
  if (real >= TWO_TO_53 && real <= TWO_TO_63 && is_whole(v, &magnitude)
      && to_integer(out, magnitude, v->is_negative))
    return ETORO_OK;
  out->real = v->is_negative ? -real : real;
  out->kind = isinf(real) ? ETORO_NUMBER_TEXT : ETORO_NUMBER_REAL;
  if (out->real >= -TWO_TO_63 && out->real < TWO_TO_63
      && out->real == (double)(int64_t)out->real) {
    out->kind = ETORO_NUMBER_INTEGER;
    out->integer = (int64_t)out->real;
  }
  return ETORO_OK;
}

/* A number with a point or an exponent at *p; w holds the digits from start to
   there. */
static int read_real(struct etoro_number *out, const char *start, uint64_t w,
                     int is_negative, const char **p)
{
  struct parts v = { start, NULL, is_negative, 0, w, 0 };
  const char *q = *p;
  int rc;
  if (*q == '.') {
    const char *point = q++;
    if (!etoro_is_digit(*q))
      return ETORO_ESYNTAX;
    for (; etoro_is_digit(*q); q++)
      v.w = v.w * 10 + (uint64_t)(*q - '0'); /* too many: see below */
    v.exponent = point + 1 - q;
  }
  v.digits_end = q;
  if (*q == 'e' || *q == 'E') {
    long long more = 0;
    q = pass_exponent(&more, q + 1);
    if (!q)
      return ETORO_ESYNTAX;
    v.exponent += more;
  }
  if (v.digits_end - v.start > DIGITS_MOST)
    collect(&v);
  rc = settle(out, &v, q);
  *p = q;
  return rc;
}

int etoro_number_read(struct etoro_number *out, const char **p)
{
  const char *q = *p, *start;
  int is_negative = *q == '-';
  uint64_t w = 0;
  q += is_negative;
  for (start = q; etoro_is_digit(*q); q++)
    w = w * 10 + (uint64_t)(*q - '0'); /* too many are looked at below */
  if (q == start || (*start == '0' && q - start > 1))
    return ETORO_ESYNTAX;
  *p = q;
  if (*q == '.' || *q == 'e' || *q == 'E')
    return read_real(out, start, w, is_negative, p);
  if (q - start <= DIGITS_SAFE) {
    out->kind = ETORO_NUMBER_INTEGER;
    out->integer = is_negative ? -(int64_t)w : (int64_t)w;
  } else if (q - start > DIGITS_MOST || !to_integer(out, w, is_negative)) {
    out->kind = ETORO_NUMBER_TEXT;
  }
  return ETORO_OK;
}
