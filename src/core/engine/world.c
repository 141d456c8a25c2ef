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
