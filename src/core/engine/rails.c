#include "core/engine/rails.h"

#include <stddef.h>
#include <string.h>

#include "core/bytes/ascii.h"

static int hex(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of a path as the most lenient of servers would read it:
   in lower case, unescaped as often as it can be. */
static char take(const char **at)
{
  char c = **at;
  while (c == '%' && hex((*at)[1]) >= 0 && hex((*at)[2]) >= 0) {
    c = (char)(hex((*at)[1]) * 16 + hex((*at)[2]));
    *at += 2;
  }
  (*at)++;
  return etoro_lower(c);
}

static int is_end(char c)
{
  return !c || c == '?' || c == '#';
}

static const char word[] = "trading";

/* 1 when a percent sign was read whose own digits are escaped: what it hides
   is left open. */
static int is_hidden(char c, const char *rest)
{
  return c == '%' && *rest && (*rest == '%' || rest[1] == '%');
}

/* How often a path may be about trading; no letter of the word comes twice. */
static int count_hints(const char *path)
{
  int hints = 0;
  size_t n = 0;
  while (!is_end(*path)) {
    char c = take(&path);
    n = c == word[n] ? n + 1 : c == word[0];
    if (is_hidden(c, path) || n == sizeof word - 1) {
      hints++;
      n = 0;
    }
  }
  return hints;
}

static int is_plain_char(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z') || (c && strchr("-._~", c) != NULL);
}

/* 1 when there is one way to read a path. */
static int is_plain(const char *path)
{
  for (; !is_end(*path); path++) {
    if (*path != '/' && !is_plain_char(*path))
      return 0;
    if (*path == '/' && (path[1] == '/' || path[1] == '.'))
      return 0;
  }
  return 1;
}

/* 1 when what comes after "/trading/" is of the demo account: "demo/x" or
   "part/demo/x". */
static int is_demo(const char *rest)
{
  static const char demo[] = "demo/";
  const size_t n = sizeof demo - 1;
  if (strncmp(rest, demo, n) != 0) {
    rest += strcspn(rest, "/?#");
    if (*rest != '/' || strncmp(++rest, demo, n) != 0)
      return 0;
  }
  return !is_end(rest[n]);
}

static int count_demo(const char *path)
{
  static const char trading[] = "/trading/";
  const size_t n = sizeof trading - 1;
  int count = 0;
  for (; !is_end(*path); path++)
    count += !strncmp(path, trading, n) && is_demo(path + n);
  return count;
}

/* 1 when a server might read a path as one of the real account's trading. */
static int may_be_real(const char *path)
{
  int hints = count_hints(path);
  return hints && (!is_plain(path) || count_demo(path) != hints);
}

enum etoro_code etoro_rails_check(const struct etoro_job *j)
{
  const struct etoro_client *c = j->client;
  if (!j->is_write)
    return ETORO_CODE_NONE;
  if (c->is_dry)
    return ETORO_CODE_DRY_RUN;
  if (etoro_client_is_halted(c) && j->priority != ETORO_PRIORITY_EXIT)
    return ETORO_CODE_HALTED;
  if (c->is_demo && may_be_real(j->url + strlen(c->base.origin)))
    return ETORO_CODE_NOT_DEMO;
  return ETORO_CODE_NONE;
}
