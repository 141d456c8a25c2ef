#include "core/engine/moves.h"

#include <stdio.h>

#include "core/engine/attempt.h"
#include "core/engine/ending.h"
#include "core/engine/line.h"
#include "core/engine/rails.h"
#include "core/engine/unsent.h"
#include "core/limits.h"
#include "core/status.h"

/* Most clients want no events: for them this must cost nothing. */
static void tell(struct etoro_engine *e, enum etoro_event_kind kind,
                 struct etoro_job *j, double wait)
{
  struct etoro_event event;
  if (!j->client->wants_events)
    return;
  event.kind = kind;
  event.job = j;
  event.at = etoro_world_unix(&e->world);
  event.wait = wait;
  event.attempt = j->attempts;
  event.status = j->status;
  event.code = j->code;
  event.elapsed = etoro_world_now(&e->world) - j->started_at;
  etoro_events_add(&e->events, &event);
}

/* No moment of a job lies behind its deadline, so that one timer is enough.
   A job is in the heap from submit to done, so this cannot fail. */
static void set_timer(struct etoro_engine *e, struct etoro_job *j, double at)
{
  etoro_timers_set(&e->timers, j, at < j->deadline_at ? at : j->deadline_at);
}

/* The one place where a state changes. A client's count of calls that wait
   for a token follows from it. */
static void move(struct etoro_job *j, enum etoro_state to)
{
  j->client->waiting += to == ETORO_STATE_CREDENTIAL;
  j->client->waiting -= j->state == ETORO_STATE_CREDENTIAL;
  j->state = to;
}

/* Ends a job that is in no line and not under way. */
static void finish(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_timers_drop(&e->timers, j);
  j->is_uncertain |= etoro_attempt_leaves_doubt(j);
  move(j, ETORO_STATE_DONE);
  j->ended_at = etoro_world_now(&e->world);
  etoro_unsent_note(j, &e->world);
  tell(e, ETORO_EVENT_DONE, j, 0);
  e->finished++;
  e->stats.finished++;
  e->stats.bytes_down += j->reply.len;
  if (j->is_watched) {
    j->is_untaken = 1;
    e->untaken++;
    if (j->watch_id) {
      etoro_line_push(&e->done, j);
      return; /* the engine's holder goes when it has been told */
    }
  }
  etoro_job_free(j); /* the engine's holder */
}

/* Gives back what an attempt held, see etoro_attempt_settle. */
static void settle(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_attempt_settle(j, &e->world);
  e->dispatch.due = 0; /* somebody may take its place */
}

static void wait_for_turn(struct etoro_engine *e, struct etoro_job *j,
                          int at_front)
{
  etoro_dispatch_enqueue(&e->dispatch, j, at_front);
  move(j, ETORO_STATE_BUDGET);
}

void etoro_moves_submit(struct etoro_engine *e, struct etoro_job *j)
{
  e->stats.calls++;
  wait_for_turn(e, j, 0);
  tell(e, ETORO_EVENT_QUEUED, j, 0);
}

/* Does what the verdict on a settled attempt says. */
static void follow(struct etoro_engine *e, struct etoro_job *j)
{
  struct etoro_sequel sequel = etoro_attempt_judge(j, &e->world);
  if (sequel.next == ETORO_NEXT_END) {
    finish(e, j);
    return;
  }
  if (sequel.next == ETORO_NEXT_WAIT) {
    move(j, ETORO_STATE_BACKOFF);
    set_timer(e, j, sequel.at);
  } else { /* in front: it had its turn already */
    wait_for_turn(e, j, 1);
    set_timer(e, j, j->deadline_at);
  }
  tell(e, ETORO_EVENT_RETRIED, j, sequel.wait);
}

void etoro_moves_landed(struct etoro_engine *e, struct etoro_job *j)
{
  settle(e, j);
  follow(e, j);
}

/* Takes an attempt off the wire before it ended by itself. */
static void take_off(struct etoro_engine *e, struct etoro_job *j)
{
  if (e->wire)
    etoro_wire_stop(e->wire, j);
  else if (!j->is_taken)
    etoro_line_unlink(&e->outbox, j);
  settle(e, j);
}

