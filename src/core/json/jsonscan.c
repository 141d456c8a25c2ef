#include "core/json/jsonscan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/jsonescape.h"
#include "core/json/jsonlex.h"
#include "core/json/jsonnum.h"
#include "core/json/jsonprobe.h"
#include "core/bytes/mask.h"
#include "core/bytes/secretname.h"
#include "core/limits.h"
#include "core/status.h"

#define EMPTY_LIST "\"\\u0000e\""
#define WORD_SAFE 15 /* no number this short needs a look */

/* A run over the input: what lies between copied and the place of a change
   is copied when the change is written. */
struct pass {
  struct etoro_scan *s;
  const char *copied; /* all before this is in s->text, if anything is */
  const char *end;
  size_t cap; /* of s->secrets */
  size_t depth; /* of brackets since a secret's name, all in it is sealed */
  int rc;     /* the first failure ends the run */
};

void etoro_scan_init(struct etoro_scan *s)
{
  memset(s, 0, sizeof *s);
  etoro_buf_init(&s->text, 0);
}

void etoro_scan_free(struct etoro_scan *s)
{
  size_t i;
  for (i = 0; i < s->nsecrets; i++)
    etoro_secret_free(s->secrets[i]);
  free(s->secrets);
  etoro_buf_free(&s->text);
  etoro_scan_init(s);
}

/* Writes what was passed over since the last change, up to to, then text;
   the input goes on at from. */
static int change(struct pass *r, const char *to, const char *text, size_t n,
                  const char *from)
{
  struct etoro_buf *out = &r->s->text;
  int rc = ETORO_OK;
  if (!r->s->is_changed) {
    size_t room = (size_t)(r->end - r->copied) + 64;
    rc = etoro_buf_reserve(out, room < out->max ? room : out->max);
    r->s->is_changed = 1;
    r->s->has_mark = 1;
  }
  if (!rc)
    rc = etoro_buf_add(out, r->copied, (size_t)(to - r->copied));
  if (!rc)
    rc = etoro_buf_add(out, text, n);
  r->copied = from;
  return rc;
}

/* Marks the top bit of the bytes of v that are a quote or a backslash. Of the
   marks only the lowest is sure to be right. */
