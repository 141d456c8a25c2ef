#include "core/engine/engine.h"

#include <stdlib.h>

#include "core/engine/attempt.h"
#include "core/engine/line.h"
#include "core/engine/moves.h"
#include "core/engine/rails.h"
#include "core/engine/state.h"
#include "core/net/sigpipe.h"
#include "core/status.h"

double etoro_engine_now(const struct etoro_engine *e)
{
  return etoro_world_now(&e->world);
}

double etoro_engine_unix(const struct etoro_engine *e)
{
  return etoro_world_unix(&e->world);
}

/* Clock and entropy come in from outside, so that a test replays the same
   backoffs and ids, and a box runs under a clock of its own. */
static void set_world(struct etoro_world *w,
                      const struct etoro_engine_options *options)
{
  w->is_manual = options->is_manual;
  w->unix_start = options->now;
  w->random = options->random ? options->random : etoro_random_system;
  w->random_context = options->random_context;
  if (options->seed) {
    w->seed = *options->seed;
    w->random = etoro_world_seeded;
    w->random_context = &w->seed;
  }
}

/* On failure the free takes what is there: all that is not yet is NULL or
   below 0. */
int etoro_engine_open(struct etoro_engine **out,
                      const struct etoro_engine_options *options)
{
  struct etoro_engine *e = calloc(1, sizeof *e);
  int rc = ETORO_OK;
  *out = NULL;
  if (!e)
    return ETORO_ENOMEM;
  set_world(&e->world, options);
  etoro_fork_mark(&e->owner);
  e->alarm_at = e->dispatch.due = e->armed_at = -1;
  e->bell.in = e->bell.out = -1; /* open when the first intent is there */
  if (!options->is_manual)
    rc = etoro_wire_open(&e->wire);
  if (rc) {
    etoro_engine_free(e);
    return rc;
  }
  *out = e;
  return ETORO_OK;
}

/* Asked at each door: a fork is seen by nothing but the process id, and a child
   that wrote to its parent's sockets would mix two streams of TLS. */
int etoro_engine_is_foreign(const struct etoro_engine *e)
{
  return etoro_fork_happened(&e->owner);
}

/* Of two moments; below 0 stands for never. */
static double earlier(double a, double b)
{
  if (a < 0)
    return b;
  return b < 0 || a < b ? a : b;
}

/* When the engine itself is due; -1 for never. A caller's alarm is left out: it
   wakes the caller, and there is nothing to do for the engine then. */
static double due_at(const struct etoro_engine *e)
{
  const struct etoro_job *j = etoro_timers_first(&e->timers);
  double at = e->dispatch.queued ? e->dispatch.due : -1;
  if (j)
    at = earlier(at, j->timer_at);
  if (e->wire)
    at = earlier(at, etoro_wire_due(e->wire));
  at = earlier(at, etoro_guests_due(&e->guests));
  return at;
}

/* -1 for never, 0 for what is past. */
static double seconds_to(const struct etoro_engine *e, double at)
{
  double left = at < 0 ? -1 : at - etoro_engine_now(e);
  return at < 0 || left > 0 ? left : 0;
}

double etoro_engine_timeout(const struct etoro_engine *e)
{
  return seconds_to(e, earlier(e->alarm_at, due_at(e)));
}

/* One round of work, without waiting. First what this side has to do, so that
   what it puts on the wire is sent in the same round. */
static int progress(struct etoro_engine *e)
{
  struct etoro_job *j;
  int rc = ETORO_OK;
  etoro_moves_run(e);
  if (!e->wire) /* whoever takes and answers the jobs is the wire */
    return ETORO_OK;
  rc = etoro_wire_run(e->wire, etoro_engine_now(e));
  while ((j = etoro_wire_next(e->wire)) != NULL)
    etoro_moves_landed(e, j);
  etoro_guests_run(&e->guests, etoro_engine_now(e));
  return rc;
}

/* Nothing to tell the caller, and no timer that was set meanwhile. */
static int is_idle(const struct etoro_engine *e)
{
  return !e->finished && !e->has_news && !e->events.count && !e->done.first
         && !etoro_guests_have_news(&e->guests)
         && seconds_to(e, due_at(e)) != 0;
}

/* Brings the poller up to date with what the engine waits for. Each door that
   changes it ends here: a host that sleeps on the descriptor hears of nothing
   else. A call of the system is made only when the moment has moved. */
