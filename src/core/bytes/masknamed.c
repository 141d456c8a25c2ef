#include "core/bytes/mask.h"

#include <string.h>

#include "core/bytes/secretname.h"
#include "core/limits.h"

#define ROOM (2 * ETORO_SECRET_NAME_MAX)

struct text {
  char *end;
  enum etoro_mask_mode mode;
};

/* A quote, which may be escaped, and how often. */
struct quote {
  size_t len;     /* 0: there is none */
  size_t slashes; /* in front of it */
  char c;
};

static int starts_with(const char *p, const char *end, const char *what)
{
  size_t n = strlen(what);
  return (size_t)(end - p) >= n && !memcmp(p, what, n);
}

/* The quote at p: " or \" or \u0022; in plain text also those of HTML and
   URLs, and '. */
static struct quote read_quote(const struct text *t, const char *p)
{
  struct quote q = { 0, 0, '"' };
  const char *at = p;
  while (at < t->end && *at == '\\')
    at++;
  q.slashes = (size_t)(at - p);
  if (at == t->end || (!q.slashes && t->mode == ETORO_MASK_JSON))
    return q;
  if (*at == '"' || (*at == '\'' && t->mode == ETORO_MASK_TEXT)) {
    q.c = *at;
    q.len = q.slashes + 1;
  } else if (q.slashes && starts_with(at, t->end, "u0022")) {
    q.len = q.slashes + 5;
  } else if (t->mode == ETORO_MASK_TEXT && !q.slashes) {
    if (starts_with(at, t->end, "&quot;"))
      q.len = 6;
    else if (starts_with(at, t->end, "&#34;"))
      q.len = 5;
    else if (starts_with(at, t->end, "%22"))
      q.len = 3;
  }
  return q;
}

