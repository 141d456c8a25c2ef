/* How an attempt ended, and what follows from that: the retry rules. */
#include "core/engine/state.h"

#include <stdio.h>
#include <time.h>

#include "core/net/headers.h"
#include "core/engine/refusal.h"
#include "core/status.h"

/* A request whose intent was written and of which no byte has left: that is
   said behind it, whoever ended the job and why. */
static void note_unsent(const struct etoro_engine *e,
                        const struct etoro_job *j)
{
  char line[256], at[32];
  struct tm utc;
  double now;
  time_t seconds;
  int n;
  if (!j->intent || !etoro_entry_is_started(j->intent) || j->was_sent)
    return;
  now = etoro_engine_unix(e);
  seconds = (time_t)now;
  if (!gmtime_r(&seconds, &utc)
      || !strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc))
    return;
  n = snprintf(line, sizeof line,
               "{\"kind\":\"outcome\",\"id\":\"%s\",\"at\":\"%s.%03dZ\","
               "\"state\":\"not_sent\",\"code\":\"%s\"}",
               j->request_id, at, (int)((now - (double)seconds) * 1000),
               etoro_code_name(j->code));
  /* one that is lost is one that has to be looked up later */
  etoro_journal_append(etoro_entry_journal(j->intent), line, (size_t)n);
}

/* Whether an earlier attempt leaves it open what became of a write: only a
   success tells. A refusal is of the last attempt alone. */
static int is_in_doubt(const struct etoro_job *j)
{
  int is_done = !j->code && j->status >= 200 && j->status < 300;
  return j->may_have_run && j->klass != ETORO_CLASS_SAFE && !is_done;
}

void etoro_attempt_finish(struct etoro_engine *e, struct etoro_job *j)
{
  etoro_timers_drop(&e->timers, j);
  j->is_uncertain |= is_in_doubt(j);
  j->state = ETORO_STATE_DONE;
  j->ended_at = etoro_engine_now(e);
  note_unsent(e, j);
  etoro_engine_tell(e, ETORO_EVENT_DONE, j, 0);
  e->finished++;
  e->stats.finished++;
  e->stats.bytes_down += j->reply.len;
  if (j->is_watched) {
    j->is_untaken = 1;
    e->untaken++;
    if (j->watch_id) {
      etoro_dispatch_push(&e->done, j);
      return; /* the engine's holder goes when it has been told */
    }
  }
  etoro_job_free(j); /* the engine's holder */
}

static int is_exit(const struct etoro_job *j)
{
  return j->priority == ETORO_PRIORITY_EXIT;
}

void etoro_attempt_settle(struct etoro_engine *e, struct etoro_job *j)
{
  struct etoro_limits limits;
  const struct etoro_limits *said = NULL;
  int status = j->status;
  j->client->in_flight--;
  e->pools_due = 0; /* somebody may take its place */
  j->server_wait = -1; /* what an earlier reply asked for is over */
  j->was_sent |= j->is_sent;
  if (!j->is_sent) {
    etoro_pool_unsent(j->pool);
    return;
  }
  if (j->headers.len && j->may_limit) {
    etoro_headers_limits(j->headers.data, j->headers.len, etoro_engine_unix(e),
                         &limits);
    said = &limits;
  }
  if (status == 429 && etoro_job_is_final(j))
    status = 400; /* it refuses what was asked for, not how often */
  etoro_pool_end(j->pool, status, said, etoro_engine_now(e));
  if (status == 429 && is_exit(j) && !j->is_trial)
    etoro_pool_try(j->pool, etoro_engine_now(e)); /* that was the first */
  if (said && j->code == ETORO_CODE_NONE) {
    j->server_wait = said->retry_after;
    if (said->retry_after < 0 && j->status == 429)
      j->server_wait = said->reset;
  }
}

void etoro_attempt_land(struct etoro_engine *e, struct etoro_job *j)
{
  if (e->wire)
    etoro_wire_stop(e->wire, j);
  else if (!j->is_taken)
    etoro_dispatch_unlink(&e->outbox, j);
  etoro_attempt_settle(e, j);
}

