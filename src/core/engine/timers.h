/* A binary heap of jobs by the moment that concerns each next. */
#ifndef ETORO_TIMERS_H
#define ETORO_TIMERS_H

#include <stddef.h>

struct etoro_job;

struct etoro_timers {
  struct etoro_job **heap; /* owned; not the jobs */
  size_t count;
  size_t cap;
};

/* Sets or moves a job's timer. ETORO_ENOMEM only for a job not in the heap
   yet. */
int etoro_timers_set(struct etoro_timers *t, struct etoro_job *j, double at);

/* Takes a job out; nothing happens when it is not in. */
void etoro_timers_drop(struct etoro_timers *t, struct etoro_job *j);

/* The job whose moment comes first, or NULL. */
struct etoro_job *etoro_timers_first(const struct etoro_timers *t);

void etoro_timers_free(struct etoro_timers *t);

#endif
