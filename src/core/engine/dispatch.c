#include "core/engine/dispatch.h"

#include "core/engine/line.h"
#include "core/engine/rails.h"
#include "core/limits.h"

/* A pool is in the list from its first waiting job until a round finds it
   empty, so that pools in which nothing waits cost nothing. */
void etoro_dispatch_enqueue(struct etoro_dispatch *d, struct etoro_job *j,
                            int at_front)
{
  struct etoro_pool *p = j->pool;
  j->lined_at = d->rounds;
  if (at_front)
    etoro_line_push_front(&p->lines[j->priority], j);
  else
    etoro_line_push(&p->lines[j->priority], j);
  d->due = 0; /* at the next step */
  if (!p->is_queued) {
    p->is_queued = 1;
    p->next_queued = d->queued;
    d->queued = p;
  }
}

/* The pool stays in the list: the round that finds it empty unlinks it, and a
   round that stands in it now is not pulled away from under it. */
void etoro_dispatch_dequeue(struct etoro_job *j)
{
  etoro_line_unlink(&j->pool->lines[j->priority], j);
}

/* A cancel or a close must not wait behind slow reads for a connection: when a
   market falls, those are the calls that cannot wait. */
static int has_room(const struct etoro_job *j)
{
  int room = etoro_client_room(j->client);
  if (j->priority == ETORO_PRIORITY_EXIT)
    room += ETORO_EXIT_CONNECTIONS;
  return j->client->in_flight < room;
}

/* Takes a job out of its line, and for it what etoro_attempt_settle gives
   back: a place with its client and a slot of the pool. Held up is what a round
   has left in its line; time that nobody looked into it is not the line's. */
static void take_place(const struct etoro_dispatch *d, struct etoro_job *j,
                       double now)
{
  etoro_dispatch_dequeue(j);
  j->was_held_up = d->rounds - j->lined_at > 1;
  j->client->in_flight++;
  j->is_trial =
      j->priority == ETORO_PRIORITY_EXIT && etoro_pool_try(j->pool, now);
  etoro_pool_start(j->pool, now);
}

/* Goes on through the line at hand, in order. Jobs of a client that cannot
   send now are passed over, within reason: another client may share the pool.
   *wait: seconds after which the pool has room, where that ends it. */
static enum etoro_turn look_along(const struct etoro_dispatch *d,
                                  struct etoro_round *r,
                                  struct etoro_job **out, double *wait)
{
  struct etoro_job *j;
  *wait = 0;
  while ((j = r->next) != NULL && r->passed < ETORO_PASSED_MAX) {
    enum etoro_code stop = etoro_rails_check(j);
    *out = j;
    r->next = j->next; /* before the engine lets go of the job */
    if (stop) {
      j->code = stop;
      etoro_dispatch_dequeue(j);
      return ETORO_TURN_STOP;
    }
    if (etoro_client_lacks_token(j->client, r->now)) {
      r->passed++;
      return ETORO_TURN_TOKEN;
    }
    if (!has_room(j)) { /* its client's next reply makes a new round */
      r->passed++;
      continue;
    }
    *wait = etoro_pool_wait(*r->at, j->priority, r->now);
    if (*wait != 0)
      return ETORO_TURN_NONE;
    take_place(d, j, r->now);
    return ETORO_TURN_GO;
  }
  return ETORO_TURN_NONE;
}

/* Each line has its own count of those passed over: a long line of jobs that
   cannot go must not hide the next one. */
static void enter_line(struct etoro_round *r, int priority)
{
  r->priority = priority;
  r->next = (*r->at)->lines[priority].first;
  r->passed = 0;
}

/* The lines of the pool at hand, the most pressing first. A line that has to
   wait for room ends the pool's turn: what is less pressing would take the
   place that it waits for. */
static enum etoro_turn look_in_pool(struct etoro_dispatch *d,
                                    struct etoro_round *r,
                                    struct etoro_job **out)
{
  for (;;) {
    double wait;
    enum etoro_turn turn = look_along(d, r, out, &wait);
    if (turn != ETORO_TURN_NONE)
      return turn;
    if (wait > 0 && (d->due < 0 || r->now + wait < d->due))
      d->due = r->now + wait;
    if (wait != 0 || r->priority + 1 == ETORO_PRIORITIES)
      return ETORO_TURN_NONE; /* what comes behind needs more room still */
    enter_line(r, r->priority + 1);
  }
}

static int is_empty(const struct etoro_pool *p)
{
  int i;
  for (i = 0; i < ETORO_PRIORITIES; i++)
    if (p->lines[i].first)
      return 0;
  return 1;
}

/* On to the next pool; one in which nothing waits any more is unlinked. */
static void leave_pool(struct etoro_round *r)
{
  struct etoro_pool *p = *r->at;
  if (is_empty(p)) {
    *r->at = p->next_queued;
    p->next_queued = NULL;
    p->is_queued = 0;
  } else
    r->at = &p->next_queued;
  if (*r->at)
    enter_line(r, 0);
}

/* What is due is found anew in each round: pools that are full say when they
   have room, the others need a reply or a token to move on. */
void etoro_dispatch_begin(struct etoro_dispatch *d, struct etoro_round *r,
                          double now)
{
  r->now = now;
  r->at = &d->queued;
  d->due = -1;
  d->rounds++;
  if (*r->at)
    enter_line(r, 0);
}

/* One job at a time, and the engine acts on it before it asks for the next:
   what it does changes rooms and lines, and this looks at them as they are. */
enum etoro_turn etoro_dispatch_next(struct etoro_dispatch *d,
                                    struct etoro_round *r,
                                    struct etoro_job **j)
{
  while (*r->at) {
    enum etoro_turn turn = look_in_pool(d, r, j);
    if (turn != ETORO_TURN_NONE)
      return turn;
    leave_pool(r);
  }
  return ETORO_TURN_NONE;
}
