/* Bars of a price line, as the API writes them: bid prices, each bar ending
   with the price that the next one begins with. */
#ifndef ETORO_BARS_H
#define ETORO_BARS_H

#include <stddef.h>
#include <stdint.h>

#include "core/market/walk.h"

#define ETORO_BAR_MINUTE 60 /* seconds */
#define ETORO_BAR_ROOM 400 /* bytes; no bar has so many */

/* Prices in steps of the line. */
struct etoro_bar {
  double open, close, high, low;
};

/* The bar between two times. */
void etoro_bar_make(struct etoro_bar *bar, struct etoro_walk *l, double from,
                    double to);

/* The bar of a minute that is not over at `to`: what it shows by then of the
   looks that the whole one is made of, for so its ticks tell it. */
void etoro_bar_form(struct etoro_bar *bar, struct etoro_walk *l, double from,
                    double to);

/* Writes a bar that begins at from as a JSON object; a volume below 0 is null.
   Gives the length; 0 when no calendar has that time. */
size_t etoro_bar_write(char out[ETORO_BAR_ROOM], const struct etoro_bar *bar,
                       const struct etoro_walk *w, int64_t from, uint64_t id,
                       int64_t volume);

#endif
