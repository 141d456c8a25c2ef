/* The state machine that all calls of one Lua state go through:

     budget -> credential -> journal -> flight -> backoff -> (budget ...)
       -> done

   Submit a job, step until it is done, read it; cancel it at any time. The
   engine calls nobody back and has no thread. Its wire is libcurl, or, when
   made with is_manual, whoever takes the jobs and answers them under a clock
   that only etoro_engine_advance moves.

   After a fork the child's copy answers ETORO_ECLOSED: its sockets belong to
   the parent. */
#ifndef ETORO_ENGINE_H
#define ETORO_ENGINE_H

#include "core/engine/events.h"
#include "core/engine/guests.h"
#include "core/engine/job.h"
#include "core/engine/links.h"
#include "core/engine/stats.h"

struct etoro_engine;

struct etoro_engine_options {
  int is_manual;
  double now;               /* where a manual clock starts, Unix time */
  const uint64_t *seed;     /* of ids and pauses; NULL: random has them */
  etoro_random_fn *random;  /* NULL: the system's */
  void *random_context;
};

int etoro_engine_open(struct etoro_engine **out,
                      const struct etoro_engine_options *options);

/* Ends all jobs with ETORO_CODE_CLOSED and closes the connections. NULL is
   taken. */
void etoro_engine_free(struct etoro_engine *e);

/* 1 in a child process of the one that opened the engine. */
int etoro_engine_is_foreign(const struct etoro_engine *e);

/* Seconds on the engine's clock, and as Unix time. */
double etoro_engine_now(const struct etoro_engine *e);
double etoro_engine_unix(const struct etoro_engine *e);

/* Takes a new client in: finds the account whose budgets it shares, and sets
   up the pools that are not there yet. A name that no rule has draws on
   "default". One whose rules limit nothing shares with nobody. */
int etoro_engine_admit(struct etoro_engine *e, struct etoro_client *c,
                       const struct etoro_pool_rule *rules, size_t nrules);

/* Ends all jobs of a client with ETORO_CODE_CLOSED. */
void etoro_engine_dismiss(struct etoro_engine *e, struct etoro_client *c);

/* Halts a client, or lets it go on: its writes, but for cancel and close, end
   with ETORO_CODE_HALTED, also those that wait now. */
void etoro_engine_halt(struct etoro_engine *e, struct etoro_client *c, int on);

/* Makes a job and queues it; *out is one holder. The codes of
   etoro_job_new, and ETORO_ECLOSED. */
int etoro_engine_submit(struct etoro_engine *e, struct etoro_client *c,
                        const struct etoro_request *request,
                        struct etoro_job **out, const char **why);

/* Does what can be done now; when that finishes no job, waits up to wait
   seconds for the world and does what can be done then. A signal ends the
   wait. *finished counts the jobs that became done. */
int etoro_engine_step(struct etoro_engine *e, double wait, size_t *finished);

/* Seconds until a timer is due; -1 when there is none. */
double etoro_engine_timeout(const struct etoro_engine *e);

/* The descriptor that a host's loop waits for: readable while the engine has
   something to do, or a watched job's outcome is unread. Made at the first
   call. ETORO_ECLOSED in a child process. */
int etoro_engine_poller(struct etoro_engine *e, int *fd);

/* A timer of the caller's own, which the timeout and the descriptor count in;
   below 0 takes it away. */
void etoro_engine_alarm(struct etoro_engine *e, double seconds);

/* Watches a job, so that its end shows until etoro_engine_settle says that
   its outcome was read. An id other than 0 is given by next_done, once. */
void etoro_engine_watch(struct etoro_engine *e, struct etoro_job *j,
                        int64_t id);
void etoro_engine_settle(struct etoro_engine *e, struct etoro_job *j);

/* The id of a watched job that is done, oldest first; 0 when there is none. */
int64_t etoro_engine_next_done(struct etoro_engine *e);

/* How many watched jobs are done and unread. */
size_t etoro_engine_untaken(const struct etoro_engine *e);

/* Takes a guest into the loop, with a connection that begins to open; or lets
   both go. The codes of etoro_links_open; ETORO_EINVAL with a manual wire, and
   ETORO_ECLOSED. */
int etoro_engine_join(struct etoro_engine *e, struct etoro_guest *g,
                      struct etoro_link *link, struct etoro_client *c);
void etoro_engine_leave(struct etoro_engine *e, struct etoro_guest *g,
                        struct etoro_link *link);

/* Ends the connection alone. */
void etoro_engine_unlink(struct etoro_engine *e, struct etoro_link *link);

/* What a guest's connection waits for: ETORO_POLL_ flags. */
int etoro_engine_heed(struct etoro_engine *e, struct etoro_link *link,
                      int events);

/* To be called when a guest has changed outside of its run. */
void etoro_engine_stir(struct etoro_engine *e);

/* An etoro_random_fn over an engine. */
int etoro_engine_random(void *engine, void *out, size_t n);

/* Ends a job at once; one that is done stays as it is. */
void etoro_engine_cancel(struct etoro_engine *e, struct etoro_job *j,
                         enum etoro_code code);

/* 1 when a job of the client waits for a bearer token. */
int etoro_engine_wants_token(const struct etoro_engine *e,
                             const struct etoro_client *c);

/* To be called when a client has been given a token. */
void etoro_engine_renewed(struct etoro_engine *e);

/* 1 when there is an event, or a watched job that is done, to be told. */
int etoro_engine_has_news(const struct etoro_engine *e);

/* 1 when there is an event that nobody has read. */
int etoro_engine_has_event(const struct etoro_engine *e);

/* The oldest event nobody has read; 0 when there is none. event->job is one
   holder that the caller frees. */
int etoro_engine_event(struct etoro_engine *e, struct etoro_event *event);

void etoro_engine_stats(const struct etoro_engine *e, struct etoro_stats *out);

/* Whether the wire is a manual one: whoever drives it gets to see the keys. */
int etoro_engine_is_manual(const struct etoro_engine *e);

/* The manual wire: the next job to be sent, NULL when there is none. */
struct etoro_job *etoro_engine_take(struct etoro_engine *e);

/* What a manual wire answers with; all of it is copied. */
struct etoro_answer {
  int status;
  const char *headers;      /* a block of lines */
  size_t headers_len;
  const char *body;
  size_t body_len;
};

/* Ends the attempt of a job that was taken: with a reply, or with a failure.
   ETORO_EINVAL: the job is not under way. */
int etoro_engine_answer(struct etoro_engine *e, struct etoro_job *j,
                        const struct etoro_answer *answer);
int etoro_engine_fail(struct etoro_engine *e, struct etoro_job *j,
                      enum etoro_code code, int is_sent);

/* Moves a manual clock on. */
void etoro_engine_advance(struct etoro_engine *e, double seconds);

#endif