static uint64_t specials(uint64_t v)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  uint64_t quote = v ^ (ones * '"');
  uint64_t slash = v ^ (ones * '\\');
  return (((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & (ones << 7);
}

/* The next quote or backslash, or the end. Eight bytes at a time: most of an
   answer is short strings, for which a call of memchr costs more. */
static const char *next_special(const char *p, const char *end)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (end - p >= 8) {
    uint64_t v, found;
    memcpy(&v, p, 8);
    found = specials(v);
    if (found)
      return p + __builtin_ctzll(found) / 8;
    p += 8;
  }
#endif
  while (p < end && *p != '"' && *p != '\\')
    p++;
  return p;
}

/* The closing quote of the string whose content starts at p, or the end. */
static const char *string_end(const char *p, const char *end, int *escapes)
{
  *escapes = 0;
  for (;;) {
    p = next_special(p, end);
    if (p == end || *p == '"')
      return p;
    *escapes = 1;
    if (end - p < 2)
      return end;
    p += 2;
  }
}

/* 1 when the raw text of a string is the name of a secret. */
static int is_secret_string(const char *p, const char *end, int escapes)
{
  char plain[ETORO_SECRET_NAME_MAX * ETORO_ESCAPE_LEN];
  size_t n = (size_t)(end - p);
  int ignored = 0;
  if (!escapes)
    return n > 2 && etoro_secretname_hint(end) && etoro_secretname_is(p, n);
  if (n > sizeof plain)
    return 0;
  return etoro_secretname_is(plain,
                             etoro_escape_undo(plain, p, end, &ignored));
}

static const char *skip_space(const char *p, const char *end)
{
  while (p < end && etoro_json_kind(p) & ETORO_JSON_SPACE)
    p++;
  return p;
}

/* The place behind the empty list at p; NULL when there is none. */
static const char *behind_empty_list(const char *p, const char *end)
{
  const char *q = skip_space(p + 1, end);
  return *p == '[' && q < end && *q == ']' ? q + 1 : NULL;
}

static int add_secret(struct pass *r, struct etoro_secret *secret)
{
  struct etoro_scan *s = r->s;
  if (s->nsecrets == ETORO_SCAN_SECRETS_MAX)
    return ETORO_ETOOBIG;
  if (s->nsecrets == r->cap) {
    size_t cap = r->cap ? r->cap * 2 : 4;
    struct etoro_secret **more = realloc(s->secrets, cap * sizeof *more);
    if (!more)
      return ETORO_ENOMEM;
    s->secrets = more;
    r->cap = cap;
  }
  s->secrets[s->nsecrets++] = secret;
  return ETORO_OK;
}

static int new_secret(struct etoro_secret **out, const char *p,
                      const char *end, int escapes, int *is_bad)
{
  size_t n = (size_t)(end - p);
  char *plain;
  int rc;
  if (!escapes)
    return etoro_secret_new(out, p, n);
  plain = malloc(n); /* not 0: there is an escape */
  if (!plain)
    return ETORO_ENOMEM;
  rc = etoro_secret_new(out, plain, etoro_escape_undo(plain, p, end, is_bad));
  etoro_wipe(plain, n);
  free(plain);
  return rc;
}

/* 1 when the n bytes are what JSON knows without quotes. */
static int is_json_word(const char *p, size_t n)
{
  struct etoro_number number;
  const char *point = memchr(p, '.', n);
  if ((n == 4 && !memcmp(p, "true", 4)) || (n == 5 && !memcmp(p, "false", 5)))
    return 1;
  if (point && (point + 1 == p + n || point[1] < '0' || point[1] > '9'))
    return 0;
  etoro_number_read(&number, p, n);
  return number.fit != ETORO_NUMBER_NONE;
}

/* Moves the text between p and end into a secret and puts a mark where the
   input from to up to from was. Junk leaves the text as broken as it was: a
   colon or two commas go before its mark. */
static int seal(struct pass *r, const char *p, const char *end, int escapes,
                const char *to, const char *from)
{
  struct etoro_secret *secret;
  char mark[32];
  int is_bad = *to != '"' && !is_json_word(p, (size_t)(end - p));
  int n, rc = new_secret(&secret, p, end, escapes, &is_bad);
  if (rc)
    return rc;
  rc = add_secret(r, secret);
  if (rc) {
    etoro_secret_free(secret);
    return rc;
  }
  if (*to == '"' && from == end)
    is_bad = 0; /* without its end it is broken as it is */
  n = snprintf(mark, sizeof mark, "%s\"\\u0000k%u\"",
               !is_bad    ? ""
               : r->depth ? ",,"
                          : ":",
               (unsigned)r->s->nsecrets);
  return change(r, to, mark, (size_t)n, from);
}

/* Seals the string whose opening quote is at p. Gives the place behind it. */
static const char *seal_string(struct pass *r, const char *p)
{
  int escapes;
  const char *q = string_end(p + 1, r->end, &escapes);
  const char *after = q < r->end ? q + 1 : q;
  r->rc = seal(r, p + 1, q, escapes, p, after);
  return after;
}

/* Seals what stands at p without an opening quote, but for null. */
static const char *seal_word(struct pass *r, const char *p)
{
  const char *q = p;
  while (q < r->end && !(etoro_json_kind(q) & ETORO_JSON_GAP))
    q++;
  if (q - p == 4 && memcmp(p, "null", 4) == 0)
    r->s->has_null = 1;
  else
    r->rc = seal(r, p, q, 0, p, q);
  return q;
}

/* Takes the value of a secret name; p is behind the colon. In broken text all
   that stands before the next comma or bracket is the value. */
static const char *take_secret(struct pass *r, const char *p)
{
  const char *end = r->end;
  while (!r->rc) {
    while (p < end && (etoro_json_kind(p) & ETORO_JSON_SPACE || *p == ':'))
      p++;
    if (p == end || etoro_json_kind(p) & ETORO_JSON_MARK)
      break;
    p = *p == '"' ? seal_string(r, p) : seal_word(r, p);
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

/* 1 when a string's content still ends where it did. */
static int is_content(const char *p, const char *end)
{
  while ((p = next_special(p, end)) < end) {
    if (*p == '"' || end - p < 2)
      return 0;
    p += 2;
  }
  return 1;
}

/* Looks into the string between p and end, which has escapes: half a pair of
   them would cost the whole text, and JSON in it may hold secrets. What was
   broken in there may lose one of two backslashes to the asterisks; so that it
   ends no string that went on, it becomes asterisks as a whole. */
static int mend_string(struct pass *r, const char *p, const char *end)
{
  size_t n = (size_t)(end - p);
  char *copy;
  int rc = ETORO_OK, may_hold = etoro_mask_may_hold(p, n);
  if (!n || (!may_hold && !etoro_escape_has_half(p, end)))
    return ETORO_OK;
  copy = malloc(n);
  if (!copy)
    return ETORO_ENOMEM;
  memcpy(copy, p, n);
  etoro_escape_mend(copy, copy + n);
  if (may_hold)
    etoro_mask_named(copy, n, ETORO_MASK_JSON);
  if (may_hold && !is_content(copy, copy + n))
    memset(copy, '*', n);
  if (memcmp(copy, p, n) != 0)
    rc = change(r, p, copy, n, end);
  etoro_wipe(copy, n);
  free(copy);
  return rc;
}

/* A string whose content starts at p. Gives the place behind it, and behind
   its value when it names a secret. */
static const char *pass_string(struct pass *r, const char *p)
{
  const char *end = r->end, *after;
  int escapes;
  const char *q = string_end(p, end, &escapes);
  after = q < end ? q + 1 : q;
  if (is_secret_string(p, q, escapes))
    return is_name(&after, end) ? take_secret(r, after) : after;
  if (!escapes)
    return after;
  if (q - p >= ETORO_ESCAPE_LEN && memcmp(p, "\\u0000", ETORO_ESCAPE_LEN) == 0
      && !is_name(&after, end)) { /* marks are read in values only */
    r->rc = change(r, p + ETORO_ESCAPE_LEN, "s", 1, p + ETORO_ESCAPE_LEN);
    p += ETORO_ESCAPE_LEN;
  }
  if (!r->rc)
    r->rc = mend_string(r, p, q);
  return after;
}

/* A word of n bytes that may be a number which must be marked. */
static int pass_number(struct pass *r, const char *p, size_t n)
{
  struct etoro_number number;
  char mark[40];
  int size, rc;
  etoro_number_read(&number, p, n);
  if (number.is_wide)
    r->s->has_wide = 1;
  switch (number.fit) {
  case ETORO_NUMBER_INT64:
    size = snprintf(mark, sizeof mark, "\"\\u0000i%s%llu\"",
                    number.is_negative ? "-" : "",
                    (unsigned long long)number.magnitude);
    return change(r, p, mark, (size_t)size, p + n);
  case ETORO_NUMBER_TEXT:
    rc = change(r, p, "\"\\u0000n", ETORO_ESCAPE_LEN + 2, p);
    return rc ? rc : change(r, p + n, "\"", 1, p + n);
  case ETORO_NUMBER_NONE:
  case ETORO_NUMBER_DOUBLE:
    break;
  }
  return ETORO_OK;
}

/* A number, true, false, null or junk at p. Gives the place behind it. */
static const char *pass_word(struct pass *r, const char *p)
{
  const char *q = p, *end = r->end, *after;
  unsigned seen = 0, first = etoro_json_kind(p);
  while (q < end && !(etoro_json_kind(q) & ETORO_JSON_BREAK))
    seen |= etoro_json_kind(q++);
  if (first & ETORO_JSON_DIGIT) {
    if (q - p > WORD_SAFE || seen & ETORO_JSON_EXPONENT)
      r->rc = pass_number(r, p, (size_t)(q - p));
  } else if (q - p == 4 && memcmp(p, "null", 4) == 0)
    r->s->has_null = 1;
  if (q == end || *q != '"' || !etoro_secretname_is(p, (size_t)(q - p)))
    return q;
  /* A quote is missing in front of a secret's name: the text is broken, and
     what was taken for strings and what for gaps has changed places. */
  after = q + 1;
  return is_name(&after, end) ? take_secret(r, after) : q;
}

/* A bracket that opens a list, at p. */
static const char *pass_list(struct pass *r, const char *p)
{
  const char *after = behind_empty_list(p, r->end);
  if (!after)
    return p + 1;
  r->rc = change(r, p, EMPTY_LIST, sizeof EMPTY_LIST - 1, after);
  return after;
}

/* One step inside the brackets behind a secret's name: all but names is
   sealed. */
static const char *pass_sealed(struct pass *r, const char *p)
{
  const char *after;
  int ignored;
  if (*p == '[' || *p == '{')
    r->depth++;
  if (*p == ']' || *p == '}')
    r->depth--;
  if (etoro_json_kind(p) & ETORO_JSON_GAP)
    return p + 1;
  if (*p != '"')
    return seal_word(r, p);
  after = string_end(p + 1, r->end, &ignored);
  after += after < r->end;
  return is_name(&after, r->end) ? after : seal_string(r, p);
}

static void walk(struct pass *r, const char *p)
{
  while (p < r->end && !r->rc) {
    unsigned k = etoro_json_kind(p);
    if (r->depth)
      p = pass_sealed(r, p);
    else if (*p == '[')
      p = pass_list(r, p);
    else if (k & ETORO_JSON_GAP)
      p++;
    else if (k & ETORO_JSON_QUOTE)
      p = pass_string(r, p + 1);
    else
      p = pass_word(r, p);
  }
}

int etoro_scan_run(struct etoro_scan *s, const char *json, size_t n,
                   size_t max)
{
  struct etoro_probe seen;
  struct pass r;
  etoro_scan_init(s);
  if (!etoro_probe_run(&seen, json, n)) {
    s->has_null = seen.has_null;
    s->has_wide = seen.has_wide;
    return ETORO_OK;
  }
  etoro_buf_init(&s->text, max);
  r.s = s;
  r.copied = json;
  r.end = json + n;
  r.cap = 0;
  r.depth = 0;
  r.rc = ETORO_OK;
  walk(&r, json);
  if (!r.rc && s->is_changed)
    r.rc = etoro_buf_add(&s->text, r.copied, (size_t)(r.end - r.copied));
  return r.rc;
}
