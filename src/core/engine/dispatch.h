/* The lines of jobs that wait for budget, one for each pool and priority, and
   whose turn it is. Sends nothing and moves no job to another state: it says
   what may happen to the next job, and the engine does it. */
#ifndef ETORO_DISPATCH_H
#define ETORO_DISPATCH_H

#include "core/engine/job.h"

struct etoro_dispatch {
  struct etoro_pool *queued;  /* pools that have jobs waiting */
  double due;                 /* when one of them has room: 0 at the next
                                 round, -1 unknown */
  uint64_t rounds;            /* looks through the lines so far */
};

/* Puts a job in its pool's line, and takes it out again. */
void etoro_dispatch_enqueue(struct etoro_dispatch *d, struct etoro_job *j,
                            int at_front);
void etoro_dispatch_dequeue(struct etoro_job *j);

enum etoro_turn {
  ETORO_TURN_NONE,   /* the round is over */
  ETORO_TURN_GO,     /* may go out; has left its line and has its place */
  ETORO_TURN_TOKEN,  /* needs a token first; stays in its line */
  ETORO_TURN_STOP    /* a guard rail, its code, stops it; has left its line */
};

/* One look through all lines. */
struct etoro_round {
  double now;
  struct etoro_pool **at;       /* where the pool at hand is linked */
  int priority;                 /* of the line at hand */
  struct etoro_job *next;       /* to be looked at in it */
  int passed;                   /* jobs of it that cannot go now */
};

void etoro_dispatch_begin(struct etoro_dispatch *d, struct etoro_round *r,
                          double now);

/* The next job that something happens to. Until the round is over nobody else
   may put a job in a line or take one out. */
enum etoro_turn etoro_dispatch_next(struct etoro_dispatch *d,
                                    struct etoro_round *r,
                                    struct etoro_job **j);

#endif