void etoro_moves_land(struct etoro_engine *e, struct etoro_job *j,
                      enum etoro_code code)
{
  take_off(e, j); /* under the code that the attempt has by itself */
  j->code = code;
  follow(e, j);
}

/* Puts a job on the wire that has its place there. */
static void launch(struct etoro_engine *e, struct etoro_job *j)
{
  int rc = ETORO_OK;
  etoro_attempt_begin(j, etoro_world_now(&e->world));
  e->stats.attempts++;
  e->stats.resends += j->attempts > 1;
  e->stats.bytes_up += j->body_len;
  move(j, ETORO_STATE_FLIGHT);
  if (e->wire)
    rc = etoro_wire_start(e->wire, j);
  else
    etoro_line_push(&e->outbox, j);
  if (rc) {
    settle(e, j);
    j->code =
        rc == ETORO_ENOMEM ? ETORO_CODE_OUT_OF_MEMORY : ETORO_CODE_PROTOCOL;
    follow(e, j);
    return;
  }
  set_timer(e, j, j->attempt_at + j->timeout);
  if (j->attempts == 1 && j->was_held_up && !j->has_waited
      && j->attempt_at - j->started_at > ETORO_WAIT_TOLD)
    tell(e, ETORO_EVENT_WAITED, j, j->attempt_at - j->started_at);
  tell(e, ETORO_EVENT_SENT, j, 0);
}

/* Takes a job off the wait for its intent, and gives its place back. The line
   may be on disk by then, which finish says behind it. */
static void unrecord(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_entry_stop(j->intent);
  etoro_line_unlink(&e->recording, j);
  if (e->wire && !e->recording.first)
    etoro_wake_clear(&e->bell); /* which may have been rung for it */
  settle(e, j);
}

/* The intent is on disk, or cannot get there. The rails are asked once more:
   the client may have been halted while the disk wrote. */
static void end_record(struct etoro_engine *e, struct etoro_job *j, int error)
{
  char reason[ETORO_REASON_MAX];
  etoro_line_unlink(&e->recording, j);
  if (error)
    snprintf(j->detail, sizeof j->detail, "%s",
             etoro_journal_file_reason(reason, error));
  j->is_recorded = !error;
  j->code = error ? ETORO_CODE_JOURNAL : etoro_rails_check(j);
  if (!j->code) {
    launch(e, j);
    return;
  }
  settle(e, j);
  finish(e, j);
}

/* Sends those whose intents are on disk by now. */
static void run_recorded(struct etoro_engine *e)
{
  struct etoro_job *j = e->recording.first;
  int error;
  if (!j)
    return;
  if (e->wire) /* before the look: what is rung for from here on rings again */
    etoro_wake_clear(&e->bell);
  while (j) {
    struct etoro_job *next = j->next;
    if (etoro_entry_is_done(j->intent, &error))
      end_record(e, j, error);
    j = next;
  }
}

/* Has the intent written: no byte of an order may leave before the line that
   a program which starts after a crash finds it by. Another thread writes, so
   that a slow disk holds up this one job alone; a manual wire, whose clock
   stands still meanwhile, waits for ETORO_JOURNAL_PATIENCE, and then lets its
   clock run into the job's timer. */
static void record(struct etoro_engine *e, struct etoro_job *j)
{
  move(j, ETORO_STATE_JOURNAL);
  etoro_line_push(&e->recording, j);
  set_timer(e, j, etoro_world_now(&e->world) + j->timeout);
  etoro_entry_start(j->intent, e->wire ? &e->bell : NULL);
  if (e->wire)
    return;
  etoro_entry_wait(j->intent, ETORO_JOURNAL_PATIENCE);
  run_recorded(e);
}

/* The job keeps its place in the line; somebody above has to give a token. */
static void hold_for_token(struct etoro_engine *e, struct etoro_job *j)
{
  if (j->state == ETORO_STATE_CREDENTIAL)
    return;
  move(j, ETORO_STATE_CREDENTIAL);
  e->has_news = j->has_waited = 1;
  tell(e, ETORO_EVENT_WAITED, j, 0);
}

