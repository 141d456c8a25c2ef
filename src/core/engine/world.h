/* What an engine takes from outside: the time, and random bytes. Both can be
   replaced, so that a test decides what they are. */
#ifndef ETORO_WORLD_H
#define ETORO_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes/ids.h"

struct etoro_world {
  int is_manual;           /* time moves only when it is told to */
  double manual_now;
  double unix_start;       /* Unix time when a manual clock showed 0 */
  etoro_random_fn *random;
  void *random_context;
  uint64_t seed;           /* what etoro_world_seeded goes by */
  size_t nstored;          /* bytes of stored not given out yet */
  unsigned char stored[512];
};

/* Seconds on a clock that is never set back, and as Unix time. */
double etoro_world_now(const struct etoro_world *w);
double etoro_world_unix(const struct etoro_world *w);

/* An etoro_random_fn whose bytes follow from the seed at context. For a world
   that nobody else meets: what somebody may guess is no secret. */
int etoro_world_seeded(void *context, void *out, size_t n);

/* An etoro_random_fn over a world, for ids: buys many bytes at a time. */
int etoro_world_random(void *world, void *out, size_t n);

/* A random number in [0, 1). */
double etoro_world_chance(const struct etoro_world *w);

#endif
