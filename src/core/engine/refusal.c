#include "core/engine/refusal.h"

#include <string.h>

#include "core/json/jsonlex.h"
#include "core/limits.h"

struct reader {
  const char *at;
  const char *end;
};

/* What the members of an object say. */
struct said {
  int has_error_code; /* a text */
  int has_code;       /* a text */
  int has_failed;     /* "success" is false */
  int has_inner_code; /* "error" is an object with a code */
};

struct word {
  const char *text;
  size_t len;
};

/* A reader of its own, as it runs in the engine, where the decoder of answers,
   and Lua, are not at hand. All that it has to tell is whether the API itself
   has spoken, so values are passed over and never built. */
static int read_object(struct reader *r, struct said *said, int depth);

static void skip_space(struct reader *r)
{
  while (r->at < r->end && etoro_json_kind(r->at) == ETORO_JSON_SPACE)
    r->at++;
}

static int take(struct reader *r, char c)
{
  skip_space(r);
  if (r->at == r->end || *r->at != c)
    return 0;
  r->at++;
  return 1;
}

/* A string as it is written, escapes and all. */
static int read_string(struct reader *r, struct word *word)
{
  if (!take(r, '"'))
    return 0;
  word->text = r->at;
  while (r->at < r->end && *r->at != '"') {
    if (*r->at == '\\' && ++r->at == r->end)
      return 0;
    r->at++;
  }
  word->len = (size_t)(r->at - word->text);
  return take(r, '"');
}

/* By its bytes: a name that is written with escapes is not the API's own hand,
   and is taken for somebody else's. */
static int is_word(const struct word *word, const char *name)
{
  return word->len == strlen(name) && memcmp(word->text, name, word->len) == 0;
}

/* A number, true, false or null. */
static int read_bare(struct reader *r, struct word *word)
{
  skip_space(r);
  word->text = r->at;
  while (r->at < r->end && !(etoro_json_kind(r->at) & ETORO_JSON_BREAK))
    r->at++;
  word->len = (size_t)(r->at - word->text);
  return is_word(word, "true") || is_word(word, "false")
         || is_word(word, "null")
         || (word->len && etoro_json_kind(word->text) == ETORO_JSON_DIGIT);
}

static int read_list(struct reader *r, int depth);

static int skip_value(struct reader *r, int depth)
{
  struct said unused;
  struct word word;
  skip_space(r);
  if (r->at == r->end)
    return 0;
  if (*r->at == '{')
    return read_object(r, &unused, depth);
  if (*r->at == '[')
    return read_list(r, depth);
  return *r->at == '"' ? read_string(r, &word) : read_bare(r, &word);
}

/* Depth is counted down, so that no answer can use up the stack. */
static int read_list(struct reader *r, int depth)
{
  if (depth == 0 || !take(r, '['))
    return 0;
  if (take(r, ']'))
    return 1;
  do {
    if (!skip_value(r, depth - 1))
      return 0;
  } while (take(r, ','));
  return take(r, ']');
}

static int read_member(struct reader *r, struct said *said, int depth)
{
  struct word name, value;
  struct said inner;
  /* The first of two equal names does not hide the second: each only adds to
     what was said. */
  if (!read_string(r, &name) || !take(r, ':'))
    return 0;
  skip_space(r);
  if (r->at == r->end)
    return 0;
  if (*r->at == '"') {
    if (!read_string(r, &value))
      return 0;
    said->has_error_code |= value.len && is_word(&name, "errorCode");
    said->has_code |= value.len && is_word(&name, "code");
    return 1;
  }
  if (*r->at == '{' && is_word(&name, "error")) {
    if (!read_object(r, &inner, depth))
      return 0;
    said->has_inner_code |= inner.has_code;
    return 1;
  }
  if (!is_word(&name, "success"))
    return skip_value(r, depth);
  if (*r->at == '{' || *r->at == '[')
    return skip_value(r, depth);
  if (!read_bare(r, &value))
    return 0;
  said->has_failed |= is_word(&value, "false");
  return 1;
}

static int read_object(struct reader *r, struct said *said, int depth)
{
  memset(said, 0, sizeof *said);
  if (depth == 0 || !take(r, '{'))
    return 0;
  if (take(r, '}'))
    return 1;
  do {
    if (!read_member(r, said, depth - 1))
      return 0;
  } while (take(r, ','));
  return take(r, '}');
}

int etoro_refusal_is_api(const char *text, size_t n)
{
  struct reader r = { text, text + n };
  struct said said;
  if (!n || !read_object(&r, &said, ETORO_REFUSAL_DEPTH_MAX))
    return 0;
  /* A text behind it means that it is something else, a page of a proxy's with
     JSON in it. So is one that breaks off. */
  skip_space(&r);
  return r.at == r.end
         && (said.has_error_code || (said.has_failed && said.has_inner_code));
}
