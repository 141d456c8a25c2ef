/* Budgets: how many requests may go out in a rolling window, by pool of
   operations, for one account (an origin and a key). All clients of that
   account share them. A slot frees one window after its reply, so that the
   server's own window, whenever it opened, is never overrun. Reads no clock. */
#ifndef ETORO_QUOTA_H
#define ETORO_QUOTA_H

#include <stddef.h>

#include "core/net/headers.h"
#include "core/bytes/secret.h"
#include "core/net/uri.h"
#include "core/limits.h"

struct etoro_job;

#define ETORO_PRIORITY_LIST(X) \
  X(EXIT, "exit")   /* cancel and close: may use the reserve too */ \
  X(ORDER, "order") \
  X(READ, "read")

#define ETORO_PRIORITY_NAME(name, text) ETORO_PRIORITY_##name,
enum etoro_priority {
  ETORO_PRIORITY_LIST(ETORO_PRIORITY_NAME) ETORO_PRIORITIES
};

/* What is known of a pool before any reply. */
struct etoro_pool_rule {
  char name[ETORO_POOL_NAME_MAX];
  int limit;       /* requests a window; 0: no budget */
  int reserve;     /* of these, for ETORO_PRIORITY_EXIT alone */
  double window;   /* seconds */
  int most;        /* no reply raises the limit above this; 0: any may */
  int is_paced;    /* requests but exits are spread over the window */
};

/* A queue of jobs, which line.h fills and empties. */
struct etoro_line {
  struct etoro_job *first;
  struct etoro_job *last;
};

struct etoro_pool {
  struct etoro_pool *next;         /* of the account */
  struct etoro_pool *next_queued;  /* in the engine's list */
  int is_queued;
  struct etoro_pool_rule rule;     /* as corrected by replies */
  int given;                       /* the limit as it was set up */
  int is_told;                     /* the limit is what replies say */
  int is_learned;                  /* the limit was found by meeting it */
  double forget_at;                /* when what was learned may be outdated */
  int in_flight;
  double paced_until;              /* when the next one's turn is */
  double paused_until;
  double shut_until;               /* a 429 may hold calls up until then */
  double try_at;                   /* when an exit may go out all the same */
  double try_gap;                  /* and how long after it the next one */
  double *frees;                   /* owned; when used slots come free */
  size_t count;                    /* ascending */
  size_t cap;
  size_t first;                    /* frees[first] is the next */
  struct etoro_line lines[ETORO_PRIORITIES];
};

struct etoro_account {
  unsigned refs;
  struct etoro_account *next;      /* in the engine's list */
  char origin[ETORO_ORIGIN_MAX];
  struct etoro_secret *key;        /* one holder; NULL: nobody else's */
  struct etoro_pool *pools;
  struct etoro_pool *found;        /* what was asked for last; NULL: none */
};

int etoro_account_new(struct etoro_account **out, const char *origin,
                      struct etoro_secret *key);
void etoro_account_free(struct etoro_account *a); /* takes NULL */

/* 1 when a client with that origin and key is of this account. */
int etoro_account_is(const struct etoro_account *a, const char *origin,
                     const struct etoro_secret *key);

/* The pool of that name, made when there is none; NULL without memory. A
   pool that is there keeps the stricter of the two rules, and a limit that
   replies told. */
struct etoro_pool *etoro_account_pool(struct etoro_account *a,
                                      const struct etoro_pool_rule *rule);

/* The pool of that name, else the one called "default"; NULL without memory. */
struct etoro_pool *etoro_account_find(struct etoro_account *a,
                                      const char *name);

/* 1 when nothing waits in its pools, and no slot of theirs is used. */
int etoro_account_is_idle(struct etoro_account *a, double now);

/* Seconds until a request may start; 0 for now, -1 when only a reply can
   tell. What a 429 has shut holds an exit up for a shorter time: it is tried
   at once, then after growing gaps, see etoro_pool_try. */
double etoro_pool_wait(struct etoro_pool *p, enum etoro_priority priority,
                       double now);

/* An exit that may start is about to, or has met the 429 itself: 1 when that
   is a try, after which the next one is some time off: ETORO_POOL_GAP_FIRST,
   doubled with each try up to ETORO_POOL_GAP_MAX. An answer that is no refusal
   begins anew: the next one may go at once. */
int etoro_pool_try(struct etoro_pool *p, double now);

/* A request goes out now; one that is under way has ended without having reached
   the server. */
void etoro_pool_start(struct etoro_pool *p, double now);
void etoro_pool_unsent(struct etoro_pool *p);

/* A request has ended: with a reply and its limits, or without one (status 0,
   limits NULL). After a 429 the pool pauses for as long as the server says;
   where it says nothing, what was answered in this window is the limit for
   some time. Without memory a slot is used up for good less often, never
   more. */
void etoro_pool_end(struct etoro_pool *p, int status,
                    const struct etoro_limits *limits, double now);

/* Requests that could start now, without and with the reserve; and seconds
   until another slot comes free, -1 when none is used. For display. */
struct etoro_pool_view {
  int limit;
  int left;
  int reserve;
  double resets_in;
  double paused_for;
};

void etoro_pool_look(struct etoro_pool *p, double now,
                     struct etoro_pool_view *out);

#endif
