/* An engine's memory. Only the files that are the engine include this:
   engine.c, moves.c, accounts.c and manual.c. */
#ifndef ETORO_ENGINE_STATE_H
#define ETORO_ENGINE_STATE_H

#include "core/engine/dispatch.h"
#include "core/engine/events.h"
#include "core/engine/guests.h"
#include "core/engine/stats.h"
#include "core/engine/timers.h"
#include "core/engine/wire.h"
#include "core/engine/world.h"
#include "core/net/fork.h"
#include "core/net/wake.h"

struct etoro_engine {
  struct etoro_world world;
  struct etoro_wire *wire;         /* NULL with a manual wire */
  struct etoro_timers timers;      /* every job that is not done */
  struct etoro_account *accounts;  /* whose budgets are kept; one holder */
  struct etoro_dispatch dispatch;  /* those that wait for budget */
  struct etoro_line outbox;        /* manual wire: not taken yet */
  struct etoro_line recording;     /* their intents are not on disk yet */
  struct etoro_wake bell;          /* rung when one of these is */
  struct etoro_line done;          /* watched by number, and not told yet */
  size_t untaken;                  /* watched jobs whose outcome is unread */
  struct etoro_poller *poller;     /* NULL until somebody asks for it */
  double alarm_at;                 /* the caller's own timer; -1: none */
  double armed_at;                 /* what the poller's is set to; -1: off */
  struct etoro_guests guests;      /* streams */
  struct etoro_events events;
  struct etoro_stats stats;
  size_t finished;                 /* in the step under way */
  int has_news;                    /* a job has begun to wait for a token */
  struct etoro_fork owner;         /* the process whose sockets these are */
  int may_signal;                  /* SIGPIPE, of a client's TLS */
};

#endif
