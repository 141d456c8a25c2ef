/* The frames of one WebSocket (RFC 6455, section 5), of either side, over
   libwslay. No I/O: bytes that came are fed in, messages taken; messages are
   put in, and the bytes that have to go out are asked for. Pings and a close
   are answered by themselves. Both directions have ceilings. */
#ifndef ETORO_WS_FRAMES_H
#define ETORO_WS_FRAMES_H

#include <stddef.h>

#include "core/bytes/ids.h"

/* RFC 6455: the longest head of a frame, and the most of a control frame. */
#define ETORO_WS_HEAD_LEN 14
#define ETORO_WS_CONTROL_LEN 125

#define ETORO_WS_KINDS(X) \
  X(TEXT, "text") \
  X(BINARY, "binary") \
  X(PING, "ping") \
  X(PONG, "pong") \
  X(CLOSE, "close") /* the peer's; nothing comes behind it */

#define ETORO_WS_KIND_NAME(name, text) ETORO_WS_##name,
enum etoro_ws_kind {
  ETORO_WS_KINDS(ETORO_WS_KIND_NAME)
};

struct etoro_ws_message {
  struct etoro_ws_message *next;
  enum etoro_ws_kind kind;
  unsigned code; /* of CLOSE; 0: none was said */
  double at;     /* see etoro_frames_stamp */
  size_t len;
  char data[];   /* len bytes and a '\0'; of CLOSE the reason */
};

struct etoro_frames;

struct etoro_frames_options {
  int is_server;
  size_t max_message;      /* bytes of one that comes; 0: the ceiling */
  etoro_random_fn *random; /* for a client's masks */
  void *context;
};

/* 1 when this build can. */
int etoro_frames_can(void);

/* ETORO_OK or ETORO_ENOMEM; ETORO_EINVAL in a build that cannot. */
int etoro_frames_open(struct etoro_frames **out,
                      const struct etoro_frames_options *options);
void etoro_frames_free(struct etoro_frames *f); /* takes NULL */

/* Takes all of n bytes that came. ETORO_OK; ETORO_ESYNTAX, ETORO_ETOOBIG,
   ETORO_ENOMEM or ETORO_ERANDOM: nothing more is read, and a close that says
   so is among the bytes that go out. */
int etoro_frames_feed(struct etoro_frames *f, const void *bytes, size_t n);

/* Messages that are whole from now on carry this time, in whatever clock. */
void etoro_frames_stamp(struct etoro_frames *f, double at);

/* 0 when bytes should be left where they are, until messages are taken or
   bytes sent. */
int etoro_frames_has_room(const struct etoro_frames *f);

/* The oldest message, which the caller frees; NULL when there is none. */
struct etoro_ws_message *etoro_frames_take(struct etoro_frames *f);
int etoro_frames_has_message(const struct etoro_frames *f);

/* Puts in one message as one frame: TEXT, BINARY or PING. ETORO_EINVAL: it is
   no UTF-8, or a ping too long. ETORO_ETOOBIG: it does not fit behind what has
   not gone out. ETORO_ECLOSED: a close was sent. */
int etoro_frames_send(struct etoro_frames *f, enum etoro_ws_kind kind,
                      const void *bytes, size_t n);

/* Puts in bytes that are no frame, or not all of one: for a server that breaks
   the rules. ETORO_ETOOBIG, ETORO_ENOMEM. */
int etoro_frames_raw(struct etoro_frames *f, const void *bytes, size_t n);

/* Answers no ping from now on, or does so again. */
void etoro_frames_mute(struct etoro_frames *f, int on);

/* Says good-bye, once; code 0 for none. */
int etoro_frames_close(struct etoro_frames *f, unsigned code,
                       const char *reason);
int etoro_frames_is_closing(const struct etoro_frames *f); /* we said it */
int etoro_frames_is_ended(const struct etoro_frames *f); /* the peer did */

/* What has to go out, and that so much of it has. */
size_t etoro_frames_output(const struct etoro_frames *f, const char **bytes);
void etoro_frames_sent(struct etoro_frames *f, size_t n);

/* How many frames came, control frames among them, since the beginning. */
unsigned long long etoro_frames_count(const struct etoro_frames *f);

#endif
