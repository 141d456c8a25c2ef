/* One attempt of a job: how it ended, and what should follow. Looks at the
   job, its client and its pool alone, and notes there what it learned; knows
   no line, no timer and no state. The engine does what the verdict says. */
#ifndef ETORO_ATTEMPT_H
#define ETORO_ATTEMPT_H

#include "core/engine/job.h"
#include "core/engine/world.h"

/* Makes a job ready for an attempt that begins now: nothing of the one before
   may show in the outcome of this one. */
void etoro_attempt_begin(struct etoro_job *j, double now);

/* Gives back what an attempt held: its place on the wire, and its slot in the
   pool as its reply says. Once for each attempt that was given a place, also
   one that never began. */
void etoro_attempt_settle(struct etoro_job *j,
                          const struct etoro_world *world);

enum etoro_next {
  ETORO_NEXT_END,    /* the job is done as it stands */
  ETORO_NEXT_WAIT,   /* another attempt after a wait */
  ETORO_NEXT_TOKEN   /* another one as soon as there is a new token */
};

struct etoro_sequel {
  enum etoro_next next;
  double wait;       /* of ETORO_NEXT_WAIT: seconds; else 0 */
  double at;         /* and when that is over, on the world's clock */
};

/* What follows an attempt that is settled. */
struct etoro_sequel etoro_attempt_judge(struct etoro_job *j,
                                        const struct etoro_world *world);

/* 1 when a write that goes out behind a newer one would undo it: both set the
   state of the same thing. */
int etoro_attempt_undoes(const struct etoro_job *older,
                         const struct etoro_job *newer);

/* 1 when an earlier attempt leaves it open what became of a write that ends
   now. */
int etoro_attempt_leaves_doubt(const struct etoro_job *j);

#endif