static void refresh(struct etoro_engine *e)
{
  double at;
  if (!e->poller)
    return;
  at = earlier(e->alarm_at, due_at(e));
  if (at != e->armed_at
      || e->world.is_manual) { /* the poller's clock is real */
    etoro_poller_alarm(e->poller, seconds_to(e, at));
    e->armed_at = at;
  }
  etoro_poller_flag(e->poller, e->untaken > 0 || e->events.count > 0
                                   || etoro_guests_have_news(&e->guests));
}

/* Waits for the wire. What the descriptor shows on the caller's behalf, an
   alarm or an outcome that is unread, must not end this wait at once. */
static int wait_for_wire(struct etoro_engine *e, double seconds)
{
  double due = seconds_to(e, due_at(e));
  if (e->poller) {
    etoro_poller_alarm(e->poller, -1);
    e->armed_at = -1;
    etoro_poller_flag(e->poller, 0);
  }
  return etoro_wire_wait(e->wire, due >= 0 && due < seconds ? due : seconds);
}

/* Waits at most once, so that the caller is asked anew after each wait whether
   it still wants to. Never waits with something to tell: tasks would sleep
   although an outcome is there for one of them. */
int etoro_engine_step(struct etoro_engine *e, double wait, size_t *finished)
{
  struct etoro_sigpipe pipe;
  int rc;
  *finished = 0;
  if (etoro_engine_is_foreign(e))
    return ETORO_ECLOSED;
  e->finished = 0;
  e->has_news = 0;
  if (e->may_signal) /* libcurl asks for no signal where it can */
    etoro_sigpipe_hold(&pipe);
  rc = progress(e);
  if (!rc && wait > 0 && e->wire && is_idle(e)) {
    rc = wait_for_wire(e, wait);
    if (!rc)
      rc = progress(e);
  }
  if (e->may_signal)
    etoro_sigpipe_release(&pipe);
  refresh(e);
  *finished = e->finished;
  return rc;
}

/* From here on the poller watches libcurl's sockets. Without it libcurl polls
   them by itself, which is cheaper, so that only those who have a loop of
   their own ask for it. */
static int open_poller(struct etoro_engine *e)
{
  struct etoro_sigpipe pipe;
  struct etoro_poller *p;
  int rc = etoro_poller_open(&p);
  if (!rc && e->wire) {
    etoro_sigpipe_hold(&pipe);
    rc = etoro_wire_attach(e->wire, p); /* which may write to sockets */
    etoro_sigpipe_release(&pipe);
  }
  if (rc) {
    etoro_poller_free(p);
    return rc;
  }
  e->poller = p;
  refresh(e);
  return ETORO_OK;
}

int etoro_engine_poller(struct etoro_engine *e, int *fd)
{
  int rc = ETORO_OK;
  if (etoro_engine_is_foreign(e))
    return ETORO_ECLOSED;
  if (!e->poller)
    rc = open_poller(e);
  if (!rc)
    *fd = etoro_poller_fd(e->poller);
  return rc;
}

void etoro_engine_alarm(struct etoro_engine *e, double seconds)
{
  e->alarm_at = seconds < 0 ? -1 : etoro_engine_now(e) + seconds;
  refresh(e);
}

/* A job of the engine is held by it until it is done; one that is watched by
   number is held on, in the line done, until its number was given out. */
void etoro_engine_watch(struct etoro_engine *e, struct etoro_job *j,
                        int64_t id)
{
  if (j->state == ETORO_STATE_DONE || etoro_engine_is_foreign(e))
    return;
  j->is_watched = 1;
  j->watch_id = id;
}

/* The descriptor stays readable until then, so that an outcome that came while
   the host did something else is not slept over. */
void etoro_engine_settle(struct etoro_engine *e, struct etoro_job *j)
{
  if (!j->is_untaken || etoro_engine_is_foreign(e))
    return;
  j->is_untaken = 0;
  e->untaken--;
  refresh(e);
}

/* The number goes out before the job does, so that a host that asks by number
   never meets one that is freed. */
int64_t etoro_engine_next_done(struct etoro_engine *e)
{
  struct etoro_job *j = e->done.first;
  int64_t id;
  if (!j)
    return etoro_guests_next(&e->guests);
  id = j->watch_id;
  etoro_line_unlink(&e->done, j);
  etoro_job_free(j);
  return id;
}

