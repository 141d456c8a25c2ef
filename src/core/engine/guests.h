/* What lives in an engine's loop beside its jobs: it is run in each step, may
   ask for a moment, and has news that the engine's descriptor shows to who
   awaits it. All of them share the work that a step may do, so that a step is
   short however many there are. The engine knows no more of them. */
#ifndef ETORO_GUESTS_H
#define ETORO_GUESTS_H

#include <stddef.h>
#include <stdint.h>

struct etoro_guest {
  struct etoro_guest *next, *prev;
  /* May leave; never waits. Takes what it has done from *left, where 0 is no
     more; finds 0 there when it may only do what is not work: look at its time,
     and send. */
  void (*run)(struct etoro_guest *g, double now, size_t *left);
  void (*end)(struct etoro_guest *g); /* the engine goes; it has left */
  double due;       /* when it is to be run at the latest; -1: never */
  int has_news;
  int is_awaited;   /* until its news are told, once */
  int64_t watch_id; /* that they are told by; 0: none */
};

struct etoro_guests {
  struct etoro_guest *first, *last; /* first: whose turn it is */
};

void etoro_guests_add(struct etoro_guests *all, struct etoro_guest *g);
void etoro_guests_drop(struct etoro_guests *all, struct etoro_guest *g);

/* Runs each; those that found no work left are the first to be run the next
   time. */
void etoro_guests_run(struct etoro_guests *all, double now);
void etoro_guests_end(struct etoro_guests *all);

/* When the first of them is due; -1 for never. */
double etoro_guests_due(const struct etoro_guests *all);

/* 1 when one that is awaited has news. */
int etoro_guests_have_news(const struct etoro_guests *all);

/* The id of one that has, which is awaited no longer; 0 when there is none. */
int64_t etoro_guests_next(struct etoro_guests *all);

#endif
