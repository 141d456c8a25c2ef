#include "core/engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/headers.h"
#include "core/sigpipe.h"
#include "core/status.h"
#include "core/timers.h"
#include "core/wire.h"

#define WAIT_WORTH_TELLING 0.002 /* seconds in the queue */

struct etoro_engine {
  struct etoro_wire *wire;         /* NULL with a manual wire */
  struct etoro_timers timers;      /* every job that is not done */
  struct etoro_client *queued;     /* clients that have jobs waiting */
  struct etoro_job *outbox_first;  /* manual wire: not taken yet */
  struct etoro_job *outbox_last;
  struct etoro_events events;
  etoro_random_fn *random;
  void *random_context;
  int is_manual;
  double manual_now;
  double unix_start;               /* Unix time when the clock showed 0 */
  size_t finished;
  pid_t owner;                     /* the process whose sockets these are */
};

static double read_clock(clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double etoro_engine_now(const struct etoro_engine *e)
{
  return e->is_manual ? e->manual_now : read_clock(CLOCK_MONOTONIC);
}

double etoro_engine_unix(const struct etoro_engine *e)
{
  return e->is_manual ? e->unix_start + e->manual_now
                      : read_clock(CLOCK_REALTIME);
}

int etoro_engine_open(struct etoro_engine **out,
                      const struct etoro_engine_options *options)
{
  struct etoro_engine *e = calloc(1, sizeof *e);
  *out = NULL;
  if (!e)
    return ETORO_ENOMEM;
  e->owner = getpid();
  e->is_manual = options->is_manual;
  e->unix_start = options->now;
  e->random = options->random ? options->random : etoro_random_system;
  e->random_context = options->random_context;
  if (!e->is_manual) {
    int rc = etoro_wire_open(&e->wire);
    if (rc) {
      free(e);
      return rc;
    }
  }
  *out = e;
  return ETORO_OK;
}

int etoro_engine_is_foreign(const struct etoro_engine *e)
{
  return e->owner != getpid();
}

static void push_job(struct etoro_job **first, struct etoro_job **last,
                     struct etoro_job *j, int at_front)
{
  j->next = j->previous = NULL;
  if (!*first)
    *first = *last = j;
  else if (at_front) {
    j->next = *first;
    (*first)->previous = j;
    *first = j;
  } else {
    j->previous = *last;
    (*last)->next = j;
    *last = j;
  }
}

static void unlink_job(struct etoro_job **first, struct etoro_job **last,
                       struct etoro_job *j)
{
  if (j->previous)
    j->previous->next = j->next;
  else
    *first = j->next;
  if (j->next)
    j->next->previous = j->previous;
  else
    *last = j->previous;
  j->next = j->previous = NULL;
}

static void enqueue(struct etoro_engine *e, struct etoro_job *j, int at_front)
{
  struct etoro_client *c = j->client;
  push_job(&c->queue_first, &c->queue_last, j, at_front);
  j->state = ETORO_STATE_BUDGET;
  if (!c->is_queued) {
    c->is_queued = 1;
    c->next_queued = e->queued;
    e->queued = etoro_client_keep(c);
  }
}

static void dequeue(struct etoro_job *j)
{
  unlink_job(&j->client->queue_first, &j->client->queue_last, j);
}

static void tell(struct etoro_engine *e, enum etoro_event_kind kind,
                 struct etoro_job *j, double wait)
{
  struct etoro_event event;
  if (!j->client->wants_events)
    return;
  event.kind = kind;
  event.job = j;
  event.at = etoro_engine_unix(e);
  event.wait = wait;
  event.attempt = j->attempts;
  event.status = j->status;
  event.code = j->code;
  event.elapsed = etoro_engine_now(e) - j->started_at;
  etoro_events_add(&e->events, &event);
}

/* A job is in the heap from submit to done, so this cannot fail. */
static void set_timer(struct etoro_engine *e, struct etoro_job *j, double at)
{
  etoro_timers_set(&e->timers, j, at < j->deadline_at ? at : j->deadline_at);
}

/* A server that repeats our keys must not bring them into a log. */
static void redact(struct etoro_job *j)
{
  if (!j->credentials)
    return;
  if (j->headers.len)
    etoro_credentials_redact(j->credentials, j->headers.data, j->headers.len);
  if (j->reply.len && (j->status >= 300 || j->code))
    etoro_credentials_redact(j->credentials, j->reply.data, j->reply.len);
}

static void finish(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_timers_drop(&e->timers, j);
  j->state = ETORO_STATE_DONE;
  j->ended_at = etoro_engine_now(e);
  redact(j);
  tell(e, ETORO_EVENT_DONE, j, 0);
  e->finished++;
  etoro_job_free(j); /* the engine's holder */
}

/* Takes an attempt off the wire; its reply, if any, stays in the job. */
static void land(struct etoro_engine *e, struct etoro_job *j)
{
  if (e->wire)
    etoro_wire_stop(e->wire, j);
  else if (!j->is_taken)
    unlink_job(&e->outbox_first, &e->outbox_last, j);
  j->client->in_flight--;
}

static int repeats_help(enum etoro_code code)
{
  return code != ETORO_CODE_CERTIFICATE && code != ETORO_CODE_CA_FILE
         && code != ETORO_CODE_OUT_OF_MEMORY && code != ETORO_CODE_DEADLINE
         && code != ETORO_CODE_PROTOCOL;
}

static enum etoro_ending ending_of(const struct etoro_job *j)
{
  if (j->code == ETORO_CODE_NONE) {
    if (j->status == 429)
      return etoro_job_is_final(j) ? ETORO_ENDING_ANSWER
                                   : ETORO_ENDING_LIMITED;
    return j->status >= 500 ? ETORO_ENDING_SERVER : ETORO_ENDING_ANSWER;
  }
  if (!j->is_sent)
    return repeats_help(j->code) ? ETORO_ENDING_UNSENT : ETORO_ENDING_FAILED;
  if (j->klass == ETORO_CLASS_SAFE && (j->code == ETORO_CODE_TOO_LARGE
                                       || j->code == ETORO_CODE_OUT_OF_MEMORY))
    return ETORO_ENDING_ANSWER; /* the same would come again */
  return ETORO_ENDING_LOST;
}

/* A random number in [0, 1); a source that fails costs only the jitter. */
static double chance(struct etoro_engine *e)
{
  unsigned char bytes[4];
  if (e->random(e->random_context, bytes, sizeof bytes))
    return 0.5;
  return ((bytes[0] * 256.0 + bytes[1]) * 256.0 + bytes[2]) / 16777216.0;
}

/* The seconds that the server asks for; -1 when it says nothing. */
static double server_wait(const struct etoro_engine *e,
                          const struct etoro_job *j)
{
  struct etoro_limits limits;
  if (j->code != ETORO_CODE_NONE || !j->headers.len)
    return -1;
  etoro_headers_limits(j->headers.data, j->headers.len, etoro_engine_unix(e),
                       &limits);
  if (limits.retry_after < 0 && j->status == 429)
    return limits.reset;
  return limits.retry_after;
}

/* Plans the next attempt; 0 when there may be none. */
static int try_again(struct etoro_engine *e, struct etoro_job *j,
                     enum etoro_ending ending)
{
  double now = etoro_engine_now(e);
  double wait;
  if (j->resends >= j->max_retries || j->client->is_closed)
    return 0;
  wait = etoro_retry_backoff(j->resends + 1, chance(e), server_wait(e, j));
  if (now + wait >= j->deadline_at)
    return 0;
  wait += etoro_retry_bucket_take(&j->client->resends, now);
  j->resends++;
  if (ending == ETORO_ENDING_SERVER || ending == ETORO_ENDING_LOST)
    j->may_have_run = 1;
  j->state = ETORO_STATE_BACKOFF;
  set_timer(e, j, now + wait);
  tell(e, ETORO_EVENT_RETRIED, j, wait);
  return 1;
}

/* A bearer that a function gives is asked for once more after a 401, which
   is a refusal before any work, so that even writes may go again. */
static int ask_token_again(struct etoro_engine *e, struct etoro_job *j)
{
  struct etoro_client *c = j->client;
  if (j->status != 401 || j->code || !c->is_renewable || j->was_renewed
      || c->is_closed)
    return 0;
  j->was_renewed = 1;
  if (j->version == c->version)
    c->is_refused = 1;
  enqueue(e, j, 1);
  set_timer(e, j, j->deadline_at);
  tell(e, ETORO_EVENT_RETRIED, j, 0);
  return 1;
}

static void end_attempt(struct etoro_engine *e, struct etoro_job *j)
{
  enum etoro_ending ending = ending_of(j);
  if (ask_token_again(e, j))
    return;
  switch (etoro_retry_verdict(j->klass, ending)) {
  case ETORO_VERDICT_AGAIN:
    if (try_again(e, j, ending))
      return;
    break;
  case ETORO_VERDICT_UNCERTAIN:
    j->is_uncertain = 1;
    break;
  case ETORO_VERDICT_DONE:
    break;
  }
  finish(e, j);
}

static void forget_attempt(struct etoro_job *j)
{
  etoro_buf_reset(&j->headers, (size_t)-1);
  etoro_buf_wipe(&j->reply);
  etoro_buf_reset(&j->reply, 65536);
  j->code = ETORO_CODE_NONE;
  j->status = 0;
  j->http_version = 0;
  j->is_sent = j->was_resent = j->is_headed = j->is_taken = 0;
  j->write_status = ETORO_OK;
  j->detail[0] = '\0';
}

static void launch(struct etoro_engine *e, struct etoro_job *j)
{
  struct etoro_client *c = j->client;
  int rc = ETORO_OK;
  forget_attempt(j);
  j->attempt_at = etoro_engine_now(e);
  j->attempts++;
  j->version = c->version;
  etoro_credentials_free(j->credentials);
  j->credentials = etoro_credentials_keep(c->credentials);
  j->state = ETORO_STATE_FLIGHT;
  c->in_flight++;
  if (e->wire)
    rc = etoro_wire_start(e->wire, j);
  else
    push_job(&e->outbox_first, &e->outbox_last, j, 0);
  if (rc) {
    c->in_flight--;
    j->code = rc == ETORO_ENOMEM ? ETORO_CODE_OUT_OF_MEMORY
                                 : ETORO_CODE_PROTOCOL;
    end_attempt(e, j);
    return;
  }
  set_timer(e, j, j->attempt_at + j->timeout);
  if (j->attempts == 1 && j->attempt_at - j->started_at > WAIT_WORTH_TELLING)
    tell(e, ETORO_EVENT_WAITED, j, j->attempt_at - j->started_at);
  tell(e, ETORO_EVENT_SENT, j, 0);
}

static int lacks_token(const struct etoro_engine *e,
                       const struct etoro_client *c)
{
  return c->is_renewable
         && (!c->credentials || c->is_refused
             || (c->expires_at > 0 && c->expires_at <= etoro_engine_now(e)));
}

static void hold_for_token(struct etoro_engine *e, struct etoro_client *c)
{
  struct etoro_job *j;
  for (j = c->queue_first; j; j = j->next)
    if (j->state == ETORO_STATE_BUDGET) {
      j->state = ETORO_STATE_CREDENTIAL;
      tell(e, ETORO_EVENT_WAITED, j, 0);
    }
}

static void dispatch_client(struct etoro_engine *e, struct etoro_client *c)
{
  if (!c->queue_first)
    return;
  if (lacks_token(e, c)) {
    hold_for_token(e, c);
    return;
  }
  while (c->queue_first && c->in_flight < etoro_client_room(c)) {
    struct etoro_job *j = c->queue_first;
    dequeue(j);
    launch(e, j);
  }
}

static void dispatch(struct etoro_engine *e)
{
  struct etoro_client **at = &e->queued;
  while (*at) {
    struct etoro_client *c = *at;
    dispatch_client(e, c);
    if (c->queue_first) {
      at = &c->next_queued;
      continue;
    }
    *at = c->next_queued;
    c->next_queued = NULL;
    c->is_queued = 0;
    etoro_client_free(c);
  }
}

static void expire(struct etoro_engine *e, struct etoro_job *j, double now)
{
  int is_over = now >= j->deadline_at;
  switch (j->state) {
  case ETORO_STATE_FLIGHT:
    land(e, j);
    j->code = is_over ? ETORO_CODE_DEADLINE : ETORO_CODE_TIMEOUT;
    end_attempt(e, j);
    break;
  case ETORO_STATE_BACKOFF:
    enqueue(e, j, 1);
    set_timer(e, j, j->deadline_at);
    break;
  case ETORO_STATE_BUDGET:
  case ETORO_STATE_CREDENTIAL:
    dequeue(j);
    if (!j->attempts && j->state == ETORO_STATE_BUDGET)
      j->code = ETORO_CODE_RATE_LIMITED;
    else if (!j->status)
      j->code = ETORO_CODE_DEADLINE;
    finish(e, j);
    break;
  case ETORO_STATE_DONE:
    break;
  }
}

static void run_timers(struct etoro_engine *e)
{
  double now = etoro_engine_now(e);
  struct etoro_job *j;
  while ((j = etoro_timers_first(&e->timers)) != NULL && j->timer_at <= now)
    expire(e, j, now);
}

double etoro_engine_timeout(const struct etoro_engine *e)
{
  const struct etoro_job *j = etoro_timers_first(&e->timers);
  double left;
  if (!j)
    return -1;
  left = j->timer_at - etoro_engine_now(e);
  return left > 0 ? left : 0;
}

static int progress(struct etoro_engine *e)
{
  struct etoro_job *j;
  int rc = ETORO_OK;
  run_timers(e);
  dispatch(e);
  if (!e->wire)
    return ETORO_OK;
  rc = etoro_wire_run(e->wire);
  while ((j = etoro_wire_next(e->wire)) != NULL) {
    j->client->in_flight--;
    end_attempt(e, j);
  }
  return rc;
}

/* Slots that came free, and timers that were set meanwhile. */
static int is_idle(const struct etoro_engine *e)
{
  return !e->finished && etoro_engine_timeout(e) != 0;
}

int etoro_engine_step(struct etoro_engine *e, double wait, size_t *finished)
{
  struct etoro_sigpipe pipe;
  double due;
  int rc;
  *finished = 0;
  if (etoro_engine_is_foreign(e))
    return ETORO_ECLOSED;
  e->finished = 0;
  etoro_sigpipe_hold(&pipe);
  rc = progress(e);
  if (!rc && wait > 0 && e->wire && is_idle(e)) {
    due = etoro_engine_timeout(e);
    rc = etoro_wire_wait(e->wire, due >= 0 && due < wait ? due : wait);
    if (!rc)
      rc = progress(e);
  }
  etoro_sigpipe_release(&pipe);
  *finished = e->finished;
  return rc;
}

int etoro_engine_submit(struct etoro_engine *e, struct etoro_client *c,
                        const struct etoro_request *request,
                        struct etoro_job **out, const char **why)
{
  struct etoro_job *j;
  int rc;
  *out = NULL;
  *why = NULL;
  if (etoro_engine_is_foreign(e) || c->is_closed)
    return ETORO_ECLOSED;
  rc = etoro_job_new(&j, c, request, etoro_engine_now(e), e->random,
                     e->random_context, why);
  if (!rc)
    rc = etoro_timers_set(&e->timers, j, j->deadline_at);
  if (rc) {
    etoro_job_free(j);
    return rc;
  }
  enqueue(e, j, 0);
  tell(e, ETORO_EVENT_QUEUED, j, 0);
  *out = etoro_job_keep(j);
  return ETORO_OK;
}

void etoro_engine_cancel(struct etoro_engine *e, struct etoro_job *j,
                         enum etoro_code code)
{
  struct etoro_sigpipe pipe;
  if (j->state == ETORO_STATE_DONE || etoro_engine_is_foreign(e))
    return;
  etoro_sigpipe_hold(&pipe);
  if (j->state == ETORO_STATE_FLIGHT)
    land(e, j);
  else if (j->state != ETORO_STATE_BACKOFF)
    dequeue(j);
  etoro_sigpipe_release(&pipe);
  if (j->is_sent && j->state == ETORO_STATE_FLIGHT
      && j->klass != ETORO_CLASS_SAFE)
    j->is_uncertain = 1;
  j->code = code;
  finish(e, j);
}

int etoro_engine_wants_token(struct etoro_engine *e, struct etoro_client *c)
{
  if (!c->queue_first || !lacks_token(e, c))
    return 0;
  hold_for_token(e, c);
  return 1;
}

int etoro_engine_event(struct etoro_engine *e, struct etoro_event *event)
{
  return etoro_events_take(&e->events, event);
}

void etoro_engine_admit(struct etoro_engine *e, const struct etoro_client *c)
{
  if (e->wire && !etoro_engine_is_foreign(e))
    etoro_wire_widen(e->wire, c->max_connections);
}

/* Ends all jobs, or those of one client. */
static void end_jobs(struct etoro_engine *e, const struct etoro_client *c)
{
  size_t i = e->timers.count;
  while (i > 0) {
    struct etoro_job *j = e->timers.heap[--i];
    if (c && j->client != c)
      continue;
    etoro_engine_cancel(e, j, ETORO_CODE_CLOSED);
    i = e->timers.count; /* the heap has moved */
  }
}

void etoro_engine_dismiss(struct etoro_engine *e, struct etoro_client *c)
{
  c->is_closed = 1;
  if (!etoro_engine_is_foreign(e)) /* those of a parent go on without us */
    end_jobs(e, c);
}

/* A child process must not touch its parent's connections: closing them
   would say good-bye to the server in the parent's name. They are left. */
static void abandon(struct etoro_engine *e)
{
  size_t i;
  for (i = 0; i < e->timers.count; i++) {
    e->timers.heap[i]->state = ETORO_STATE_DONE;
    e->timers.heap[i]->code = ETORO_CODE_CLOSED;
  }
}

void etoro_engine_free(struct etoro_engine *e)
{
  struct etoro_sigpipe pipe;
  if (!e)
    return;
  if (etoro_engine_is_foreign(e)) {
    abandon(e);
    return;
  }
  end_jobs(e, NULL);
  dispatch(e); /* lets go of the clients whose queues are empty now */
  etoro_events_free(&e->events);
  etoro_timers_free(&e->timers);
  etoro_sigpipe_hold(&pipe);
  etoro_wire_free(e->wire);
  etoro_sigpipe_release(&pipe);
  free(e);
}

struct etoro_job *etoro_engine_take(struct etoro_engine *e)
{
  struct etoro_job *j = e->outbox_first;
  if (!j)
    return NULL;
  unlink_job(&e->outbox_first, &e->outbox_last, j);
  j->is_taken = j->is_sent = 1;
  return j;
}

static int is_answerable(const struct etoro_job *j)
{
  return j->state == ETORO_STATE_FLIGHT && j->is_taken;
}

int etoro_engine_answer(struct etoro_engine *e, struct etoro_job *j,
                        int status, const struct etoro_buf *headers,
                        const struct etoro_buf *body)
{
  int rc;
  if (!is_answerable(j))
    return ETORO_EINVAL;
  rc = etoro_buf_add(&j->headers, headers->data, headers->len);
  if (!rc)
    rc = etoro_buf_add(&j->reply, body->data, body->len);
  j->code = rc == ETORO_ETOOBIG  ? ETORO_CODE_TOO_LARGE
            : rc == ETORO_ENOMEM ? ETORO_CODE_OUT_OF_MEMORY
                                 : ETORO_CODE_NONE;
  j->status = status;
  j->http_version = 11;
  land(e, j);
  end_attempt(e, j);
  return ETORO_OK;
}

int etoro_engine_fail(struct etoro_engine *e, struct etoro_job *j,
                      enum etoro_code code, int is_sent)
{
  if (!is_answerable(j))
    return ETORO_EINVAL;
  j->code = code;
  j->is_sent = is_sent;
  land(e, j);
  end_attempt(e, j);
  return ETORO_OK;
}

void etoro_engine_advance(struct etoro_engine *e, double seconds)
{
  if (seconds > 0)
    e->manual_now += seconds;
}