static int repeats_help(enum etoro_code code)
{
  return code != ETORO_CODE_CERTIFICATE && code != ETORO_CODE_CA_FILE
         && code != ETORO_CODE_OUT_OF_MEMORY && code != ETORO_CODE_DEADLINE
         && code != ETORO_CODE_PROTOCOL;
}

/* What a CDN or a proxy calls too much may have been done by then. */
static enum etoro_ending limited(const struct etoro_job *j)
{
  if (etoro_job_is_final(j))
    return ETORO_ENDING_ANSWER;
  return etoro_refusal_is_api(j->reply.data, j->reply.len)
             ? ETORO_ENDING_LIMITED
             : ETORO_ENDING_LIMITED_BY_OTHERS;
}

static enum etoro_ending ending_of(const struct etoro_job *j)
{
  if (j->code == ETORO_CODE_NONE) {
    if (j->status == 429)
      return limited(j);
    return j->status >= 500 ? ETORO_ENDING_SERVER : ETORO_ENDING_ANSWER;
  }
  if (!j->is_sent)
    return repeats_help(j->code) ? ETORO_ENDING_UNSENT : ETORO_ENDING_FAILED;
  if (j->klass == ETORO_CLASS_SAFE
      && (j->code == ETORO_CODE_TOO_LARGE
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

/* An exit that met a 429: the pool says when it may be tried, and its tries
   before the time that the server asked for do not use up its resends. */
static int is_held(const struct etoro_job *j, enum etoro_ending ending)
{
  return is_exit(j)
         && (ending == ETORO_ENDING_LIMITED
             || ending == ETORO_ENDING_LIMITED_BY_OTHERS);
}

/* Plans the next attempt; 0 when there may be none. */
static int try_again(struct etoro_engine *e, struct etoro_job *j,
                     enum etoro_ending ending)
{
  double now = etoro_engine_now(e);
  double least = j->server_wait;
  double wait;
  int is_free = is_held(j, ending) && j->is_trial && j->max_retries > 0;
  if ((j->resends >= j->max_retries && !is_free) || j->client->is_closed)
    return 0;
  if (is_held(j, ending))
    least = etoro_pool_wait(j->pool, ETORO_PRIORITY_EXIT, now);
  wait = etoro_retry_backoff(j->resends + 1, chance(e), least);
  if (now + wait >= j->deadline_at)
    return 0;
  if (!j->is_urgent)
    wait += etoro_retry_bucket_take(&j->client->resends, now);
  j->resends += !is_free;
  if (ending != ETORO_ENDING_LIMITED && ending != ETORO_ENDING_UNSENT)
    j->may_have_run = 1;
  j->is_sent = 0;
  j->state = ETORO_STATE_BACKOFF;
  etoro_engine_set_timer(e, j, now + wait);
  etoro_engine_tell(e, ETORO_EVENT_RETRIED, j, wait);
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
  etoro_dispatch_enqueue(e, j, 1);
  etoro_engine_set_timer(e, j, j->deadline_at);
  etoro_engine_tell(e, ETORO_EVENT_RETRIED, j, 0);
  return 1;
}

void etoro_attempt_end(struct etoro_engine *e, struct etoro_job *j)
{
  enum etoro_ending ending = ending_of(j);
  if (ask_token_again(e, j))
    return;
  switch (etoro_retry_verdict(j->klass, ending)) {
  case ETORO_VERDICT_AGAIN:
    if (try_again(e, j, ending))
      return;
    j->is_uncertain = ending == ETORO_ENDING_LIMITED_BY_OTHERS
                      && j->klass != ETORO_CLASS_SAFE;
    break;
  case ETORO_VERDICT_UNCERTAIN:
    j->is_uncertain = 1;
    break;
  case ETORO_VERDICT_DONE:
    break;
  }
  etoro_attempt_finish(e, j);
}