int etoro_engine_join(struct etoro_engine *e, struct etoro_guest *g,
                      struct etoro_link *link, struct etoro_client *c)
{
  int rc;
  if (etoro_engine_is_foreign(e))
    return ETORO_ECLOSED;
  if (!e->wire)
    return ETORO_EINVAL;
  rc = etoro_wire_connect(e->wire, link, c);
  if (rc)
    return rc;
  e->may_signal |= etoro_tls_may_signal();
  etoro_guests_add(&e->guests, g);
  refresh(e);
  return ETORO_OK;
}

void etoro_engine_unlink(struct etoro_engine *e, struct etoro_link *link)
{
  struct etoro_sigpipe pipe;
  etoro_sigpipe_hold(&pipe); /* a TLS connection says good-bye */
  etoro_wire_disconnect(e->wire, link);
  etoro_sigpipe_release(&pipe);
}

void etoro_engine_leave(struct etoro_engine *e, struct etoro_guest *g,
                        struct etoro_link *link)
{
  etoro_engine_unlink(e, link);
  etoro_guests_drop(&e->guests, g);
  refresh(e);
}

int etoro_engine_heed(struct etoro_engine *e, struct etoro_link *link,
                      int events)
{
  return etoro_wire_heed(e->wire, link, events);
}

void etoro_engine_stir(struct etoro_engine *e)
{
  refresh(e);
}

int etoro_engine_random(void *engine, void *out, size_t n)
{
  return etoro_world_random(&((struct etoro_engine *)engine)->world, out, n);
}

size_t etoro_engine_untaken(const struct etoro_engine *e)
{
  return e->untaken;
}

/* What a thread tells the engine by that an intent is on disk. Opened for the
   first intent: programs that only read need no two descriptors more. */
static int need_bell(struct etoro_engine *e)
{
  int rc;
  if (e->bell.in >= 0 || !e->wire)
    return ETORO_OK;
  rc = etoro_wake_open(&e->bell);
  if (!rc)
    rc = etoro_wire_listen(e->wire, e->bell.in);
  if (rc)
    etoro_wake_close(&e->bell);
  return rc;
}

/* Taking a transfer off the wire may close a connection, and with TLS that
   writes to it. */
void etoro_engine_cancel(struct etoro_engine *e, struct etoro_job *j,
                         enum etoro_code code)
{
  struct etoro_sigpipe pipe;
  if (j->state == ETORO_STATE_DONE || etoro_engine_is_foreign(e))
    return;
  etoro_sigpipe_hold(&pipe);
  etoro_moves_cancel(e, j, code);
  etoro_sigpipe_release(&pipe);
  refresh(e);
}

void etoro_engine_renewed(struct etoro_engine *e)
{
  e->dispatch.due = 0; /* jobs that waited for the token are due */
  refresh(e);
}

/* Only where somebody waits: a token is not renewed for a client that rests. */
int etoro_engine_wants_token(const struct etoro_engine *e,
                             const struct etoro_client *c)
{
  return c->waiting && etoro_client_lacks_token(c, etoro_engine_now(e));
}

void etoro_engine_stats(const struct etoro_engine *e, struct etoro_stats *out)
{
  *out = e->stats;
  out->live = e->timers.count;
}

int etoro_engine_has_news(const struct etoro_engine *e)
{
  return e->events.count > 0 || e->done.first != NULL
         || etoro_guests_have_news(&e->guests);
}

int etoro_engine_has_event(const struct etoro_engine *e)
{
  return e->events.count > 0;
}

int etoro_engine_event(struct etoro_engine *e, struct etoro_event *event)
{
  return etoro_events_take(&e->events, event);
}

/* 1 when a job that has not gone out must not do so any more. What is on the
   wire cannot be called back: it is left to its answer, so that nobody has to
   guess what became of it. */
static int is_stopped(const struct etoro_job *j, enum etoro_code code)
{
  if (code == ETORO_CODE_HALTED)
    return j->state != ETORO_STATE_FLIGHT && etoro_rails_check(j) == code;
  if (code == ETORO_CODE_SUPERSEDED)
    return j->state != ETORO_STATE_FLIGHT && j->is_superseded
           && (j->attempts || j->is_overtaken);
  return 1;
}

/* Ends all jobs, or those of one client; for a halt, or a newer job that takes
   their place, only those. From the end of the heap, since one that ends leaves
   its place to the last. */
