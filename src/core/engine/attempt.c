#include "core/engine/attempt.h"

#include <string.h>

#include "core/engine/refusal.h"
#include "core/limits.h"
#include "core/net/headers.h"
#include "core/status.h"

void etoro_attempt_begin(struct etoro_job *j, double now)
{
  etoro_buf_reset(&j->headers, (size_t)-1);
  /* A block of usual size serves the next answer as well; a large one would be
     held for what as a rule is small. */
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
  j->attempt_at = now;
  j->attempts++;
  /* the token may be replaced while this is under way: masks, and the look
     at a 401, go by the one that it was signed with */
  j->version = j->client->version;
  etoro_credentials_free(j->credentials);
  j->credentials = etoro_credentials_keep(j->client->credentials);
}

/* Only a success tells what became of a write that may have run before. A
   refusal is of the last attempt alone: that an order was refused the second
   time does not say that the first one was not carried out. */
int etoro_attempt_leaves_doubt(const struct etoro_job *j)
{
  int is_done = !j->code && j->status >= 200 && j->status < 300;
  int is_open =
      j->klass != ETORO_CLASS_SAFE || j->code == ETORO_CODE_SUPERSEDED;
  return j->may_have_run && is_open && !is_done;
}

/* These say what a thing is to be like from now on; all other methods add to it
   or take away, which comes to the same in any order. */
static int is_setting(const struct etoro_job *j)
{
  return j->is_write
         && (!strcmp(j->method, "PATCH") || !strcmp(j->method, "PUT"));
}

int etoro_attempt_undoes(const struct etoro_job *older,
                         const struct etoro_job *newer)
{
  size_t n = strcspn(newer->url, "?");
  return is_setting(older) && is_setting(newer)
         && strcspn(older->url, "?") == n
         && !strncmp(older->url, newer->url, n);
}

static int is_exit(const struct etoro_job *j)
{
  return j->priority == ETORO_PRIORITY_EXIT;
}

void etoro_attempt_settle(struct etoro_job *j, const struct etoro_world *world)
{
  struct etoro_limits limits;
  const struct etoro_limits *said = NULL;
  int status = j->status;
  j->client->in_flight--;
  j->server_wait = -1; /* what an earlier reply asked for is over */
  j->was_sent |= j->is_sent;
  if (!j->is_sent) { /* the server has not counted it, so we need not */
    etoro_pool_unsent(j->pool);
    return;
  }
  if (j->headers.len && j->may_limit) {
    etoro_headers_limits(j->headers.data, j->headers.len,
                         etoro_world_unix(world), &limits);
    said = &limits;
  }
  if (status == 429 && etoro_job_is_final(j))
    status = 400; /* it refuses what was asked for, not how often */
  etoro_pool_end(j->pool, status, said, etoro_world_now(world));
  if (status == 429 && is_exit(j) && !j->is_trial)
    etoro_pool_try(j->pool, etoro_world_now(world)); /* that was the first */
  /* Of an answer that is whole: half a header may say half a number. */
  if (said && j->code == ETORO_CODE_NONE) {
    j->server_wait = said->retry_after;
    if (said->retry_after < 0 && j->status == 429)
      j->server_wait = said->reset;
  }
}

/* These fail the same way each time, or leave no time for another one. */
static int repeats_help(enum etoro_code code)
{
  return code != ETORO_CODE_CERTIFICATE && code != ETORO_CODE_CA_FILE
         && code != ETORO_CODE_OUT_OF_MEMORY && code != ETORO_CODE_DEADLINE
         && code != ETORO_CODE_PROTOCOL;
}

/* The API's own 429 comes before any work. What a CDN or a proxy calls too
   much may have been done by then. */
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
    if (j->status == 303 && j->klass != ETORO_CLASS_SAFE)
      return ETORO_ENDING_LOST; /* done, it says, and told of elsewhere */
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

/* An exit that met a 429: the pool says when it may be tried, and its tries
   before the time that the server asked for do not use up its resends. */
static int is_held(const struct etoro_job *j, enum etoro_ending ending)
{
  return is_exit(j)
         && (ending == ETORO_ENDING_LIMITED
             || ending == ETORO_ENDING_LIMITED_BY_OTHERS);
}

/* Notes whether the attempt that was may have been carried out. */
static void note_run(struct etoro_job *j, enum etoro_ending ending)
{
  if (ending != ETORO_ENDING_LIMITED && ending != ETORO_ENDING_UNSENT)
    j->may_have_run = 1;
  j->is_sent = 0; /* of the attempt to come: a deadline may end it before */
}

/* Ends what must not go out again, since a newer one has: an answer that would
   have been tried again is not what became of it. */
static void give_way(struct etoro_job *j, enum etoro_ending ending)
{
  note_run(j, ending);
  j->code = ETORO_CODE_SUPERSEDED;
}

/* Plans the next attempt; 0 when there may be none. */
static int plan(struct etoro_job *j, const struct etoro_world *world,
                enum etoro_ending ending, struct etoro_sequel *out)
{
  double now = etoro_world_now(world);
  double least = j->server_wait;
  double wait;
  int is_free = is_held(j, ending) && j->is_trial && j->max_retries > 0;
  if ((j->resends >= j->max_retries && !is_free) || j->client->is_closed)
    return 0;
  if (is_held(j, ending))
    least = etoro_pool_wait(j->pool, ETORO_PRIORITY_EXIT, now);
  wait = etoro_retry_backoff(j->resends + 1, etoro_world_chance(world), least);
  if (now + wait >= j->deadline_at)
    return 0; /* better an answer now than none at the deadline */
  if (!j->is_urgent)
    wait += etoro_retry_bucket_take(&j->client->resends, now);
  j->resends += !is_free;
  note_run(j, ending);
  out->wait = wait;
  out->at = now + wait;
  return 1;
}

/* A bearer that a function gives is asked for once more after a 401, which
   is a refusal before any work, so that even writes may go again. */
static int wants_new_token(struct etoro_job *j)
{
  struct etoro_client *c = j->client;
  if (j->status != 401 || j->code || !c->is_renewable || j->was_renewed
      || c->is_closed || j->is_superseded)
    return 0;
  j->was_renewed = 1;
  j->is_sent = 0; /* of the attempt to come */
  if (j->version == c->version) /* else another call has replaced it by now */
    c->is_refused = 1;
  return 1;
}

struct etoro_sequel etoro_attempt_judge(struct etoro_job *j,
                                        const struct etoro_world *world)
{
  struct etoro_sequel out = { ETORO_NEXT_END, 0, 0 };
  enum etoro_ending ending = ending_of(j);
  if (wants_new_token(j)) {
    out.next = ETORO_NEXT_TOKEN;
    return out;
  }
  switch (etoro_retry_verdict(j->klass, ending)) {
  case ETORO_VERDICT_AGAIN:
    if (j->is_superseded)
      give_way(j, ending);
    else if (plan(j, world, ending, &out))
      out.next = ETORO_NEXT_WAIT;
    else
      j->is_uncertain = ending == ETORO_ENDING_LIMITED_BY_OTHERS
                        && j->klass != ETORO_CLASS_SAFE;
    break;
  case ETORO_VERDICT_UNCERTAIN:
    j->is_uncertain = 1;
    break;
  case ETORO_VERDICT_DONE:
    break;
  }
  return out;
}
