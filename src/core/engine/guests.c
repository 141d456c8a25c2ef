#include "core/engine/guests.h"

#include "core/limits.h"

void etoro_guests_add(struct etoro_guests *all, struct etoro_guest *g)
{
  g->next = NULL;
  g->prev = all->last;
  if (all->last)
    all->last->next = g;
  else
    all->first = g;
  all->last = g;
}

void etoro_guests_drop(struct etoro_guests *all, struct etoro_guest *g)
{
  if (g->prev)
    g->prev->next = g->next;
  else
    all->first = g->next;
  if (g->next)
    g->next->prev = g->prev;
  else
    all->last = g->prev;
  g->next = g->prev = NULL;
}

void etoro_guests_run(struct etoro_guests *all, double now)
{
  struct etoro_guest *g = all->first, *last = all->last, *next;
  size_t left = ETORO_GUESTS_WORK_MAX;
  for (; g; g = next) {
    next = g == last ? NULL : g->next;
    if (left) { /* it has its turn, and is the last to have the next one */
      etoro_guests_drop(all, g);
      etoro_guests_add(all, g);
    }
    g->run(g, now, &left);
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