static void end_jobs(struct etoro_engine *e, const struct etoro_client *c,
                     enum etoro_code code)
{
  size_t i = e->timers.count;
  while (i > 0) {
    struct etoro_job *j = e->timers.heap[i - 1];
    if ((c && j->client != c) || !is_stopped(j, code)) {
      i--;
      continue;
    }
    etoro_engine_cancel(e, j, code);
    if (i > e->timers.count) /* else a parent may have sunk to this place */
      i = e->timers.count;
  }
}

/* 1 when a job whose first turn is still to come may have it behind a newer
   one's. */
static int may_be_passed(const struct etoro_job *older,
                         const struct etoro_job *newer)
{
  return older->priority > newer->priority || older->client != newer->client;
}

/* A newer write takes the place of those that would undo it behind it: none of
   them is sent again. */
static void supersede(struct etoro_engine *e, const struct etoro_job *newer)
{
  size_t i, count = 0;
  if (!etoro_attempt_undoes(newer, newer) /* most are reads */
      || etoro_rails_check(newer)) /* it will not go out itself */
    return;
  for (i = 0; i < e->timers.count; i++) {
    struct etoro_job *j = e->timers.heap[i];
    if (j == newer || !etoro_attempt_undoes(j, newer))
      continue;
    j->is_superseded = 1;
    j->is_overtaken |= may_be_passed(j, newer);
    count++;
  }
  if (count)
    end_jobs(e, NULL, ETORO_CODE_SUPERSEDED);
}

/* All that can fail is done before the job is the engine's: its id, its copy,
   its intent, its place in the heap. From the first move on nothing does. The
   first holder is the engine's, the second the caller's. */
int etoro_engine_submit(struct etoro_engine *e, struct etoro_client *c,
                        const struct etoro_request *request,
                        struct etoro_job **out, const char **why)
{
  struct etoro_pool *pool;
  struct etoro_job *j;
  int rc;
  *out = NULL;
  *why = NULL;
  if (etoro_engine_is_foreign(e) || c->is_closed)
    return ETORO_ECLOSED;
  pool = etoro_account_find(c->account, request->pool);
  if (!pool || (request->intent && need_bell(e)))
    return ETORO_ENOMEM;
  rc = etoro_job_new(&j, c, request, etoro_engine_now(e), etoro_world_random,
                     &e->world, why);
  if (!rc) /* from its first moment on: no state may outlive the deadline */
    rc = etoro_timers_set(&e->timers, j, j->deadline_at);
  if (rc) {
    etoro_job_free(j);
    return rc;
  }
  j->pool = pool;
  etoro_moves_submit(e, j);
  supersede(e, j);
  *out = etoro_job_keep(j);
  refresh(e);
  return ETORO_OK;
}

/* The client itself stays: outcomes that nobody has taken still name it, and its
   last holder frees it. */
void etoro_engine_dismiss(struct etoro_engine *e, struct etoro_client *c)
{
  c->is_closed = 1;
  if (!etoro_engine_is_foreign(e)) /* those of a parent go on without us */
    end_jobs(e, c, ETORO_CODE_CLOSED);
}

/* The mark comes first: what is submitted from now on is stopped by its rail,
   what waits already by this walk. */
void etoro_engine_halt(struct etoro_engine *e, struct etoro_client *c, int on)
{
  c->is_halted = on;
  if (on && !etoro_engine_is_foreign(e))
    end_jobs(e, NULL, ETORO_CODE_HALTED); /* also of those made from it */
}

/* Jobs first: they give back to accounts and to the wire what they hold. The
   poller comes after the wire, which tells it of each socket that it closes. */
void etoro_engine_free(struct etoro_engine *e)
{
  struct etoro_sigpipe pipe;
  if (!e)
    return;
  if (etoro_engine_is_foreign(e)) {
    /* a child process must not touch its parent's connections: closing them
       would say good-bye to the server in the parent's name. They are left. */
    etoro_moves_abandon(e);
    return;
  }
  end_jobs(e, NULL, ETORO_CODE_CLOSED);
  while (e->accounts) {
    struct etoro_account *a = e->accounts;
    e->accounts = a->next;
    etoro_account_free(a);
  }
  while (e->done.first)
    etoro_engine_next_done(e);
  etoro_events_free(&e->events);
  etoro_timers_free(&e->timers);
  etoro_sigpipe_hold(&pipe);
  etoro_guests_end(&e->guests);
  etoro_wire_free(e->wire);
  etoro_sigpipe_release(&pipe);
  etoro_poller_free(e->poller);
  etoro_wake_close(&e->bell);
  etoro_fork_free(&e->owner);
  free(e);
}
