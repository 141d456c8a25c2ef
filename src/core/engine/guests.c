#include "core/engine/guests.h"

#include <stddef.h>

void etoro_guests_add(struct etoro_guests *all, struct etoro_guest *g)
{
  g->prev = NULL;
  g->next = all->first;
  if (all->first)
    all->first->prev = g;
  all->first = g;
}

void etoro_guests_drop(struct etoro_guests *all, struct etoro_guest *g)
{
  if (g->prev)
    g->prev->next = g->next;
  else
    all->first = g->next;
  if (g->next)
    g->next->prev = g->prev;
  g->next = g->prev = NULL;
}

void etoro_guests_run(struct etoro_guests *all, double now)
{
  struct etoro_guest *g = all->first;
  while (g) {
    struct etoro_guest *next = g->next; /* it may leave */
    g->run(g, now);
    g = next;
  }
}

void etoro_guests_end(struct etoro_guests *all)
{
  while (all->first) {
    struct etoro_guest *g = all->first;
    etoro_guests_drop(all, g);
    g->end(g);
  }
}

double etoro_guests_due(const struct etoro_guests *all)
{
  const struct etoro_guest *g;
  double at = -1;
  for (g = all->first; g; g = g->next)
    if (g->due >= 0 && (at < 0 || g->due < at))
      at = g->due;
  return at;
}

static int tells(const struct etoro_guest *g)
{
  return g->has_news && g->is_awaited;
}

int etoro_guests_have_news(const struct etoro_guests *all)
{
  const struct etoro_guest *g;
  for (g = all->first; g; g = g->next)
    if (tells(g))
      return 1;
  return 0;
}

int64_t etoro_guests_next(struct etoro_guests *all)
{
  struct etoro_guest *g;
  for (g = all->first; g; g = g->next)
    if (tells(g) && g->watch_id) {
      g->is_awaited = 0;
      return g->watch_id;
    }
  return 0;
}
