#include "core/engine/timers.h"

#include <stdlib.h>

#include "core/engine/job.h"
#include "core/status.h"

/* Each job knows its own place, counted from 1 so that a job filled with zeros
   is in no heap: its timer is moved or dropped without a search. */
static void put(struct etoro_timers *t, size_t slot, struct etoro_job *j)
{
  t->heap[slot] = j;
  j->timer_slot = slot + 1;
}

/* A heap, since each call sets its timer two or three times and most are dropped
   before they are due: a sorted list would pay for an order that nobody reads.
   Ties keep no order: what is due at the same moment is run in one round. */

/* Moves the job at slot towards the top while it is due before its parent. */
static void rise(struct etoro_timers *t, size_t slot)
{
  struct etoro_job *j = t->heap[slot];
  while (slot) {
    size_t parent = (slot - 1) / 2;
    if (t->heap[parent]->timer_at <= j->timer_at)
      break;
    put(t, slot, t->heap[parent]);
    slot = parent;
  }
  put(t, slot, j);
}

/* Moves the job at slot down while one of its two children is due before. */
static void sink(struct etoro_timers *t, size_t slot)
{
  struct etoro_job *j = t->heap[slot];
  for (;;) {
    size_t child = 2 * slot + 1;
    if (child >= t->count)
      break;
    if (child + 1 < t->count
        && t->heap[child + 1]->timer_at < t->heap[child]->timer_at)
      child++;
    if (j->timer_at <= t->heap[child]->timer_at)
      break;
    put(t, slot, t->heap[child]);
    slot = child;
  }
  put(t, slot, j);
}

/* Never shrinks: a program that had many calls at once will have them again. */
static int grow(struct etoro_timers *t)
{
  size_t cap = t->cap ? 2 * t->cap : 64;
  struct etoro_job **heap = realloc(t->heap, cap * sizeof *heap);
  if (!heap)
    return ETORO_ENOMEM;
  t->heap = heap;
  t->cap = cap;
  return ETORO_OK;
}

/* A job has one timer, for whatever it waits for next: its deadline, the end of
   a backoff or of an attempt. So a later moment replaces the earlier one, and
   no timer of a state that is over can go off. */
int etoro_timers_set(struct etoro_timers *t, struct etoro_job *j, double at)
{
  if (j->timer_slot) { /* no room is needed, so this cannot fail */
    j->timer_at = at;
    rise(t, j->timer_slot - 1);
    sink(t, j->timer_slot - 1);
    return ETORO_OK;
  }
  if (t->count == t->cap && grow(t))
    return ETORO_ENOMEM;
  j->timer_at = at;
  put(t, t->count++, j);
  rise(t, t->count - 1);
  return ETORO_OK;
}

/* Cannot fail, and may be called for a job without a timer: a job ends on every
   path, also on those where memory has run out. */
void etoro_timers_drop(struct etoro_timers *t, struct etoro_job *j)
{
  size_t slot = j->timer_slot;
  struct etoro_job *last;
  if (!slot--)
    return;
  j->timer_slot = 0;
  last = t->heap[--t->count];
  if (last == j)
    return;
  /* the last one fills the gap; it comes from another branch, so that it may
     belong above this place as well as below it */
  put(t, slot, last);
  rise(t, slot);
  sink(t, last->timer_slot - 1);
}

struct etoro_job *etoro_timers_first(const struct etoro_timers *t)
{
  return t->count ? t->heap[0] : NULL;
}

/* The jobs belong to others; only the places are ours. */
void etoro_timers_free(struct etoro_timers *t)
{
  free(t->heap);
  t->heap = NULL;
  t->count = t->cap = 0;
}
