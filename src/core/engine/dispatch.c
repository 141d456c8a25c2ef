/* Jobs that wait for their turn, and how they get onto the wire. */
#include "core/engine/state.h"

#include <stdio.h>
#include <string.h>

#include "core/engine/rails.h"
#include "core/limits.h"
#include "core/status.h"

void etoro_dispatch_push(struct etoro_line *l, struct etoro_job *j)
{
  j->next = NULL;
  j->previous = l->last;
  if (l->last)
    l->last->next = j;
  else
    l->first = j;
  l->last = j;
}

static void push_front(struct etoro_line *l, struct etoro_job *j)
{
  j->previous = NULL;
  j->next = l->first;
  if (l->first)
    l->first->previous = j;
  else
    l->last = j;
  l->first = j;
}

void etoro_dispatch_unlink(struct etoro_line *l, struct etoro_job *j)
{
  if (j->previous)
    j->previous->next = j->next;
  else
    l->first = j->next;
  if (j->next)
    j->next->previous = j->previous;
  else
    l->last = j->previous;
  j->next = j->previous = NULL;
}

void etoro_dispatch_enqueue(struct etoro_engine *e, struct etoro_job *j,
                            int at_front)
{
  struct etoro_pool *p = j->pool;
  if (at_front)
    push_front(&p->lines[j->priority], j);
  else
    etoro_dispatch_push(&p->lines[j->priority], j);
  e->pools_due = 0; /* at the next step */
  j->state = ETORO_STATE_BUDGET;
  if (!p->is_queued) {
    p->is_queued = 1;
    p->next_queued = e->queued;
    e->queued = p;
  }
}

void etoro_dispatch_dequeue(struct etoro_job *j)
{
  if (j->state == ETORO_STATE_CREDENTIAL)
    j->client->waiting--;
  etoro_dispatch_unlink(&j->pool->lines[j->priority], j);
}

static void forget_attempt(struct etoro_job *j)
{
  etoro_buf_reset(&j->headers, (size_t)-1);
  etoro_buf_reset(&j->reply, ETORO_REPLY_KEPT);
  etoro_spares_take(&j->client->spares, &j->headers);
  etoro_spares_take(&j->client->spares, &j->reply);
  j->code = ETORO_CODE_NONE;
  j->status = 0;
  j->http_version = 0;
  j->is_sent = j->is_headed = j->may_limit = j->is_taken = 0;
  etoro_unpack_free(j->unpack);
  j->unpack = NULL;
  j->is_packed = 0;
  j->is_header_large = 0;
  j->header_bytes = 0;
  j->write_status = ETORO_OK;
  j->detail[0] = '\0';
}

/* Puts a job on the wire that has its place there. */
static void launch(struct etoro_engine *e, struct etoro_job *j)
{
  struct etoro_client *c = j->client;
  int rc = ETORO_OK;
  forget_attempt(j);
  j->attempt_at = etoro_engine_now(e);
  j->attempts++;
  e->stats.attempts++;
  e->stats.resends += j->attempts > 1;
  e->stats.bytes_up += j->body_len;
  j->version = c->version;
  etoro_credentials_free(j->credentials);
  j->credentials = etoro_credentials_keep(c->credentials);
  j->state = ETORO_STATE_FLIGHT;
  if (e->wire)
    rc = etoro_wire_start(e->wire, j);
  else
    etoro_dispatch_push(&e->outbox, j);
  if (rc) {
    etoro_attempt_settle(e, j);
    j->code =
        rc == ETORO_ENOMEM ? ETORO_CODE_OUT_OF_MEMORY : ETORO_CODE_PROTOCOL;
    etoro_attempt_end(e, j);
    return;
  }
  etoro_engine_set_timer(e, j, j->attempt_at + j->timeout);
  if (j->attempts == 1 && !j->has_waited
      && j->attempt_at - j->started_at > ETORO_WAIT_TOLD)
    etoro_engine_tell(e, ETORO_EVENT_WAITED, j, j->attempt_at - j->started_at);
  etoro_engine_tell(e, ETORO_EVENT_SENT, j, 0);
}

void etoro_dispatch_unrecord(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_entry_stop(j->intent);
  etoro_dispatch_unlink(&e->recording, j);
  if (e->wire && !e->recording.first)
    etoro_wake_clear(&e->bell); /* which may have been rung for it */
  etoro_attempt_settle(e, j);
}