static char *skip_blanks(const struct text *t, char *p)
{
  while (p < t->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
    p++;
  return p;
}

/* The bytes of what must be replaced as a whole, or escapes would break. */
static size_t unit_at(const struct text *t, const char *p)
{
  size_t left = (size_t)(t->end - p), n = 1;
  if (*p == '\\')
    n = left > 1 && p[1] == 'u' ? 6 : 2;
  return n < left ? n : left;
}

static char *blank_unit(const struct text *t, char *p)
{
  size_t n = unit_at(t, p);
  memset(p, '*', n);
  return p + n;
}

/* 1 when a quote closes what another one has opened: backslashes between them
   stand in front of quotes in pairs. A quote with fewer is that of a text
   around it. */
static int closes(const struct quote *open, const struct quote *q)
{
  if (q->c != open->c)
    return 0;
  return q->slashes < open->slashes
         || (q->slashes - open->slashes) % (2 * (open->slashes + 1)) == 0;
}

/* Blanks what stands behind an opening quote; gives the place behind the
   closing one. */
static char *blank_quoted(const struct text *t, char *p,
                          const struct quote *open)
{
  while (p < t->end) {
    struct quote q = read_quote(t, p);
    if (!q.len) {
      p = blank_unit(t, p);
      continue;
    }
    if (closes(open, &q)) {
      if (q.slashes > open->slashes)
        memset(p, '*', q.slashes - open->slashes);
      return p + q.len;
    }
    memset(p, '*', q.len);
    p += q.len;
  }
  return p;
}

/* Blanks all texts and words of the list or object at p. */
static char *blank_nested(const struct text *t, char *p)
{
  size_t depth = 0;
  do {
    struct quote q = read_quote(t, p);
    if (q.len) {
      p = blank_quoted(t, p + q.len, &q);
      continue;
    }
    if (*p == '[' || *p == '{')
      depth++;
    if (*p == ']' || *p == '}')
      depth--;
    if (strchr("[]{},: \t\r\n", *p))
      p++;
    else
      p = blank_unit(t, p);
  } while (depth && p < t->end);
  return p;
}

static int ends_word(const struct text *t, char c)
{
  if (t->mode == ETORO_MASK_JSON)
    return c && strchr(",]} \t\r\n\\", c);
  return c && strchr(",]}&;<\"'\\ \t\r\n", c);
}

/* A word behind a colon may be a sentence's. In JSON only numbers go without
   quotes. */
static int is_prose(const struct text *t, const char *p, size_t n)
{
  size_t i;
  if (t->mode == ETORO_MASK_JSON)
    return !n || (*p != '-' && (*p < '0' || *p > '9'));
  if (n >= ETORO_PROSE_MAX)
    return 0;
  for (i = 0; i < n; i++)
    if (p[i] >= '0' && p[i] <= '9')
      return 0;
  return 1;
}

static char *blank_word(const struct text *t, char *p, int after_colon)
{
  char *q = p;
  size_t n;
  while (q < t->end && !ends_word(t, *q))
    q++;
  n = (size_t)(q - p);
  /* null says that there is none, which a reader may need to see. */
  if ((n == 4 && !memcmp(p, "null", 4)) || (after_colon && is_prose(t, p, n)))
    return q;
  memset(p, '*', n);
  return q;
}

/* The bytes of what stands between a name and its value at p; 0: nothing. */
static size_t separator_at(const struct text *t, const char *p)
{
  if (p == t->end)
    return 0;
  if (*p == ':')
    return 1;
  if (t->mode == ETORO_MASK_JSON)
    return 0;
  if (starts_with(p, t->end, "=>"))
    return 2;
  if (*p == '=' || *p == '>')
    return 1;
  return starts_with(p, t->end, "%3D") || starts_with(p, t->end, "%3A") ? 3
                                                                        : 0;
}

/* Blanks the value of the name that ends at p, if it has one. Gives the place
   to go on from. */
static char *blank_value(const struct text *t, char *p, int *found)
{
  struct quote q = read_quote(t, p);
  char *at = skip_blanks(t, p + q.len);
  size_t separator = separator_at(t, at);
  int is_quoted = q.len > 0, after_colon = separator == 1 && *at == ':';
  if (t->mode == ETORO_MASK_JSON && (!is_quoted || !separator))
    return p;
  at = skip_blanks(t, at + separator);
  q = read_quote(t, at);
  if (at == t->end || (!separator && !(is_quoted && q.len)))
    return p;
  *found = 1;
  if (q.len)
    return blank_quoted(t, at + q.len, &q);
  if (*at == '[' || *at == '{')
    return blank_nested(t, at);
  return blank_word(t, at,
                    after_colon && (!is_quoted || t->mode == ETORO_MASK_JSON));
}

/* A name that is being read, its escapes undone. */
struct name {
  char text[ROOM];
  size_t n;
  int is_cut; /* there were more in front */
};

static void add_to_name(struct name *name, char c)
{
  /* Secrets' names are told by their end, so the first half of a long one may
     go. */
  if (name->n == ROOM) {
    name->n = ROOM / 2;
    memmove(name->text, name->text + ROOM / 2, name->n);
    name->is_cut = 1;
  }
  name->text[name->n++] = c;
}

/* Outside of quotes, blanks behind it are none of it. */
static int is_secret(const struct text *t, const struct name *name)
{
  size_t n = name->n;
  /* In JSON the whole name is there, and has to be one; in a text it may
     follow any word. */
  if (t->mode == ETORO_MASK_JSON)
    return !name->is_cut && etoro_secretname_is(name->text, n);
  while (n && etoro_secretname_gap(name->text[n - 1]))
    n--;
  return etoro_secretname_ends(name->text, name->text + n);
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a character of a name, which may be escaped; gives its bytes. */
static size_t read_letter(const char *p, const char *end, char *c)
{
  const char *q = p;
  int high, low;
  *c = *p;
  while (q < end && *q == '\\')
    q++;
  if (q == p || !starts_with(q, end, "u00") || end - q < 5)
    return 1;
  high = hex_value(q[3]);
  low = hex_value(q[4]);
  if (high < 2 || high > 7 || low < 0)
    return 1;
  *c = (char)(high * 16 + low);
  return (size_t)(q + 5 - p);
}

static int is_letter(char c)
{
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'z';
}

/* By name, for what was never seen before: an answer that mints a token, a
   login page. One walk, in place; what looks like a name and has no value is
   left. */
int etoro_mask_named(char *bytes, size_t n, enum etoro_mask_mode mode)
{
  const struct text t = { bytes + n, mode };
  struct name name = { { 0 }, 0, 0 };
  char *p = bytes;
  int found = 0;
  while (p < t.end) {
    char c;
    size_t len = read_letter(p, t.end, &c);
    if (is_letter(c) || (name.n && etoro_secretname_gap(c))) {
      add_to_name(&name, c);
    } else {
      int is_one = name.n && is_secret(&t, &name);
      name.n = 0;
      name.is_cut = 0;
      if (is_one) {
        char *behind = blank_value(&t, p, &found);
        if (behind > p) {
          p = behind;
          continue;
        }
      }
    }
    p += len;
  }
  return found;
}

int etoro_mask_may_hold(const char *bytes, size_t n)
{
  const char *p = bytes, *end = bytes + n;
  while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
    char c;
    if (etoro_secretname_ends(bytes, p))
      return 1;
    if (read_letter(p, end, &c) > 1
        && (is_letter(c) || etoro_secretname_gap(c)))
      return 1;
    if (++p == end)
      break;
  }
  return 0;
}
