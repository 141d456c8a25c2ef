/* The half of the decoder that reads strings, numbers and words. */
#include "binding/lreader.h"
#include "binding/lsecret.h"

#include "core/bytes/ascii.h"
#include "core/bytes/mask.h"
#include "core/json/jsonescape.h"
#include "core/json/jsonnum.h"
#include "core/limits.h"
#include "core/status.h"

int letoro_read_fails(struct letoro_reader *r, const char *why)
{
  r->why = why;
  return ETORO_ESYNTAX;
}

int letoro_read_fails_here(struct letoro_reader *r, const char *why)
{
  if (r->p >= r->end)
    return letoro_read_fails(r, "it ends too early");
  if (!*r->p)
    return letoro_read_fails(r, "it holds a zero byte, which JSON does not");
  return letoro_read_fails(r, why);
}

/* A string that breaks off at q. */
int letoro_string_fails(struct letoro_reader *r, const char *q)
{
  r->p = q + (*q == '\\'); /* which has nothing to escape */
  return letoro_read_fails_here(r, "a control character stands in a string");
}

/* Puts the n bytes into the scratch buffer, a zero byte behind them; NULL when
   memory is short. To be forgotten before anything is made for Lua, but for
   what is made of it. */
static char *copy_raw(struct letoro_reader *r, const char *p, size_t n)
{
  struct etoro_buf *b = &r->d->scratch;
  if (etoro_buf_reserve(b, n + 1))
    return NULL;
  memcpy(b->data, p, n);
  b->data[n] = '\0';
  b->len = n;
  return b->data;
}

static void forget(struct letoro_reader *r)
{
  etoro_buf_reset(&r->d->scratch, ETORO_REPLY_KEPT);
}

/* 1 when a string's content is one still. */
static int is_content(const char *p, const char *end)
{
  while ((p = etoro_json_string_stop(p, end)) < end) {
    if (*p != '\\' || end - p < 2)
      return 0;
    p += 2;
  }
  return p == end;
}

/* Overwrites what stands under names of secrets in the JSON that a string
   holds, before its escapes are undone. */
static void mask_inner(char *p, size_t n)
{
  etoro_mask_named(p, n, ETORO_MASK_JSON);
  if (!is_content(p, p + n))
    memset(p, '*', n);
}

int letoro_push_escaped(struct letoro_reader *r, const char *p,
                        const char *end)
{
  size_t n = (size_t)(end - p);
  char *copy = copy_raw(r, p, n);
  int is_bad = 0;
  if (!copy)
    return ETORO_ENOMEM;
  if (!r->is_plain && etoro_mask_may_hold(copy, n)) {
    etoro_escape_undo(copy, p, end, &is_bad);
    memcpy(copy, p, n);
    mask_inner(copy, n);
  }
  if (!is_bad)
    n = etoro_escape_undo(copy, copy, copy + n, &is_bad);
  if (!is_bad)
    lua_pushlstring(r->L, copy, n);
  forget(r);
  return is_bad ? letoro_read_fails(r, "a string holds an escape that is none")
                : ETORO_OK;
}

/* Moves the text between p and end into a secret, and pushes that. */
static int seal(struct letoro_reader *r, const char *p, const char *end,
                int has_escapes)
{
  struct etoro_secret **secret;
  size_t n = (size_t)(end - p);
  int rc, is_bad = 0;
  if (++r->secrets > ETORO_DECODED_SECRETS_MAX)
    return letoro_read_fails(r, "it is too large: it holds too many secrets");
  secret = letoro_bare_secret(r->L);
  if (!has_escapes)
    return etoro_secret_new(secret, p, n);
  p = copy_raw(r, p, n);
  if (!p)
    return ETORO_ENOMEM;
  n = etoro_escape_undo(r->d->scratch.data, p, p + n, &is_bad);
  rc = is_bad ? letoro_read_fails(r, "a string holds an escape that is none")
              : etoro_secret_new(secret, p, n);
  forget(r);
  return rc;
}

static int read_word(struct letoro_reader *r)
{
  lua_State *L = r->L;
  if (letoro_is_at(r, r->p, "null", 4)) {
    lua_pushlightuserdata(L, NULL);
    r->p += 4;
  } else if (letoro_is_at(r, r->p, "true", 4)) {
    lua_pushboolean(L, 1);
    r->p += 4;
  } else if (letoro_is_at(r, r->p, "false", 5)) {
    lua_pushboolean(L, 0);
    r->p += 5;
  } else {
    return letoro_read_fails_here(r, "a value is expected");
  }
  return ETORO_OK;
}

static int read_number(struct letoro_reader *r)
{
  struct etoro_number number;
  const char *start = r->p;
  int rc = etoro_number_read(&number, &r->p);
  if (rc == ETORO_ESYNTAX)
    return letoro_read_fails_here(r, "a number is none");
  if (rc)
    return rc;
  if (number.kind == ETORO_NUMBER_INTEGER)
    lua_pushinteger(r->L, (lua_Integer)number.integer);
  else if (number.kind == ETORO_NUMBER_REAL)
    lua_pushnumber(r->L, (lua_Number)number.real);
  else
    lua_pushlstring(r->L, start, (size_t)(r->p - start));
  return ETORO_OK;
}

int letoro_read_scalar(struct letoro_reader *r)
{
  char c = *r->p;
  if (c == '-' || etoro_is_digit(c))
    return read_number(r);
  return read_word(r);
}

int letoro_read_sealed(struct letoro_reader *r)
{
  const char *p = r->raw + (r->p - r->text);
  const char *end = r->raw + (r->end - r->text), *q = p;
  struct etoro_number ignored;
  int has_escapes = 0, is_string = *p == '"', rc;
  if (is_string) {
    q = etoro_json_string_end(p + 1, end, &has_escapes);
    if (*q != '"')
      return letoro_string_fails(r, r->text + (q - r->raw));
  } else if (letoro_is_at(r, p, "null", 4)) {
    return read_word(r);
  } else if (letoro_is_at(r, p, "true", 4)) {
    q += 4;
  } else if (letoro_is_at(r, p, "false", 5)) {
    q += 5;
  } else if ((rc = etoro_number_read(&ignored, &q)) != 0) {
    return rc == ETORO_ENOMEM
               ? rc
               : letoro_read_fails_here(r, "a value is expected");
  }
  r->p = r->text + (q - r->raw) + is_string;
  return seal(r, p + is_string, q, has_escapes);
}
