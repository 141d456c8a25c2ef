#include "core/market/bars.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define LOOKS 6 /* into a bar, for its high and low */

void etoro_bar_make(struct etoro_bar *bar, struct etoro_walk *l, double from,
                    double to)
{
  double bid = 0, ask;
  int i;
  etoro_walk_quote(l, from, &bar->open, &ask);
  bar->high = bar->low = bar->open;
  for (i = 1; i <= LOOKS; i++) {
    /* the last look is the end itself, which need not be a whole sixth */
    etoro_walk_quote(l, i == LOOKS ? to : from + (to - from) * i / LOOKS, &bid,
                     &ask);
    if (bid > bar->high)
      bar->high = bid;
    if (bid < bar->low)
      bar->low = bid;
  }
  bar->close = bid;
}

#define PRICE_ROOM 32

/* A price in its shortest form, without zeros at its end; gives where in the
   room it begins. */
static const char *price_text(char room[PRICE_ROOM], double steps, int digits)
{
  uint64_t left = (uint64_t)steps;
  char *at = room + PRICE_ROOM - 1;
  int i, has_digits = 0;
  *at = '\0';
  for (i = 0; i < digits; i++, left /= 10) {
    has_digits |= left % 10 != 0;
    if (has_digits)
      *--at = (char)('0' + left % 10);
  }
  if (has_digits)
    *--at = '.';
  do
    *--at = (char)('0' + left % 10);
  while (left /= 10);
  return at;
}

size_t etoro_bar_write(char out[ETORO_BAR_ROOM], const struct etoro_bar *bar,
                       const struct etoro_walk *l, int64_t from, int64_t id,
                       int64_t volume)
{
  char close[PRICE_ROOM], high[PRICE_ROOM], low[PRICE_ROOM], open[PRICE_ROOM];
  char sold[24] = "null";
  time_t seconds = (time_t)from;
  struct tm utc;
  int n;
  if (!gmtime_r(&seconds, &utc))
    return 0;
  if (volume >= 0)
    snprintf(sold, sizeof sold, "%" PRId64, volume);
  n = snprintf(out, ETORO_BAR_ROOM,
               "{\"close\":%s,\"fromDate\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\","
               "\"high\":%s,\"instrumentID\":%" PRId64 ",\"low\":%s,"
               "\"open\":%s,\"volume\":%s}",
               price_text(close, bar->close, l->digits), utc.tm_year + 1900,
               utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
               utc.tm_sec, price_text(high, bar->high, l->digits), id,
               price_text(low, bar->low, l->digits),
               price_text(open, bar->open, l->digits), sold);
  return n > 0 && n < ETORO_BAR_ROOM ? (size_t)n : 0;
}