/* Sends all that may be sent now. */
static void run_dispatch(struct etoro_engine *e)
{
  struct etoro_round round;
  struct etoro_job *j;
  enum etoro_turn turn;
  etoro_dispatch_begin(&e->dispatch, &round, etoro_world_now(&e->world));
  while ((turn = etoro_dispatch_next(&e->dispatch, &round, &j))
         != ETORO_TURN_NONE) {
    if (turn == ETORO_TURN_STOP)
      finish(e, j);
    else if (turn == ETORO_TURN_TOKEN)
      hold_for_token(e, j);
    else if (j->intent && !j->is_recorded)
      record(e, j);
    else
      launch(e, j);
  }
}

/* The time of an attempt, or of the whole call, is over while it is under
   way. */
static void expire_flight(struct etoro_engine *e, struct etoro_job *j,
                          int is_over)
{
  enum etoro_code code = is_over ? ETORO_CODE_DEADLINE : ETORO_CODE_TIMEOUT;
  if (e->wire && etoro_ending_waits_for_proxy(j) && !is_over)
    code = ETORO_CODE_PROXY;
  etoro_moves_land(e, j, code);
}

/* Only the deadline ends this wait. What an earlier attempt brought stays the
   outcome: a 429 says more than that time ran out. */
static void expire_waiting(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_dispatch_dequeue(j);
  if (!j->attempts && j->state == ETORO_STATE_BUDGET)
    j->code = ETORO_CODE_RATE_LIMITED;
  else if (!j->status)
    j->code = ETORO_CODE_DEADLINE;
  finish(e, j);
}

static void expire_record(struct etoro_engine *e, struct etoro_job *j,
                          int is_over)
{
  unrecord(e, j);
  j->code = is_over ? ETORO_CODE_DEADLINE : ETORO_CODE_JOURNAL;
  snprintf(j->detail, sizeof j->detail, "the disk did not answer in time");
  finish(e, j);
}

/* A job's one timer is due: at its deadline, or before that at what its state
   waits for. */
static void expire(struct etoro_engine *e, struct etoro_job *j, double now)
{
  int is_over = now >= j->deadline_at;
  switch (j->state) {
  case ETORO_STATE_FLIGHT:
    expire_flight(e, j, is_over);
    break;
  case ETORO_STATE_BACKOFF:
    wait_for_turn(e, j, 1);
    set_timer(e, j, j->deadline_at);
    break;
  case ETORO_STATE_BUDGET:
  case ETORO_STATE_CREDENTIAL:
    expire_waiting(e, j);
    break;
  case ETORO_STATE_JOURNAL:
    expire_record(e, j, is_over);
    break;
  case ETORO_STATE_DONE:
    break;
  }
}

/* Ends, since what expires is done, or waits for its turn and can only expire
   once more. */
static void run_timers(struct etoro_engine *e)
{
  double now = etoro_world_now(&e->world);
  struct etoro_job *j;
  while ((j = etoro_timers_first(&e->timers)) != NULL && j->timer_at <= now)
    expire(e, j, now);
}

void etoro_moves_run(struct etoro_engine *e)
{
  run_timers(e);
  run_recorded(e);
  run_dispatch(e);
}

void etoro_moves_cancel(struct etoro_engine *e, struct etoro_job *j,
                        enum etoro_code code)
{
  int is_under_way = j->state == ETORO_STATE_FLIGHT;
  if (is_under_way)
    take_off(e, j);
  else if (j->state == ETORO_STATE_JOURNAL)
    unrecord(e, j);
  else if (j->state != ETORO_STATE_BACKOFF)
    etoro_dispatch_dequeue(j);
  if (j->is_sent && is_under_way && j->klass != ETORO_CLASS_SAFE)
    j->is_uncertain = 1;
  j->code = code;
  finish(e, j);
}

void etoro_moves_abandon(struct etoro_engine *e)
{
  size_t i;
  for (i = 0; i < e->timers.count; i++) {
    move(e->timers.heap[i], ETORO_STATE_DONE);
    e->timers.heap[i]->code = ETORO_CODE_CLOSED;
  }
}
