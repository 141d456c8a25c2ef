#include "core/market/bars.h"

#include <string.h>
#include <time.h>

#define LOOKS 6 /* into a bar, for its high and low */

static void take_in(struct etoro_bar *bar, double bid)
{
  if (bid > bar->high)
    bar->high = bid;
  if (bid < bar->low)
    bar->low = bid;
}

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
    take_in(bar, bid);
  }
  bar->close = bid;
}

void etoro_bar_form(struct etoro_bar *bar, struct etoro_walk *l, double from,
                    double to)
{
  struct etoro_bar whole;
  double bid, ask;
  int i;
  etoro_bar_make(&whole, l, from, from + ETORO_BAR_MINUTE);
  etoro_walk_quote(l, to, &bid, &ask);
  bid = bid < whole.low ? whole.low : bid > whole.high ? whole.high : bid;
  *bar = whole;
  bar->high = bar->low = whole.open;
  bar->close = bid;
  take_in(bar, bid);
  for (i = 1; i < LOOKS; i++) {
    double at = from + (double)ETORO_BAR_MINUTE * i / LOOKS;
    if (at > to)
      break;
    etoro_walk_quote(l, at, &bid, &ask);
    take_in(bar, bid);
  }
}

static char *put(char *at, const char *text)
{
  size_t n = strlen(text);
  memcpy(at, text, n);
  return at + n;
}

/* At least so many digits, with zeros in front. */
static char *put_digits(char *at, uint64_t v, int least)
{
  char room[24];
  char *from = room + sizeof room;
  for (; v || least > 0; v /= 10, least--)
    *--from = (char)('0' + v % 10);
  memcpy(at, from, (size_t)(room + sizeof room - from));
  return at + (room + sizeof room - from);
}

/* In its shortest form, without zeros at its end. */
static char *put_price(char *at, double steps, const struct etoro_walk *w)
{
  uint64_t scale = (uint64_t)etoro_walk_scale(w);
  uint64_t rest = (uint64_t)steps % scale;
  int digits = w->digits;
  at = put_digits(at, (uint64_t)steps / scale, 1);
  if (!rest)
    return at;
  for (; rest % 10 == 0; rest /= 10)
    digits--;
  *at++ = '.';
  return put_digits(at, rest, digits);
}

static char *put_date(char *at, const struct tm *utc)
{
  at = put_digits(at, (uint64_t)(utc->tm_year + 1900), 4);
  *at++ = '-';
  at = put_digits(at, (uint64_t)utc->tm_mon + 1, 2);
  *at++ = '-';
  at = put_digits(at, (uint64_t)utc->tm_mday, 2);
  *at++ = 'T';
  at = put_digits(at, (uint64_t)utc->tm_hour, 2);
  *at++ = ':';
  at = put_digits(at, (uint64_t)utc->tm_min, 2);
  *at++ = ':';
  at = put_digits(at, (uint64_t)utc->tm_sec, 2);
  return put(at, "Z");
}

size_t etoro_bar_write(char out[ETORO_BAR_ROOM], const struct etoro_bar *bar,
                       const struct etoro_walk *w, int64_t from, uint64_t id,
                       int64_t volume)
{
  time_t seconds = (time_t)from;
  struct tm utc;
  char *at = out;
  if (!gmtime_r(&seconds, &utc) || utc.tm_year < -1900)
    return 0;
  at = put_price(put(at, "{\"close\":"), bar->close, w);
  at = put_date(put(at, ",\"fromDate\":\""), &utc);
  at = put_price(put(at, "\",\"high\":"), bar->high, w);
  at = put_digits(put(at, ",\"instrumentID\":"), id, 1);
  at = put_price(put(at, ",\"low\":"), bar->low, w);
  at = put_price(put(at, ",\"open\":"), bar->open, w);
  at = put(at, ",\"volume\":");
  at = volume < 0 ? put(at, "null") : put_digits(at, (uint64_t)volume, 1);
  return (size_t)(put(at, "}") - out);
}
