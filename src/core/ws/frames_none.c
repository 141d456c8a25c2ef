/* In place of frames.c where there is no libwslay: nothing can be opened, so
   that nothing else is ever called. */
#include "core/ws/frames.h"

#include "core/status.h"

#ifndef ETORO_WITH_WSLAY

int etoro_frames_can(void)
{
  return 0;
}

int etoro_frames_open(struct etoro_frames **out,
                      const struct etoro_frames_options *options)
{
  (void)options;
  *out = NULL;
  return ETORO_EINVAL;
}

void etoro_frames_free(struct etoro_frames *f)
{
  (void)f;
}

int etoro_frames_feed(struct etoro_frames *f, const void *bytes, size_t n)
{
  (void)f;
  (void)bytes;
  (void)n;
  return ETORO_EINVAL;
}

void etoro_frames_stamp(struct etoro_frames *f, double at)
{
  (void)f;
  (void)at;
}

int etoro_frames_has_room(const struct etoro_frames *f)
{
  (void)f;
  return 0;
}

struct etoro_ws_message *etoro_frames_take(struct etoro_frames *f)
{
  (void)f;
  return NULL;
}

int etoro_frames_has_message(const struct etoro_frames *f)
{
  (void)f;
  return 0;
}

int etoro_frames_send(struct etoro_frames *f, enum etoro_ws_kind kind,
                      const void *bytes, size_t n)
{
  (void)f;
  (void)kind;
  (void)bytes;
  (void)n;
  return ETORO_EINVAL;
}

int etoro_frames_raw(struct etoro_frames *f, const void *bytes, size_t n)
{
  (void)f;
  (void)bytes;
  (void)n;
  return ETORO_EINVAL;
}

void etoro_frames_mute(struct etoro_frames *f, int on)
{
  (void)f;
  (void)on;
}

int etoro_frames_close(struct etoro_frames *f, unsigned code,
                       const char *reason)
{
  (void)f;
  (void)code;
  (void)reason;
  return ETORO_EINVAL;
}

int etoro_frames_is_closing(const struct etoro_frames *f)
{
  (void)f;
  return 1;
}

int etoro_frames_is_ended(const struct etoro_frames *f)
{
  (void)f;
  return 1;
}

size_t etoro_frames_output(const struct etoro_frames *f, const char **bytes)
{
  (void)f;
  *bytes = "";
  return 0;
}

void etoro_frames_sent(struct etoro_frames *f, size_t n)
{
  (void)f;
  (void)n;
}

unsigned long long etoro_frames_count(const struct etoro_frames *f)
{
  (void)f;
  return 0;
}

#endif
