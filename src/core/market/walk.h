/* The sandbox's price line of one instrument: a walk that is a function of
   where it starts and of the time alone, so that any moment can be asked in
   any order. In C because a strategy asks for a thousand bars at once, each of
   them seven moments. Not shared between threads. */
#ifndef ETORO_WALK_H
#define ETORO_WALK_H

#include <stddef.h>
#include <stdint.h>

#define ETORO_WALK_WAVES 7
#define ETORO_WALK_DIGITS 5 /* behind the point of a price, at most */

/* The noise between two of a wave's points. */
struct etoro_wave {
  int64_t at; /* number of the first of them */
  double from, to;
  int known; /* of the two; the second is worked out when it is needed */
};

/* The middle price that holds from a moment on; 0 lets it walk again. */
struct etoro_pin {
  double at, price;
};

struct etoro_walk {
  int64_t start; /* 0 to 2147483646: which of all lines it is */
  double middle; /* that it walks around */
  double lively; /* how far */
  double spread; /* a fraction of the price */
  int digits;    /* behind the point of a price; see below */
  struct etoro_wave waves[ETORO_WALK_WAVES]; /* all zero at first */
  struct etoro_pin *pins;                    /* owned */
  size_t pin_count, pin_room;
};

/* Prices are whole numbers of steps; there are so many in 1. */
double etoro_walk_scale(const struct etoro_walk *l);

/* Bid and ask in steps at a time within ETORO_WALK_TIME_MAX. */
void etoro_walk_quote(struct etoro_walk *l, double t, double *bid,
                      double *ask);

/* Pins are given in the order of their times. ETORO_OK or ETORO_ENOMEM. */
int etoro_walk_pin(struct etoro_walk *l, double at, double price);

void etoro_walk_free(struct etoro_walk *l);

/* A number from -1 to 1 that looks random: point k of a wave. */
double etoro_walk_noise(int64_t start, int wave, int64_t k);

#endif
