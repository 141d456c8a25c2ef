#include "core/rails.h"

#include <stddef.h>

static int hex(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of a path as a server would read it, in lower case. */
static char take(const char **at)
{
  char c = **at;
  if (c == '%' && hex((*at)[1]) >= 0 && hex((*at)[2]) >= 0) {
    c = (char)(hex((*at)[1]) * 16 + hex((*at)[2]));
    *at += 2;
  }
  (*at)++;
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* 1 when the path has that segment, however it is written. */
static int has_segment(const char *path, const char *segment)
{
  const char *want = segment;
  int is_match = 0;
  while (*path && *path != '?') {
    char c = take(&path);
    if (c == '/' || c == '\\') {
      if (is_match && !*want)
        return 1;
      is_match = 1;
      want = segment;
    } else if (is_match && *want && c == *want)
      want++;
    else
      is_match = 0;
  }
  return is_match && !*want;
}

enum etoro_code etoro_rails_check(const struct etoro_job *j)
{
  const struct etoro_client *c = j->client;
  if (!j->is_write)
    return ETORO_CODE_NONE;
  if (c->is_dry)
    return ETORO_CODE_DRY_RUN;
  if (c->is_halted && j->priority != ETORO_PRIORITY_EXIT)
    return ETORO_CODE_HALTED;
  if (c->is_demo && has_segment(j->target, "trading")
      && !has_segment(j->target, "demo"))
    return ETORO_CODE_NOT_DEMO;
  return ETORO_CODE_NONE;
}
