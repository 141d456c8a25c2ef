#include "core/json/jsonhide.h"

#include <string.h>

#include "core/bytes/secret.h"
#include "core/bytes/secretname.h"
#include "core/json/jsonescape.h"
#include "core/json/jsonlex.h"
#include "core/limits.h"
#include "core/status.h"

/* A run over the input: what lies between copied and the place of a secret is
   copied when that is hidden. */
struct pass {
  struct etoro_buf *out;
  const char *copied; /* all before this is in out */
  const char *end;
  size_t depth; /* of brackets since a secret's name, all in it is hidden */
  int rc;       /* the first failure ends the run */
};

/* Puts asterisks where the input from to up to from is. */
static void hide(struct pass *r, const char *to, const char *from)
{
  r->rc = etoro_buf_add(r->out, r->copied, (size_t)(to - r->copied));
  if (!r->rc)
    r->rc = etoro_buf_puts(r->out, "\"****\"");
  r->copied = from;
}

/* The closing quote of the string whose content starts at p, or the end. */
static const char *string_end(const char *p, const char *end)
{
  while (p < end && *p != '"')
    p += *p == '\\' && end - p > 1 ? 2 : 1;
  return p;
}

static int is_secret_string(const char *p, const char *end)
{
  char plain[ETORO_SECRET_NAME_MAX * ETORO_ESCAPE_LEN];
  size_t n = (size_t)(end - p);
  int is_secret, ignored = 0;
  if (n > sizeof plain)
    return 0;
  if (!memchr(p, '\\', n))
    return etoro_secretname_is(p, n);
  n = etoro_escape_undo(plain, p, end, &ignored);
  is_secret = etoro_secretname_is(plain, n);
  etoro_wipe(plain, n);
  return is_secret;
}

static const char *skip_space(const char *p, const char *end)
{
  while (p < end && etoro_json_kind(p) & ETORO_JSON_SPACE)
    p++;
  return p;
}

/* Hides the string whose opening quote is at p. Gives the place behind it. */
static const char *hide_string(struct pass *r, const char *p)
{
  const char *q = string_end(p + 1, r->end);
  q += q < r->end;
  hide(r, p, q);
  return q;
}

/* Hides what stands at p without an opening quote, but for null. */
static const char *hide_word(struct pass *r, const char *p)
{
  const char *q = p;
  while (q < r->end && !(etoro_json_kind(q) & ETORO_JSON_GAP))
    q++;
  if (q - p != 4 || memcmp(p, "null", 4) != 0)
    hide(r, p, q);
  return q;
}

/* Takes the value of a secret name; p is behind the colon. */
static const char *take_secret(struct pass *r, const char *p)
{
  const char *end = r->end;
  while (!r->rc) {
    while (p < end && (etoro_json_kind(p) & ETORO_JSON_SPACE || *p == ':'))
      p++;
    if (p == end || etoro_json_kind(p) & ETORO_JSON_MARK)
      break;
    p = *p == '"' ? hide_string(r, p) : hide_word(r, p);
  }
  if (p < end && (*p == '[' || *p == '{'))
    r->depth = 1;
  return r->depth ? p + 1 : p;
}

/* 1 when the string that ended before p is a name. */
static int is_name(const char **p, const char *end)
{
  const char *colon = skip_space(*p, end);
  if (colon == end || *colon != ':')
    return 0;
  *p = colon + 1;
  return 1;
}

/* A string whose content starts at p. Gives the place behind it, and behind
   its value when it names a secret. */
static const char *pass_string(struct pass *r, const char *p)
{
  const char *q = string_end(p, r->end);
  const char *after = q + (q < r->end);
  if (is_secret_string(p, q) && is_name(&after, r->end))
    return take_secret(r, after);
  return after;
}

/* A word at p. Gives the place behind it. */
static const char *pass_word(struct pass *r, const char *p)
{
  const char *q = p, *after;
  while (q < r->end && !(etoro_json_kind(q) & ETORO_JSON_BREAK))
    q++;
  if (q == r->end || *q != '"' || !is_secret_string(p, q))
    return q;
  /* A quote is missing in front of a secret's name: the text is broken, and
     what was taken for strings and what for gaps has changed places. */
  after = q + 1;
  return is_name(&after, r->end) ? take_secret(r, after) : q;
}

/* One step inside the brackets behind a secret's name: all but names is
   hidden. */
static const char *pass_hidden(struct pass *r, const char *p)
{
  const char *after;
  if (*p == '[' || *p == '{')
    r->depth++;
  if (*p == ']' || *p == '}')
    r->depth--;
  if (etoro_json_kind(p) & ETORO_JSON_GAP)
    return p + 1;
  if (*p != '"')
    return hide_word(r, p);
  after = string_end(p + 1, r->end);
  after += after < r->end;
  return is_name(&after, r->end) ? after : hide_string(r, p);
}

int etoro_json_hide(struct etoro_buf *out, const char *json, size_t n)
{
  struct pass r = { out, json, json + n, 0, ETORO_OK };
  const char *p = json;
  while (p < r.end && !r.rc) {
    unsigned kind = etoro_json_kind(p);
    if (r.depth)
      p = pass_hidden(&r, p);
    else if (kind & ETORO_JSON_GAP)
      p++;
    else if (kind & ETORO_JSON_QUOTE)
      p = pass_string(&r, p + 1);
    else
      p = pass_word(&r, p);
  }
  if (!r.rc)
    r.rc = etoro_buf_add(out, r.copied, (size_t)(r.end - r.copied));
  return r.rc;
}
