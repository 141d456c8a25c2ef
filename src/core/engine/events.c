#include "core/engine/events.h"

#include <stdlib.h>

#include "core/names.h"

const char *etoro_event_name(enum etoro_event_kind kind)
{
  static const char *const texts[] = { ETORO_EVENTS(ETORO_TEXT) };
  return texts[kind];
}

/* Room for one more: by growing, or by forgetting the oldest. */
static int make_room(struct etoro_events *r)
{
  struct etoro_event *ring;
  struct etoro_event old;
  size_t cap = r->cap ? 2 * r->cap : 32;
  size_t i;
  if (r->count < r->cap)
    return 1;
  ring = r->cap < ETORO_EVENTS_MAX ? malloc(cap * sizeof *ring) : NULL;
  if (!ring) {
    if (!etoro_events_take(r, &old))
      return 0;
    etoro_job_free(old.job);
    return 1;
  }
  for (i = 0; i < r->count; i++)
    ring[i] = r->ring[(r->first + i) % r->cap];
  free(r->ring);
  r->ring = ring;
  r->cap = cap;
  r->first = 0;
  return 1;
}

/* An event holds its job, so that whoever reads it late can still ask for the
   path and the sizes. That is why the ring has a ceiling: a program that asks
   for events and reads none would keep all its jobs. */
void etoro_events_add(struct etoro_events *r, const struct etoro_event *event)
{
  struct etoro_event *slot;
  if (!make_room(r))
    return;
  slot = &r->ring[(r->first + r->count++) % r->cap];
  *slot = *event;
  etoro_job_keep(slot->job);
}

int etoro_events_take(struct etoro_events *r, struct etoro_event *event)
{
  if (!r->count)
    return 0;
  *event = r->ring[r->first];
  r->first = (r->first + 1) % r->cap;
  r->count--;
  return 1;
}

void etoro_events_free(struct etoro_events *r)
{
  struct etoro_event event;
  while (etoro_events_take(r, &event))
    etoro_job_free(event.job);
  free(r->ring);
  r->ring = NULL;
  r->cap = 0;
}
