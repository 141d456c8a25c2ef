#include "core/engine/rails.h"

#include <stdlib.h>
#include <string.h>

#include "core/net/lenient.h"

static int is_end(char c)
{
  return !c || c == '?' || c == '#';
}

static const char word[] = "trading";

/* How often a path, read leniently, is about trading; no letter of the word
   comes twice. */
static int count_hints(const char *path, size_t len)
{
  int hints = 0;
  size_t i, n = 0;
  for (i = 0; i < len; i++) {
    n = path[i] == word[n] ? n + 1 : path[i] == word[0];
    if (n == sizeof word - 1) {
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
   "part/demo/x"; copies alone end with it, "copy/demo". */
static int is_demo(const char *rest)
{
  static const char demo[] = "/demo", copy[] = "copy";
  const size_t n = sizeof demo - 1;
  size_t part = 0;
  if (strncmp(rest, demo + 1, n - 1) == 0 && rest[n - 1] == '/')
    return !is_end(rest[n]);
  part = strcspn(rest, "/?#");
  if (strncmp(rest + part, demo, n) != 0)
    return 0;
  if (rest[part + n] == '/')
    return !is_end(rest[part + n + 1]);
  return is_end(rest[part + n]) && part == sizeof copy - 1
         && strncmp(rest, copy, part) == 0;
}

/* How often a path is of demo trading, or of sub-accounts, whose provider's name
   has the word in it. */
static int count_harmless(const char *path)
{
  static const char trading[] = "/trading/";
  static const char provider[] = "/sub-accounts/etoro-trading/";
  const size_t n = sizeof trading - 1;
  int count = 0;
  for (; !is_end(*path); path++)
    count += (!strncmp(path, trading, n) && is_demo(path + n))
             || !strncmp(path, provider, sizeof provider - 1);
  return count;
}

/* Why a demo client does not write on a path: a server might read it as one of
   the real account's trading. */
static enum etoro_code check_demo(const char *path)
{
  size_t n = strlen(path);
  char *read = malloc(n + 1);
  /* Read as leniently as any server might, and allowed only when it is plain:
     what could be read as trading in one way more than as harmless is
     refused. */
  int hints;
  if (!read)
    return ETORO_CODE_OUT_OF_MEMORY;
  hints = count_hints(read, etoro_lenient_path(read, path, n));
  free(read);
  return hints && (!is_plain(path) || count_harmless(path) != hints)
             ? ETORO_CODE_NOT_DEMO
             : ETORO_CODE_NONE;
}

enum etoro_code etoro_rails_check(const struct etoro_job *j)
{
  const struct etoro_client *c = j->client;
  /* Reads pass: they move no money, and say what a halted program holds. */
  if (!j->is_write)
    return ETORO_CODE_NONE;
  if (c->is_dry)
    return ETORO_CODE_DRY_RUN;
  /* An exit passes a halt, which is there to lessen the risk. */
  if (etoro_client_is_halted(c) && j->priority != ETORO_PRIORITY_EXIT)
    return ETORO_CODE_HALTED;
  return c->is_demo ? check_demo(j->url + strlen(c->base.origin))
                    : ETORO_CODE_NONE;
}
