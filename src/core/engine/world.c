#include "core/engine/world.h"

#include <string.h>
#include <time.h>

#include "core/status.h"

static double read_clock(clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Deadlines and budgets go by this one: somebody who sets the system's time
   must neither end all calls nor open all budgets at once. */
double etoro_world_now(const struct etoro_world *w)
{
  return w->is_manual ? w->manual_now : read_clock(CLOCK_MONOTONIC);
}

double etoro_world_unix(const struct etoro_world *w)
{
  return w->is_manual ? w->unix_start + w->manual_now
                      : read_clock(CLOCK_REALTIME);
}

/* splitmix64: every seed, 0 as well, begins another series. */
static uint64_t next_word(uint64_t *seed)
{
  uint64_t word = *seed += UINT64_C(0x9e3779b97f4a7c15);
  word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
  return word ^ (word >> 31);
}

int etoro_world_seeded(void *context, void *out, size_t n)
{
  unsigned char *bytes = out;
  size_t i;
  uint64_t word = 0;
  for (i = 0; i < n; i++, word >>= 8) {
    if (i % 8 == 0)
      word = next_word(context);
    bytes[i] = (unsigned char)(word & 0xff);
  }
  return ETORO_OK;
}

/* A system call for each id would cost more than all else about it. A child
   process has a copy of what is left, and cannot give out the same ids with
   it: its engine takes no jobs. */
int etoro_world_random(void *world, void *out, size_t n)
{
  struct etoro_world *w = world;
  if (n > sizeof w->stored)
    return ETORO_ERANDOM;
  if (n > w->nstored) {
    int rc = w->random(w->random_context, w->stored, sizeof w->stored);
    if (rc)
      return rc;
    w->nstored = sizeof w->stored;
  }
  w->nstored -= n;
  memcpy(out, w->stored + w->nstored, n);
  return ETORO_OK;
}

/* A source that fails costs only the jitter. */
double etoro_world_chance(const struct etoro_world *w)
{
  unsigned char bytes[4];
  if (w->random(w->random_context, bytes, sizeof bytes))
    return 0.5;
  return ((bytes[0] * 256.0 + bytes[1]) * 256.0 + bytes[2]) / 16777216.0;
}
