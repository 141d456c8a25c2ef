/* The moves of jobs from one state to another, from submit to done, and what
   each of them entails: timers, events, the journal. Nothing else changes a
   job's state. The engine holds every job until it is done, so a job may be
   gone behind a move that ends it. */
#ifndef ETORO_MOVES_H
#define ETORO_MOVES_H

#include "core/engine/state.h"

/* A new job, whose timer is set, begins to wait for its turn. */
void etoro_moves_submit(struct etoro_engine *e, struct etoro_job *j);

/* Does what can be done at this moment: what is due, intents that are on disk,
   and jobs whose turn it is. */
void etoro_moves_run(struct etoro_engine *e);

/* The attempt of a job that has left the wire is over, its code or status
   filled in: a resend is planned, or the job ends. */
void etoro_moves_landed(struct etoro_engine *e, struct etoro_job *j);

/* The same for one that is on the wire still, which it leaves. */
void etoro_moves_land(struct etoro_engine *e, struct etoro_job *j,
                      enum etoro_code code);

/* Ends a job that is not done, wherever it is. */
void etoro_moves_cancel(struct etoro_engine *e, struct etoro_job *j,
                        enum etoro_code code);

/* Ends all jobs in a child process, where they can only be looked at: nothing
   is told, freed or given back, since all of it is the parent's. */
void etoro_moves_abandon(struct etoro_engine *e);

#endif
