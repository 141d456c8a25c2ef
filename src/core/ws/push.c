#include "core/ws/push.h"

#include <math.h>
#include <string.h>

#include "core/bytes/ascii.h"
#include "core/bytes/decimal.h"
#include "core/json/jsonlex.h"
#include "core/json/jsonnum.h"
#include "core/limits.h"
#include "core/status.h"

struct cursor {
  const char *p, *end;
};

static void skip_space(struct cursor *c)
{
  while (etoro_json_kind(c->p) & ETORO_JSON_SPACE)
    c->p++;
}

/* Takes one character with the blanks around it; 0: another one is there. */
static int take(struct cursor *c, char mark)
{
  skip_space(c);
  if (*c->p != mark)
    return 0;
  c->p++;
  skip_space(c);
  return 1;
}

static int take_string(struct cursor *c, struct etoro_span *out)
{
  const char *start = c->p + 1, *q;
  if (*c->p != '"')
    return 0;
  q = etoro_json_string_end(start, c->end, &out->has_escapes);
  if (*q != '"')
    return 0;
  out->p = start;
  out->n = (size_t)(q - start);
  c->p = q + 1;
  return 1;
}

/* A number or a word. */
static int take_word(struct cursor *c, struct etoro_span *out)
{
  out->p = c->p;
  out->has_escapes = 0;
  while ((unsigned char)*c->p > ' '
         && !(etoro_json_kind(c->p) & ETORO_JSON_BREAK))
    c->p++;
  out->n = (size_t)(c->p - out->p);
  return out->n > 0;
}

/* A list or an object; what is in it is not looked at. */
static int take_nested(struct cursor *c)
{
  struct etoro_span ignored;
  int depth = 0;
  do {
    if (*c->p == '"') {
      if (!take_string(c, &ignored))
        return 0;
      continue;
    }
    depth += *c->p == '{' || *c->p == '[';
    depth -= *c->p == '}' || *c->p == ']';
    if (c->p >= c->end)
      return 0;
    c->p++;
  } while (depth > 0);
  return 1;
}

/* A value; *is_string tells which kind, and out has nothing of a list or an
   object. */
static int take_value(struct cursor *c, struct etoro_span *out, int *is_string)
{
  memset(out, 0, sizeof *out);
  *is_string = *c->p == '"';
  if (*is_string)
    return take_string(c, out);
  if (*c->p == '{' || *c->p == '[')
    return take_nested(c);
  return take_word(c, out);
}

static int take_name(struct cursor *c, struct etoro_span *name)
{
  return take_string(c, name) && take(c, ':');
}

static int is_word(const struct etoro_span *s, const char *word, size_t n)
{
  return s->n == n && !memcmp(s->p, word, n);
}

#define IS(span, literal) is_word(span, literal, sizeof literal - 1)

static int read_message(struct cursor *c, struct etoro_push *out)
{
  struct etoro_span name, value;
  int is_string;
  if (!take(c, '{'))
    return 0;
  do {
    if (!take_name(c, &name) || !take_value(c, &value, &is_string))
      return 0;
    if (!is_string)
      continue;
    if (IS(&name, "topic"))
      out->topic = value;
    else if (IS(&name, "type"))
      out->type = value;
    else if (IS(&name, "content"))
      out->content = value;
  } while (take(c, ','));
  return take(c, '}');
}

int etoro_push_read(struct etoro_push *out, const char *text, size_t n)
{
  struct cursor c = { text, text + n };
  struct etoro_span name;
  memset(out, 0, sizeof *out);
  if (!take(&c, '{') || !take_name(&c, &name) || !IS(&name, "messages")
      || !take(&c, '[') || !read_message(&c, out))
    return 0;
  return take(&c, ']') && take(&c, '}') && c.p == c.end;
}

long etoro_push_instrument(const struct etoro_span *topic)
{
  static const char head[] = "instrument:";
  size_t i, n = sizeof head - 1;
  long id = 0;
  if (topic->n <= n || topic->n > n + ETORO_INSTRUMENT_DIGITS
      || memcmp(topic->p, head, n) || topic->p[n] == '0')
    return 0;
  for (i = n; i < topic->n; i++) {
    if (!etoro_is_digit(topic->p[i]))
      return 0;
    id = id * 10 + (topic->p[i] - '0');
  }
  return id;
}

#define NAME(constant, name, own) { name, sizeof(name) - 1 },

