/* One logical call on its way: what is sent, where it stands, what came
   back. Made from a request, driven by the engine, read by whoever asked. */
#ifndef ETORO_JOB_H
#define ETORO_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes/buf.h"
#include "core/engine/client.h"
#include "core/engine/codes.h"
#include "core/bytes/ids.h"
#include "core/journal/journal.h"
#include "core/engine/retry.h"
#include "core/net/unpack.h"
#include "core/limits.h"

/* A call as it is asked for; nothing in it is kept, all is copied. */
struct etoro_request {
  const char *method;
  const char *target;            /* path and query, encoded */
  const char *body;              /* NULL for none */
  size_t body_len;
  const char *content_type;      /* NULL: application/json */
  struct etoro_secret *const *secrets; /* in the body; no log may show them */
  size_t nsecrets;
  const char *const *headers;    /* further "Name: value" lines */
  size_t nheaders;
  const char *const *finals;     /* codes that make a 429 final */
  size_t nfinals;
  const char *request_id;        /* NULL: one is made */
  enum etoro_class klass;
  enum etoro_priority priority;
  int is_write;                  /* it changes something */
  const char *pool;              /* name; NULL: "default" */
  struct etoro_journal *journal; /* NULL: none */
  const char *intent;            /* a line for it; NULL for none */
  size_t intent_len;
  double timeout;                /* seconds an attempt may take */
  double deadline;               /* seconds for everything together */
  int max_retries;
  int is_urgent;                 /* its resends draw on no retry budget */
};

/* What libcurl measured in the last attempt, in seconds. */
struct etoro_timing {
  double name, connect, tls, first_byte, total;
};

struct etoro_job {
  unsigned refs;
  enum etoro_state state;
  struct etoro_client *client;       /* one holder */
  struct etoro_pool *pool;           /* lives as long as the client */
  struct etoro_job *next, *previous; /* in a line of a pool or the engine */
  size_t timer_slot;                 /* place in the engine's heap + 1 */
  double timer_at;

  /* what is asked for; lives in one block of memory behind the struct */
  const char *method;
  const char *url;
  const char *target;                /* the part of url behind the base */
  char *body;                        /* overwritten at the end */
  size_t body_len;
  struct etoro_secret **secrets;     /* in the body, one holder each */
  size_t nsecrets;
  char *finals;                      /* strings, an empty one at the end */
  struct curl_slist *lines;          /* our own header lines, linked */
  size_t nlines;                     /* at least 1: the request id */
  char request_id[ETORO_UUID_LEN + 1];
  enum etoro_body_kind body_kind;
  enum etoro_class klass;
  enum etoro_priority priority;
  int is_write;
  double timeout;
  double deadline_at;
  int max_retries;
  int is_urgent;
  int is_superseded;       /* a newer one sets the same: no resends any more */
  int is_overtaken;        /* and goes out before this one */

  /* what has to be on disk before the first attempt; NULL: nothing */
  struct etoro_entry *intent;
  int is_recorded;         /* it is there */

  /* the attempt under way */
  struct etoro_credentials *credentials; /* the set it was signed with */
  struct etoro_handle *handle;
  unsigned version;        /* of the client's credential */
  double attempt_at;       /* when it was dispatched */
  int is_sent;             /* its request left, or may have */
  int is_headed;           /* the reply's headers have come to their end */
  int is_header_large;     /* its header lines went over their ceiling */
  size_t header_bytes;     /* of them so far */
  int is_packed;           /* one of them may be Content-Encoding */
  struct etoro_unpack *unpack; /* NULL until a packed body has begun */
  int may_limit;           /* one of them may be about limits */
  int write_status;        /* why a callback stopped it: etoro_status */
  int is_taken;            /* by the manual wire */
  int is_trial;            /* an exit, through what a 429 has shut */
  double server_wait;      /* seconds that its reply asks for; -1: none */

  /* who waits for it */
  int is_watched;          /* its end must not go unnoticed by a poller */
  int is_masked;           /* its headers hold no secret any more */
  int is_untaken;          /* watched, done, and its outcome not read yet */
  int64_t watch_id;        /* what etoro_engine_next_done gives; 0: nothing */

  /* the outcome so far */
  double started_at;
  double ended_at;
  int attempts;
  int resends;
  uint64_t lined_at;       /* rounds of the dispatch before it got in line */
  int was_held_up;         /* a round has left it there */
  int has_waited;          /* which was told already */
  int was_renewed;         /* a 401 has led to a new credential already */
  int was_sent;            /* some attempt's request left, or may have */
  int may_have_run;        /* an attempt before the last may have worked */
  int is_uncertain;        /* the outcome may have been carried out */
  enum etoro_code code;
  int status;
  int http_version;        /* 10 times: 11, 20 */
  struct etoro_timing timing;
  struct etoro_buf headers;
  struct etoro_buf reply;
  /* libcurl's words; never a header or a body */
  char detail[ETORO_DETAIL_MAX];
};

/* Copies a request. ETORO_EINVAL sets *why: the target, a header, the id or
   the intent is not acceptable. ETORO_ECLOSED: the journal is. random is
   asked only when an id has to be made. */
int etoro_job_new(struct etoro_job **out, struct etoro_client *client,
                  const struct etoro_request *request, double now,
                  etoro_random_fn *random, void *random_context,
                  const char **why);
struct etoro_job *etoro_job_keep(struct etoro_job *j);
void etoro_job_free(struct etoro_job *j); /* takes NULL */

/* 1 for methods that say a length even without a body. */
int etoro_method_has_length(const char *method);

/* Overwrites its client's keys, renewed ones too, and the body's secrets in
   text that is about to be shown: a server or a proxy may repeat them. */
void etoro_job_mask(const struct etoro_job *j, char *bytes, size_t n);

/* 1 when that would overwrite anything; leaves the bytes as they are. */
int etoro_job_is_repeated(const struct etoro_job *j, char *bytes, size_t n);

/* etoro_job_mask for the headers of a job that is done. Few callers look at them, so
   this waits until one does. */
void etoro_job_mask_headers(struct etoro_job *j);

/* Adds bytes of a body that its headers may call packed to the reply. The
   codes of etoro_unpack_open and etoro_unpack_add. */
int etoro_job_unpack(struct etoro_job *j, const char *bytes, size_t n);

/* Gives the memory of the reply's body back. */
void etoro_job_drop_reply(struct etoro_job *j);

/* 1 when the reply is a 429 whose body holds a final code. */
int etoro_job_is_final(const struct etoro_job *j);

#endif
