#include "core/market/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/status.h"

/* The same prices wherever it is built: gcc does so by -std=c11. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define PRIME INT64_C(2147483647)

/* Seconds from point to point, from moments to a year, and how high. */
static const struct {
  double period, height;
} waves[ETORO_WALK_WAVES] = {
  { 4, 0.0004 },    { 60, 0.001 },     { 900, 0.003 },    { 14400, 0.008 },
  { 259200, 0.02 }, { 2592000, 0.06 }, { 31536000, 0.2 },
};

/* The squares break the pattern that plain multiplication leaves. */
double etoro_walk_noise(int64_t start, int wave, int64_t k)
{
  int64_t h = (start + wave * INT64_C(1299709) + k * 7919) % PRIME;
  int i;
  if (h < 0)
    h += PRIME;
  for (i = 0; i < 3; i++) {
    h = (h * 48271 + 11) % PRIME;
    h = (h * (h % 65536 + 1)) % PRIME;
  }
  return (double)h / (double)PRIME * 2 - 1;
}

static double wave_at(struct etoro_walk *l, int i, double t)
{
  struct etoro_wave *w = &l->waves[i];
  double at = t / waves[i].period, first = floor(at), x = at - first;
  int64_t k = (int64_t)first;
  if (!w->known || w->at != k) {
    w->from = etoro_walk_noise(l->start, i + 1, k);
    w->at = k;
    w->known = 1;
  }
  if (x == 0) /* bars often begin where waves do */
    return w->from;
  if (w->known < 2) {
    w->to = etoro_walk_noise(l->start, i + 1, k + 1);
    w->known = 2;
  }
  return w->from + (w->to - w->from) * x * x * (3 - 2 * x);
}

static double walk(struct etoro_walk *l, double t)
{
  double sum = 0;
  int i;
  for (i = 0; i < ETORO_WALK_WAVES; i++)
    sum = sum + waves[i].height * wave_at(l, i, t);
  return l->middle * exp(l->lively * sum);
}

/* The price that was pinned down at that time; 0 for none. */
static double pinned(const struct etoro_walk *l, double t)
{
  size_t i;
  for (i = l->pin_count; i > 0; i--)
    if (l->pins[i - 1].at <= t)
      return l->pins[i - 1].price;
  return 0;
}

double etoro_walk_scale(const struct etoro_walk *l)
{
  static const double scales[ETORO_WALK_DIGITS + 1] = { 1,   1e1, 1e2,
                                                        1e3, 1e4, 1e5 };
  return scales[l->digits];
}

void etoro_walk_quote(struct etoro_walk *l, double t, double *bid, double *ask)
{
  double scale = etoro_walk_scale(l), middle = pinned(l, t), half;
  if (middle == 0)
    middle = walk(l, t);
  half = middle * l->spread / 2;
  *bid = floor((middle - half) * scale + 0.5);
  *ask = floor((middle + half) * scale + 0.5);
  if (*bid < 1)
    *bid = 1;
  if (*ask <= *bid)
    *ask = *bid + 1;
}

int etoro_walk_pin(struct etoro_walk *l, double at, double price)
{
  if (l->pin_count == ETORO_WALK_PINS_MAX) {
    l->pin_count--;
    memmove(l->pins, l->pins + 1, l->pin_count * sizeof *l->pins);
  } else if (l->pin_count == l->pin_room) {
    size_t room = l->pin_room ? l->pin_room * 2 : 4;
    struct etoro_pin *grown = realloc(l->pins, room * sizeof *grown);
    if (!grown)
      return ETORO_ENOMEM;
    l->pins = grown;
    l->pin_room = room;
  }
  l->pins[l->pin_count].at = at;
  l->pins[l->pin_count++].price = price;
  return ETORO_OK;
}

void etoro_walk_free(struct etoro_walk *l)
{
  free(l->pins);
  l->pins = NULL;
  l->pin_count = l->pin_room = 0;
}