/* The intent is on disk, or cannot get there. */
static void end_record(struct etoro_engine *e, struct etoro_job *j, int error)
{
  char reason[ETORO_REASON_MAX];
  etoro_dispatch_unlink(&e->recording, j);
  if (error)
    snprintf(j->detail, sizeof j->detail, "%s",
             etoro_journal_file_reason(reason, error));
  j->is_recorded = !error;
  j->code = error ? ETORO_CODE_JOURNAL : etoro_rails_check(j);
  if (!j->code) {
    launch(e, j);
    return;
  }
  etoro_attempt_settle(e, j);
  etoro_attempt_finish(e, j);
}

void etoro_dispatch_recorded(struct etoro_engine *e)
{
  struct etoro_job *j = e->recording.first;
  int error;
  if (!j)
    return;
  if (e->wire)
    etoro_wake_clear(&e->bell);
  while (j) {
    struct etoro_job *next = j->next;
    if (etoro_entry_is_done(j->intent, &error))
      end_record(e, j, error);
    j = next;
  }
}

/* Has the intent written, which a manual wire waits for. */
static void record(struct etoro_engine *e, struct etoro_job *j)
{
  j->state = ETORO_STATE_JOURNAL;
  etoro_dispatch_push(&e->recording, j);
  etoro_engine_set_timer(e, j, etoro_engine_now(e) + j->timeout);
  etoro_entry_start(j->intent, e->wire ? &e->bell : NULL);
  if (e->wire)
    return;
  etoro_entry_wait(j->intent);
  etoro_dispatch_recorded(e);
}

static void hold_for_token(struct etoro_engine *e, struct etoro_job *j)
{
  if (j->state == ETORO_STATE_CREDENTIAL)
    return;
  j->state = ETORO_STATE_CREDENTIAL;
  j->client->waiting++;
  e->has_news = j->has_waited = 1;
  etoro_engine_tell(e, ETORO_EVENT_WAITED, j, 0);
}

static int has_room(const struct etoro_job *j)
{
  int room = etoro_client_room(j->client);
  if (j->priority == ETORO_PRIORITY_EXIT)
    room += ETORO_EXIT_CONNECTIONS;
  return j->client->in_flight < room;
}

/* Sends the jobs of one line in order. Those of a client that cannot send
   now are passed over, within reason: another client may share the pool.
   Gives the seconds after which the pool has room; 0 when it is not full. */
static double dispatch_line(struct etoro_engine *e, struct etoro_pool *p,
                            enum etoro_priority priority, double now)
{
  struct etoro_job *j = p->lines[priority].first;
  int passed = 0;
  while (j && passed < ETORO_PASSED_MAX) {
    struct etoro_job *next = j->next;
    enum etoro_code stop = etoro_rails_check(j);
    double wait;
    if (stop) {
      j->code = stop;
      etoro_dispatch_dequeue(j);
      etoro_attempt_finish(e, j);
    } else if (etoro_client_lacks_token(j->client, now)) {
      hold_for_token(e, j);
      passed++;
    } else if (!has_room(j))
      passed++;
    else {
      wait = etoro_pool_wait(p, priority, now);
      if (wait != 0)
        return wait;
      etoro_dispatch_dequeue(j);
      j->client->in_flight++;
      j->is_trial = priority == ETORO_PRIORITY_EXIT && etoro_pool_try(p, now);
      etoro_pool_start(p);
      if (j->intent && !j->is_recorded)
        record(e, j);
      else
        launch(e, j);
    }
    j = next;
  }
  return 0;
}

static int is_empty(const struct etoro_pool *p)
{
  int i;
  for (i = 0; i < ETORO_PRIORITIES; i++)
    if (p->lines[i].first)
      return 0;
  return 1;
}

static void dispatch_pool(struct etoro_engine *e, struct etoro_pool *p,
                          double now)
{
  int i;
  for (i = 0; i < ETORO_PRIORITIES; i++) {
    double wait = dispatch_line(e, p, (enum etoro_priority)i, now);
    if (wait > 0 && (e->pools_due < 0 || now + wait < e->pools_due))
      e->pools_due = now + wait;
    if (wait != 0)
      return; /* what comes behind needs more room still */
  }
}

void etoro_dispatch(struct etoro_engine *e)
{
  struct etoro_pool **at = &e->queued;
  double now = etoro_engine_now(e);
  e->pools_due = -1;
  while (*at) {
    struct etoro_pool *p = *at;
    dispatch_pool(e, p, now);
    if (!is_empty(p)) {
      at = &p->next_queued;
      continue;
    }
    *at = p->next_queued;
    p->next_queued = NULL;
    p->is_queued = 0;
  }
}
