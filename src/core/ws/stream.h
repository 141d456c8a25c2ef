/* One WebSocket in an engine's loop, from the connection to the good-bye.
   Nothing waits, nobody is called: what comes is queued, up to a ceiling, and
   taken. Held by whoever opened it; it holds its client. */
#ifndef ETORO_WS_STREAM_H
#define ETORO_WS_STREAM_H

#include "core/engine/engine.h"
#include "core/ws/frames.h"

#define ETORO_STREAM_STATES(X) \
  X(CONNECTING, "connecting") \
  X(UPGRADING, "upgrading") /* the request is under way, or its answer */ \
  X(OPEN, "open") \
  X(CLOSING, "closing")     /* a good-bye is under way, or its answer */ \
  X(CLOSED, "closed")

#define ETORO_STREAM_STATE_NAME(name, text) ETORO_STREAM_##name,
enum etoro_stream_state {
  ETORO_STREAM_STATES(ETORO_STREAM_STATE_NAME)
};

struct etoro_stream_options {
  const char *target;   /* a path */
  double open_timeout;  /* seconds until it must be open */
  double close_timeout; /* seconds that a good-bye may take */
};

struct etoro_stream;

/* Opens one at the client's origin, by its proxy and certificates. The codes
   of etoro_engine_join and etoro_frames_open; *why may be a static sentence. */
int etoro_stream_open(struct etoro_stream **out, struct etoro_engine *e,
                      struct etoro_client *c,
                      const struct etoro_stream_options *options,
                      const char **why);

/* Cuts it, wherever it is. Takes NULL. */
void etoro_stream_free(struct etoro_stream *s);

/* TEXT, BINARY or PING; the codes of etoro_frames_send, and ETORO_ECLOSED
   while it is not open. */
int etoro_stream_send(struct etoro_stream *s, enum etoro_ws_kind kind,
                      const void *bytes, size_t n);

/* Sends the API's login with the client's key pair, which is written here and
   overwritten. ETORO_EINVAL: it has none. */
int etoro_stream_login(struct etoro_stream *s, const char *id);

/* Says good-bye, or cuts what is not open yet. */
int etoro_stream_close(struct etoro_stream *s, unsigned code,
                       const char *reason);

/* The oldest message, which the caller frees; NULL when there is none. */
struct etoro_ws_message *etoro_stream_take(struct etoro_stream *s);

/* Seconds since a message came, at most: one that was read after nobody had
   looked for a while may have come right after the look before. */
double etoro_stream_age(const struct etoro_stream *s,
                        const struct etoro_ws_message *m);

/* 1, once each: it has become open; it is closed, and all was taken. */
int etoro_stream_opened(struct etoro_stream *s);
int etoro_stream_ended(struct etoro_stream *s);

/* From now on news keep the engine's descriptor readable, until they are
   taken, or told by next_done under that id, if it is not 0. */
void etoro_stream_watch(struct etoro_stream *s, int64_t id);

struct etoro_stream_view {
  enum etoro_stream_state state;
  enum etoro_code code; /* why it closed; NONE for a good-bye */
  const char *detail;
  int status;           /* of a refused upgrade; else 0 */
  unsigned close_code;  /* the peer's; 0: none */
  double heard_at;      /* the last frame, on the engine's clock; 0: none */
  int has_news;         /* that nobody has taken */
  double drained_at;    /* when its socket was last seen to hold nothing more;
                           0: it was never open */
  unsigned long long frames, bytes_in, bytes_out;
};

void etoro_stream_look(const struct etoro_stream *s,
                       struct etoro_stream_view *out);

#endif
