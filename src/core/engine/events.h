/* What happened to calls, for those who watch: a ring that forgets the oldest
   when nobody reads it. Events hold no header and no body. */
#ifndef ETORO_EVENTS_H
#define ETORO_EVENTS_H

#include "core/engine/job.h"
#include "core/limits.h"

#define ETORO_EVENTS(X) \
  X(QUEUED, "queued") \
  X(WAITED, "waited")   /* had to wait for its turn or for a token */ \
  X(SENT, "sent") \
  X(RETRIED, "retried") /* will be sent again after wait seconds */ \
  X(DONE, "done")

#define ETORO_EVENT_NAME(name, text) ETORO_EVENT_##name,
enum etoro_event_kind {
  ETORO_EVENTS(ETORO_EVENT_NAME)
};

const char *etoro_event_name(enum etoro_event_kind kind);

struct etoro_event {
  enum etoro_event_kind kind;
  struct etoro_job *job;   /* one holder */
  double at;               /* Unix time */
  double wait;             /* seconds: waited so far, or until the resend */
  int attempt;
  int status;
  enum etoro_code code;
  double elapsed;          /* seconds since the call was made */
};

struct etoro_events {
  struct etoro_event *ring; /* owned */
  size_t cap;
  size_t first;
  size_t count;
};

/* Adds one; takes a holder of event->job. Without memory the event is lost,
   the call is not. */
void etoro_events_add(struct etoro_events *r, const struct etoro_event *event);

/* Hands the oldest over with its holder; 0 when there is none. */
int etoro_events_take(struct etoro_events *r, struct etoro_event *event);

void etoro_events_free(struct etoro_events *r);

#endif
