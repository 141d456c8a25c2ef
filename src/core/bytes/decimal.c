#include "core/bytes/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/ascii.h"
#include "core/bytes/plain.h"
#include "core/status.h"

#define TWO_TO_63 9223372036854775808.0

static const char *pass_digits(const char *p, const char *end)
{
  while (p < end && etoro_is_digit(*p))
    p++;
  return p;
}

/* strtod takes more: hexadecimal, "inf", "nan", blanks in front. Its grammar
   is narrowed here. */
static int is_number(const char *p, const char *end)
{
  const char *start;
  size_t digits;
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  start = p;
  p = pass_digits(p, end);
  digits = (size_t)(p - start);
  if (p < end && *p == '.') {
    start = p + 1;
    p = pass_digits(start, end);
    digits += (size_t)(p - start);
  }
  if (!digits)
    return 0;
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '-' || *p == '+'))
      p++;
    start = p;
    p = pass_digits(p, end);
    if (p == start)
      return 0;
  }
  return p == end;
}

int etoro_decimal_read(double *out, const char *text, size_t n)
{
  /* A copy with an end: strtod knows no length. Numbers longer than that are
     rare and legal. */
  char room[64];
  char *copy = room;
  struct etoro_plain locale;
  int rc;
  if (!is_number(text, text + n))
    return ETORO_EINVAL;
  if (n >= sizeof room) {
    copy = malloc(n + 1);
    if (!copy)
      return ETORO_ENOMEM;
  }
  memcpy(copy, text, n);
  copy[n] = '\0';
  /* Under a locale with a decimal comma "1.5" would be 1. */
  rc = etoro_plain_enter(&locale) ? ETORO_OK : ETORO_ENOMEM;
  if (!rc) {
    *out = strtod(copy, NULL);
    etoro_plain_leave(&locale);
  }
  if (copy != room)
    free(copy);
  return rc;
}

/* The shortest digits that read back as v: "d.ddde[+-]xx" in text. */
static void shortest(char *text, size_t size, double v)
{
  int digits;
  /* 15 to 17 figures: a decimal of 15 comes back as it was written, and 17 tell
     any double. */
  for (digits = 14; digits <= 16; digits++) {
    snprintf(text, size, "%.*e", digits, v);
    if (strtod(text, NULL) == v)
      return;
  }
}

/* Copies the digits of "d.ddde+xx" without trailing zeros, and gives the
   exponent. */
static int split(const char *text, char *digits, size_t *n)
{
  *n = 0;
  for (; *text != 'e'; text++)
    if (etoro_is_digit(*text))
      digits[(*n)++] = *text;
  while (*n > 1 && digits[*n - 1] == '0')
    (*n)--;
  return (int)strtol(text + 1, NULL, 10);
}

static size_t zeros(char *out, int n)
{
  if (n <= 0)
    return 0;
  memset(out, '0', (size_t)n);
  return (size_t)n;
}

/* Writes the digits with the point behind position exponent. */
static size_t place(char *out, const char *digits, size_t n, int exponent)
{
  char *at = out;
  size_t whole = exponent >= 0 ? (size_t)exponent + 1 : 0;
  if (!whole) {
    *at++ = '0';
    *at++ = '.';
    at += zeros(at, -exponent - 1);
    memcpy(at, digits, n);
    return (size_t)(at - out) + n;
  }
  if (n <= whole) {
    memcpy(at, digits, n);
    at += n;
    at += zeros(at, (int)(whole - n));
    return (size_t)(at - out);
  }
  memcpy(at, digits, whole);
  at[whole] = '.';
  memcpy(at + whole + 1, digits + whole, n - whole);
  return n + 1;
}

size_t etoro_decimal_shortest(char out[ETORO_DECIMAL_MAX], double v)
{
  char text[64];
  char digits[32];
  size_t n, len = 0;
  int exponent;
  struct etoro_plain locale;
  if (v == floor(v) && fabs(v) < TWO_TO_63)
    /* every digit: a reader may take it for an integer, to the last one */
    return etoro_decimal_fixed(out, v == 0 ? 0.0 : v, 0);
  if (!etoro_plain_enter(&locale))
    return 0;
  shortest(text, sizeof text, v);
  etoro_plain_leave(&locale);
  exponent = split(text, digits, &n);
  if (v < 0)
    out[len++] = '-';
  len += place(out + len, digits, n, exponent);
  if (fabs(v) >= TWO_TO_63) {
    /* a reader must not take it for an integer that it cannot hold */
    out[len++] = '.';
    out[len++] = '0';
  }
  return len;
}

static size_t write_as(char *out, const char *format, int digits, double v)
{
  struct etoro_plain locale;
  int n;
  if (!etoro_plain_enter(&locale))
    return 0;
  n = snprintf(out, ETORO_DECIMAL_MAX, format, digits, v);
  etoro_plain_leave(&locale);
  return (size_t)n;
}

size_t etoro_decimal_fixed(char out[ETORO_DECIMAL_MAX], double v, int digits)
{
  return write_as(out, "%.*f", digits, v);
}

size_t etoro_decimal_general(char out[ETORO_DECIMAL_MAX], double v, int digits)
{
  return write_as(out, "%.*g", digits, v);
}