static const struct {
  const char *text;
  size_t n;
} names[] = { ETORO_TICK_PRICES(NAME) ETORO_TICK_FLAGS(NAME)
                  ETORO_TICK_TEXTS(NAME) };

static int field_of(const struct etoro_span *name)
{
  int i;
  for (i = 0; i < ETORO_TICK_FIELDS; i++)
    if (is_word(name, names[i].text, names[i].n))
      return i;
  return -1;
}

static void trim(struct etoro_span *s)
{
  for (; s->n && etoro_json_kind(s->p) & ETORO_JSON_SPACE; s->n--)
    s->p++;
  for (; s->n && etoro_json_kind(s->p + s->n - 1) & ETORO_JSON_SPACE; s->n--)
    ;
}

/* The number that a text is; as JSON writes one in the short way. */
static int read_number(double *out, const struct etoro_span *text)
{
  struct etoro_number number;
  const char *p = text->p;
  if (text->n && etoro_is_digit(*p)
      && etoro_number_read(&number, &p) == ETORO_OK && p == text->p + text->n
      && number.kind != ETORO_NUMBER_TEXT) {
    *out = number.kind == ETORO_NUMBER_REAL ? number.real
                                            : (double)number.integer;
    return ETORO_OK;
  }
  return etoro_decimal_read(out, text->p, text->n);
}

static int read_price(struct etoro_tick_value *out, struct etoro_span text)
{
  int rc;
  trim(&text);
  if (!text.n) /* nothing, a list or an object */
    return 1;
  rc = read_number(&out->number, &text);
  if (rc == ETORO_ENOMEM)
    return 0;
  if (!rc && isfinite(out->number))
    out->kind = out->number > 0 ? ETORO_TICK_NUMBER : ETORO_TICK_NONE;
  return 1;
}

static int read_field(struct etoro_tick *out, int field,
                      const struct etoro_span *text, int is_string)
{
  struct etoro_tick_value *v = &out->field[field];
  v->kind = ETORO_TICK_IGNORED;
  if (field < ETORO_TICK_MARKET_OPEN)
    return read_price(v, *text);
  if (field < ETORO_TICK_DATE) {
    if (IS(text, "true") || IS(text, "True"))
      v->kind = ETORO_TICK_TRUE;
    else if (IS(text, "false") || IS(text, "False"))
      v->kind = ETORO_TICK_FALSE;
  } else if (text->n && text->n <= ETORO_TICK_TEXT_MAX
             && (is_string || field == ETORO_TICK_RATE_ID)
             && (is_string || !IS(text, "null"))) {
    v->kind = ETORO_TICK_TEXT;
    v->text = *text;
  }
  return 1;
}

int etoro_tick_read(struct etoro_tick *out, const char *text, size_t n)
{
  struct cursor c = { text, text + n };
  struct etoro_span name, value;
  int i, field, is_string;
  for (i = 0; i < ETORO_TICK_FIELDS; i++)
    out->field[i].kind = ETORO_TICK_ABSENT;
  if (!take(&c, '{'))
    return 0;
  if (*c.p != '}') {
    do {
      if (!take_name(&c, &name) || !take_value(&c, &value, &is_string))
        return 0;
      field = field_of(&name);
      if (field >= 0 && !read_field(out, field, &value, is_string))
        return 0;
    } while (take(&c, ','));
  }
  return take(&c, '}') && c.p == c.end;
}

/* Whether the n bytes begin as 2026-12-31T23:59:59 does, and end with Z. */
static int is_date(const char *p, size_t n)
{
  static const char form[] = "0000-00-00T00:00:00";
  size_t i;
  if (n < sizeof form || p[n - 1] != 'Z')
    return 0;
  for (i = 0; i < sizeof form - 1; i++)
    if (form[i] == '0' ? !etoro_is_digit(p[i]) : p[i] != form[i])
      return 0;
  return 1;
}

int etoro_tick_is_late(const struct etoro_span *date, const char *newest,
                       size_t n)
{
  const size_t whole = sizeof "2026-12-31T23:59:59" - 1;
  size_t least = date->n < n ? date->n : n;
  int order;
  if (date->has_escapes || !is_date(date->p, date->n) || !is_date(newest, n))
    return 0;
  order = memcmp(date->p, newest, whole);
  if (order)
    return order < 0;
  /* the fractions; "Z" is above all digits, so the shorter one ends first */
  order = memcmp(date->p + whole, newest + whole, least - whole - 1);
  return order < 0 || (order == 0 && date->n < n);
}
