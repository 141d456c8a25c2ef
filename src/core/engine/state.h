/* What the files of the engine share; nobody else includes it. */
#ifndef ETORO_ENGINE_STATE_H
#define ETORO_ENGINE_STATE_H

#include "core/engine/engine.h"
#include "core/net/fork.h"
#include "core/engine/timers.h"
#include "core/net/wake.h"
#include "core/engine/wire.h"

struct etoro_engine {
  struct etoro_wire *wire;         /* NULL with a manual wire */
  struct etoro_timers timers;      /* every job that is not done */
  struct etoro_account *accounts;  /* whose budgets are kept; one holder */
  struct etoro_pool *queued;       /* pools that have jobs waiting */
  double pools_due;                /* when one of them has room; -1 unknown */
  struct etoro_line outbox;        /* manual wire: not taken yet */
  struct etoro_line recording;     /* their intents are not on disk yet */
  struct etoro_wake bell;          /* rung when one of these is */
  struct etoro_line done;          /* watched by number, and not told yet */
  size_t untaken;                  /* watched jobs whose outcome is unread */
  struct etoro_poller *poller;     /* NULL until somebody asks for it */
  double alarm_at;                 /* the caller's own timer; -1: none */
  double armed_at;                 /* what the poller's is set to; -1: off */
  struct etoro_events events;
  etoro_random_fn *random;
  void *random_context;
  int is_manual;
  double manual_now;
  double unix_start;               /* Unix time when the clock showed 0 */
  struct etoro_stats stats;
  size_t finished;
  int has_news;                    /* a job has begun to wait for a token */
  struct etoro_fork owner;         /* the process whose sockets these are */
  int may_signal;                  /* SIGPIPE, of a client's TLS */
  size_t nentropy;                 /* bytes of it not given out yet */
  unsigned char entropy[512];
};

/* attempt.c: how an attempt ended, and what follows. */

/* Ends the attempt of a job that is off the wire: with a resend, or with the
   end of the job. */
void etoro_attempt_end(struct etoro_engine *e, struct etoro_job *j);

/* Takes an attempt off the wire before it ended by itself. */
void etoro_attempt_land(struct etoro_engine *e, struct etoro_job *j);

/* Gives back what an attempt held: its place on the wire, and its slot in
   the pool as its reply says. */
void etoro_attempt_settle(struct etoro_engine *e, struct etoro_job *j);

/* Ends a job that is not under way; it may be gone afterwards. */
void etoro_attempt_finish(struct etoro_engine *e, struct etoro_job *j);

/* dispatch.c: jobs that wait, and how they get onto the wire. */

void etoro_dispatch_enqueue(struct etoro_engine *e, struct etoro_job *j,
                            int at_front);
void etoro_dispatch_dequeue(struct etoro_job *j);

/* Sends all that may be sent now. */
void etoro_dispatch(struct etoro_engine *e);

/* Sends those whose intents are on disk by now. */
void etoro_dispatch_recorded(struct etoro_engine *e);

/* Takes a job off that wait, and gives its place back. */
void etoro_dispatch_unrecord(struct etoro_engine *e, struct etoro_job *j);

/* Puts a job at the end of a line, or takes it out. */
void etoro_dispatch_push(struct etoro_line *l, struct etoro_job *j);
void etoro_dispatch_unlink(struct etoro_line *l, struct etoro_job *j);

/* engine.c: for both of them. */

void etoro_engine_tell(struct etoro_engine *e, enum etoro_event_kind kind,
                       struct etoro_job *j, double wait);

/* A job is in the heap from submit to done, so this cannot fail. */
void etoro_engine_set_timer(struct etoro_engine *e, struct etoro_job *j,
                            double at);

#endif
