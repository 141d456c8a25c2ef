/* JSON to Lua values in one pass. Lua code may run whenever something is made
   for Lua (a collector's finalizers), and may decode in turn: so nothing that
   the decoder shares is relied on beyond such a place. */
#include "binding/ldecode.h"
#include "binding/lsecret.h"
#include "binding/ltype.h"

#include <stdint.h>
#include <string.h>

#include "core/bytes/ascii.h"
#include "core/bytes/buf.h"
#include "core/bytes/mask.h"
#include "core/bytes/secretname.h"
#include "core/engine/job.h"
#include "core/json/jsonescape.h"
#include "core/json/jsonhide.h"
#include "core/json/jsonlex.h"
#include "core/json/jsonnames.h"
#include "core/json/jsonnum.h"
#include "core/limits.h"
#include "core/status.h"

#define DECODER_TYPE "etoro.decoder"
#define BYTES_TYPE "etoro.bytes"
#define LIST_TYPE "etoro.list"
#define OBJECT_SLOTS 8
#define HIDDEN_MAX(n) (4 * (n) + 4096)
#define MARK_OF_UTF8 "\xef\xbb\xbf"

/* The decoder's user values: the names' strings, by slot; the metatable of an
   empty list. */
enum {
  NAMES_VALUE = 1,
  LIST_VALUE
};

/* The address is the key in the registry. */
static const char decoder_key = 0;

/* What stays from one text to the next, one for each Lua state. */
struct decoder {
  struct etoro_names names;
  struct etoro_buf scratch; /* strings whose escapes are undone */
  int owed; /* KB that were made while the collector was held still */
};

struct reader {
  lua_State *L;
  struct decoder *d;
  const char *text; /* what is read; a zero byte behind it, at end */
  const char *end;
  const char *raw; /* the same with what was masked: for secrets */
  const char *p;
  const char *why; /* what is wrong at p; static */
  int names;       /* index on the stack */
  int list_type;   /* the same */
  int keep_null;   /* in objects, too */
  int is_plain;    /* nothing is sealed or masked */
  int depth;
  int secrets;
};

/* All that read give ETORO_OK with one value pushed, or a status with any. */

static int fail(struct reader *r, const char *why)
{
  r->why = why;
  return ETORO_ESYNTAX;
}

static int fail_here(struct reader *r, const char *why)
{
  if (r->p >= r->end)
    return fail(r, "it ends too early");
  if (!*r->p)
    return fail(r, "it holds a zero byte, which JSON does not");
  return fail(r, why);
}

static inline void skip_space(struct reader *r)
{
  const char *p = r->p;
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
    p++;
  r->p = p;
}

/* The closing quote of the string whose content starts at p; the place at which
   it breaks off when it has none, or holds what no string may. */
static const char *string_end(const char *p, const char *end, int *has_escapes)
{
  *has_escapes = 0;
  for (;;) {
    p = etoro_json_string_stop(p, end);
    if (*p != '\\' || !p[1])
      return p;
    *has_escapes = 1;
    p += 2;
  }
}

/* A string that breaks off at q. */
static int fail_string(struct reader *r, const char *q)
{
  r->p = q + (*q == '\\'); /* which has nothing to escape */
  return fail_here(r, "a control character stands in a string");
}

/* Puts the n bytes into the scratch buffer, a zero byte behind them; NULL when
   memory is short. To be forgotten before anything is made for Lua, but for
   what is made of it. */
static char *copy_raw(struct reader *r, const char *p, size_t n)
{
  struct etoro_buf *b = &r->d->scratch;
  if (etoro_buf_reserve(b, n + 1))
    return NULL;
  memcpy(b->data, p, n);
  b->data[n] = '\0';
  b->len = n;
  return b->data;
}

static void forget(struct reader *r)
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

/* Pushes the string between p and end, which has escapes. */
static int push_escaped(struct reader *r, const char *p, const char *end)
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
  return is_bad ? fail(r, "a string holds an escape that is none") : ETORO_OK;
}

/* Moves the text between p and end into a secret, and pushes that. */
static int seal(struct reader *r, const char *p, const char *end,
                int has_escapes)
{
  struct etoro_secret **secret;
  size_t n = (size_t)(end - p);
  int rc, is_bad = 0;
  if (++r->secrets > ETORO_DECODED_SECRETS_MAX)
    return fail(r, "it is too large: it holds too many secrets");
  secret = letoro_bare_secret(r->L);
  if (!has_escapes)
    return etoro_secret_new(secret, p, n);
  p = copy_raw(r, p, n);
  if (!p)
    return ETORO_ENOMEM;
  n = etoro_escape_undo(r->d->scratch.data, p, p + n, &is_bad);
  rc = is_bad ? fail(r, "a string holds an escape that is none")
              : etoro_secret_new(secret, p, n);
  forget(r);
  return rc;
}

/* The string at p. */
static int read_string(struct reader *r)
{
  int has_escapes, rc = ETORO_OK;
  const char *start = r->p + 1;
  const char *q = string_end(start, r->end, &has_escapes);
  if (*q != '"')
    return fail_string(r, q);
  if (has_escapes)
    rc = push_escaped(r, start, q);
  else
    lua_pushlstring(r->L, start, (size_t)(q - start));
  r->p = q + 1;
  return rc;
}

/* 1 when the n bytes are at p. */
static int is_at(const struct reader *r, const char *p, const char *word,
                 size_t n)
{
  return (size_t)(r->end - r->p) >= n && !memcmp(p, word, n);
}

static int read_word(struct reader *r)
{
  lua_State *L = r->L;
  if (is_at(r, r->p, "null", 4)) {
    lua_pushlightuserdata(L, NULL);
    r->p += 4;
  } else if (is_at(r, r->p, "true", 4)) {
    lua_pushboolean(L, 1);
    r->p += 4;
  } else if (is_at(r, r->p, "false", 5)) {
    lua_pushboolean(L, 0);
    r->p += 5;
  } else {
    return fail_here(r, "a value is expected");
  }
  return ETORO_OK;
}

static int read_number(struct reader *r)
{
  struct etoro_number number;
  const char *start = r->p;
  int rc = etoro_number_read(&number, &r->p);
  if (rc == ETORO_ESYNTAX)
    return fail_here(r, "a number is none");
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

/* A value that is no list or object. */
static inline int read_scalar(struct reader *r)
{
  char c = *r->p;
  if (c == '"')
    return read_string(r);
  if (c == '-' || etoro_is_digit(c))
    return read_number(r);
  return read_word(r);
}

/* A value under a secret's name that is no list or object. It is read where
   nothing has been masked. */
static int read_sealed(struct reader *r)
{
  const char *p = r->raw + (r->p - r->text);
  const char *end = r->raw + (r->end - r->text), *q = p;
  struct etoro_number ignored;
  int has_escapes = 0, is_string = *p == '"', rc;
  if (is_string) {
    q = string_end(p + 1, end, &has_escapes);
    if (*q != '"')
      return fail_string(r, r->text + (q - r->raw));
  } else if (is_at(r, p, "null", 4)) {
    return read_word(r);
  } else if (is_at(r, p, "true", 4)) {
    q += 4;
  } else if (is_at(r, p, "false", 5)) {
    q += 5;
  } else if ((rc = etoro_number_read(&ignored, &q)) != 0) {
    return rc == ETORO_ENOMEM ? rc : fail_here(r, "a value is expected");
  }
  r->p = r->text + (q - r->raw) + is_string;
  return seal(r, p + is_string, q, has_escapes);
}

static int read_list(struct reader *r, int is_sealed);
static int read_object(struct reader *r, int is_sealed);

static inline int read_value(struct reader *r, int is_sealed)
{
  char c = *r->p;
  if (c == '{')
    return read_object(r, is_sealed);
  if (c == '[')
    return read_list(r, is_sealed);
  return is_sealed ? read_sealed(r) : read_scalar(r);
}

static int go_deeper(struct reader *r, int slots)
{
  if (++r->depth > ETORO_DECODED_DEPTH_MAX)
    return fail(r, "it is nested too deeply");
  return lua_checkstack(r->L, slots) ? ETORO_OK : ETORO_ENOMEM;
}

/* The end of a list or object at p, or a comma: *is_end tells. */
static inline int read_comma(struct reader *r, char closing, int *is_end)
{
  if (*r->p == ',' && r->p[1] > ' ') {
    r->p++;
    return ETORO_OK;
  }
  if (*r->p <= ' ')
    skip_space(r);
  *is_end = *r->p == closing;
  if (*r->p != ',' && !*is_end)
    return fail_here(r, "a comma or the end of a list or object is expected");
  r->p++;
  if (!*is_end && *r->p <= ' ')
    skip_space(r);
  return ETORO_OK;
}

/* Takes the n items at the top into the list below them. */
static void take_items(lua_State *L, int list, int n)
{
  lua_createtable(L, n, 0);
  lua_replace(L, list);
  for (; n > 0; n--)
    lua_rawseti(L, list, n);
}

static void push_empty_list(struct reader *r)
{
  lua_createtable(r->L, 0, 0);
  lua_pushvalue(r->L, r->list_type);
  lua_setmetatable(r->L, -2);
}

static int read_list(struct reader *r, int is_sealed)
{
  lua_State *L = r->L;
  lua_Integer n = 0;
  int list, is_end = 0, rc = go_deeper(r, ETORO_LIST_BATCH + OBJECT_SLOTS);
  r->p++;
  skip_space(r);
  if (!rc && *r->p == ']') {
    r->p++;
    r->depth--;
    push_empty_list(r);
    return ETORO_OK;
  }
  lua_pushnil(L); /* where the list will be */
  list = lua_gettop(L);
  while (!rc && !is_end) {
    rc = read_value(r, is_sealed);
    if (!rc)
      rc = read_comma(r, ']', &is_end);
    if (rc)
      return rc;
    n++;
    if (n == ETORO_LIST_BATCH || (is_end && n < ETORO_LIST_BATCH))
      take_items(L, list, (int)n);
    else if (n > ETORO_LIST_BATCH)
      lua_rawseti(L, list, n);
  }
  r->depth--;
  return rc;
}

/* Pushes the name between p and its closing quote, which is not the one that
   came behind the last; it has no escapes. Gives 1 for a secret's. */
static int push_other_name(struct reader *r, const char *p, size_t n)
{
  struct etoro_names *names = &r->d->names;
  int is_known;
  unsigned slot;
  if (n >= ETORO_NAME_ROOM) {
    lua_pushlstring(r->L, p, n);
    return 0;
  }
  slot = etoro_names_slot(names, p, n, &is_known);
  if (is_known) {
    lua_rawgeti(r->L, r->names, (lua_Integer)slot + 1);
  } else {
    lua_pushlstring(r->L, p, n);
    lua_pushvalue(r->L, -1);
    lua_rawseti(r->L, r->names, (lua_Integer)slot + 1);
    etoro_names_keep(names, slot, p, n);
  }
  etoro_names_follow(names, slot);
  return names->slot[slot].is_secret;
}

/* 1 when the name at the top is a secret's. */
static int is_secret_name(lua_State *L)
{
  size_t n;
  const char *name = lua_tolstring(L, -1, &n);
  return etoro_secretname_is(name, n);
}

/* The name at p, and the colon behind it; guess: its slot if it is not the one
   that came behind the last, or -1. */
static int read_name(struct reader *r, int guess, int *is_secret)
{
  struct etoro_names *names = &r->d->names;
  int slot, has_escapes, rc = ETORO_OK;
  const char *q, *start = r->p + 1;
  if (*r->p != '"')
    return fail_here(r, "a name is expected");
  slot = guess >= 0 && etoro_names_is(names, (unsigned)guess, start, r->end)
             ? guess
             : etoro_names_guess(names, start, r->end);
  if (slot >= 0) {
    lua_rawgeti(r->L, r->names, (lua_Integer)slot + 1);
    *is_secret = names->slot[slot].is_secret;
    etoro_names_follow(names, (unsigned)slot);
    r->p = start + names->slot[slot].len;
  } else {
    q = string_end(start, r->end, &has_escapes);
    if (*q != '"')
      return fail_string(r, q);
    if (!has_escapes) {
      *is_secret = push_other_name(r, start, (size_t)(q - start));
    } else {
      rc = push_escaped(r, start, q);
      *is_secret = !rc && is_secret_name(r->L);
    }
    r->p = q + 1;
  }
  if (!rc && *r->p != ':')
    skip_space(r);
  if (!rc && *r->p != ':')
    rc = fail_here(r, "a colon is expected");
  r->p++;
  return rc;
}

/* The slot of the name at p, as far as it is known; -1. */
static int slot_ahead(const struct reader *r)
{
  int slot = etoro_names_guess(&r->d->names, r->p + 1, r->end);
  int has_escapes, is_known;
  const char *q;
  if (slot >= 0 || *r->p != '"')
    return slot;
  q = string_end(r->p + 1, r->end, &has_escapes);
  if (*q != '"' || q - r->p > ETORO_NAME_ROOM)
    return -1;
  slot = (int)etoro_names_slot(&r->d->names, r->p + 1, (size_t)(q - r->p) - 1,
                               &is_known);
  return is_known ? slot : -1;
}

/* The value behind a name, which is at the top; both go into the object below
   them. Of two with the same name the last one stays. */
static int read_field(struct reader *r, int is_sealed)
{
  int rc;
  if (*r->p <= ' ')
    skip_space(r);
  if (*r->p == 'n' && !r->keep_null && is_at(r, r->p, "null", 4)) {
    lua_pushnil(r->L);
    r->p += 4;
    rc = ETORO_OK;
  } else {
    rc = read_value(r, is_sealed);
  }
  if (!rc)
    lua_rawset(r->L, -3);
  return rc;
}

static int read_object(struct reader *r, int is_sealed)
{
  struct etoro_names *names = &r->d->names;
  int first, fields = 0, is_end = 0, rc = go_deeper(r, OBJECT_SLOTS);
  r->p++;
  skip_space(r);
  is_end = *r->p == '}';
  first = rc || is_end ? -1 : slot_ahead(r);
  if (rc)
    return rc;
  lua_createtable(r->L, 0, first < 0 ? 0 : names->slot[first].fields);
  if (is_end)
    r->p++;
  while (!is_end) {
    int is_secret = 0;
    rc = read_name(r, fields ? -1 : first, &is_secret);
    if (!fields++)
      first = (int)names->last;
    if (!rc)
      rc = read_field(r, is_sealed || (is_secret && !r->is_plain));
    if (!rc)
      rc = read_comma(r, '}', &is_end);
    if (rc)
      return rc;
  }
  if (fields)
    names->slot[first].fields = (uint8_t)(fields < 255 ? fields : 255);
  r->depth--;
  return ETORO_OK;
}

/* Reads all of the text. */
static int read_text(struct reader *r)
{
  size_t n = (size_t)(r->end - r->p);
  int rc;
  if (n > 1
      && (!r->p[0] || !r->p[1] || !memcmp(r->p, "\xff\xfe", 2)
          || !memcmp(r->p, "\xfe\xff", 2)))
    return fail(r,
                "it is no UTF-8: it looks like UTF-16, or holds a zero byte");
  if (n >= sizeof MARK_OF_UTF8 - 1
      && !memcmp(r->p, MARK_OF_UTF8, sizeof MARK_OF_UTF8 - 1))
    r->p += sizeof MARK_OF_UTF8 - 1;
  skip_space(r);
  if (r->p == r->end) {
    lua_pushnil(r->L);
    return ETORO_OK;
  }
  rc = read_value(r, 0);
  if (rc)
    return rc;
  skip_space(r);
  if (r->p < r->end)
    return fail_here(r, "something stands behind its end");
  if (!r->keep_null && lua_islightuserdata(r->L, -1))
    lua_pushnil(r->L);
  return ETORO_OK;
}

/* Pushes the value, or nil and a sentence; gives how many. */
static int decode(struct reader *r)
{
  lua_State *L = r->L;
  int rc, base = lua_gettop(L);
  luaL_checkstack(L, OBJECT_SLOTS, "no room for an answer");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &decoder_key);
  r->d = lua_touserdata(L, -1);
  lua_getiuservalue(L, -1, NAMES_VALUE);
  lua_getiuservalue(L, -2, LIST_VALUE);
  etoro_names_start(&r->d->names);
  r->names = base + 2;
  r->list_type = base + 3;
  rc = read_text(r);
  if (!rc)
    return 1;
  if (rc == ETORO_ENOMEM)
    return luaL_error(L, "not enough memory");
  lua_settop(L, base);
  lua_pushnil(L);
  lua_pushfstring(L, "%s, at byte %I", r->why,
                  (LUAI_UACINT)(r->p - r->text + 1));
  return 2;
}

static int decode_protected(lua_State *L)
{
  struct reader *r = lua_touserdata(L, 1);
  r->L = L;
  return decode(r);
}

/* A decode of megabytes makes nothing but live tables: a collector that runs
   beside it only costs, and is held still. What it did not do meanwhile it does
   before the next such decode, when what the last one made may be garbage. One
   that the host has stopped stays stopped. */
static int decode_big(lua_State *L, struct reader *r)
{
  int base = lua_gettop(L), status, before;
  struct decoder *d;
  if (!lua_gc(L, LUA_GCISRUNNING))
    return decode(r);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &decoder_key);
  d = lua_touserdata(L, -1);
  lua_pop(L, 1); /* the registry keeps it */
  if (d->owed > 0)
    letoro_gc_step(L, d->owed);
  d->owed = 0;
  before = lua_gc(L, LUA_GCCOUNT);
  lua_pushcfunction(L, decode_protected);
  lua_pushlightuserdata(L, r);
  lua_gc(L, LUA_GCSTOP);
  status = lua_pcall(L, 1, LUA_MULTRET, 0);
  lua_gc(L, LUA_GCRESTART);
  d->owed = lua_gc(L, LUA_GCCOUNT) - before;
  if (status)
    return lua_error(L);
  return lua_gettop(L) - base;
}

static int run(lua_State *L, struct reader *r, const char *text, size_t n,
               const char *raw)
{
  r->L = L;
  r->text = r->p = text;
  r->raw = raw;
  r->end = text + n;
  r->why = NULL;
  r->depth = r->secrets = 0;
  return n > ETORO_BIG_ANSWER ? decode_big(L, r) : decode(r);
}

/* A buffer in a userdata, so that an error frees it. */
static struct etoro_buf *new_bytes(lua_State *L, size_t max)
{
  struct etoro_buf *b = lua_newuserdatauv(L, sizeof *b, 0);
  etoro_buf_init(b, max);
  luaL_setmetatable(L, BYTES_TYPE);
  return b;
}

static int bytes_gc(lua_State *L)
{
  etoro_buf_free(luaL_checkudata(L, 1, BYTES_TYPE));
  return 0;
}

int letoro_decode_reply(lua_State *L, const struct etoro_job *j, int keep_null)
{
  struct reader r = { 0 };
  const struct etoro_buf *reply = &j->reply;
  struct etoro_buf *masked;
  int n;
  r.keep_null = keep_null;
  if (!reply->len) {
    lua_pushnil(L);
    return 1;
  }
  if (!etoro_job_is_repeated(j, reply->data, reply->len))
    return run(L, &r, reply->data, reply->len, reply->data);
  masked = new_bytes(L, reply->len);
  if (etoro_buf_add(masked, reply->data, reply->len))
    return luaL_error(L, "not enough memory");
  etoro_job_mask(j, masked->data, masked->len);
  n = run(L, &r, masked->data, masked->len, reply->data);
  etoro_buf_free(masked);
  return n;
}

/* Pushes the n bytes with their secrets hidden, and those of a job. */
static void push_hidden(lua_State *L, const char *text, size_t n,
                        const struct etoro_job *j)
{
  struct etoro_buf *b = new_bytes(L, HIDDEN_MAX(n));
  if (etoro_json_hide(b, text, n))
    luaL_error(L, "not enough memory");
  if (j && b->len)
    etoro_job_mask(j, b->data, b->len);
  lua_pushlstring(L, b->data ? b->data : "", b->len);
  etoro_buf_free(b);
}

void letoro_push_shown(lua_State *L, const struct etoro_job *j, size_t most)
{
  const struct etoro_buf *reply = &j->reply;
  push_hidden(L, reply->data, reply->len < most ? reply->len : most, j);
}

/* core.decode(text, keep_null, is_plain) -> value | nil, message */
static int core_decode(lua_State *L)
{
  struct reader r = { 0 };
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  r.keep_null = lua_toboolean(L, 2);
  r.is_plain = lua_toboolean(L, 3);
  return run(L, &r, text, n, text);
}

/* core.hidden(text) -> text as it may be shown, JSON above all: "****" for what
   stands under the names of secrets */
static int core_hidden(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  push_hidden(L, text, n, NULL);
  return 1;
}

static int decoder_gc(lua_State *L)
{
  struct decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  etoro_buf_free(&d->scratch);
  return 0;
}

static const luaL_Reg functions[] = {
  { "decode", core_decode },
  { "hidden", core_hidden },
  { NULL, NULL },
};

static const luaL_Reg methods[] = { { NULL, NULL } };
static const luaL_Reg decoder_metamethods[] = { { "__gc", decoder_gc },
                                                { NULL, NULL } };
static const luaL_Reg bytes_metamethods[] = { { "__gc", bytes_gc },
                                              { NULL, NULL } };

/* The strings of the names; as many as there are slots, so that one more makes
   no table grow. */
static void push_name_table(lua_State *L)
{
  int i;
  lua_createtable(L, ETORO_NAMES_MAX, 0);
  for (i = 1; i <= ETORO_NAMES_MAX; i++) {
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, i);
  }
}

void letoro_open_decode(lua_State *L)
{
  struct decoder *d;
  letoro_type(L, DECODER_TYPE, methods, decoder_metamethods);
  letoro_type(L, BYTES_TYPE, methods, bytes_metamethods);
  luaL_setfuncs(L, functions, 0);
  d = lua_newuserdatauv(L, sizeof *d, 2);
  memset(d, 0, sizeof *d);
  etoro_buf_init(&d->scratch, SIZE_MAX);
  luaL_setmetatable(L, DECODER_TYPE);
  push_name_table(L);
  lua_setiuservalue(L, -2, NAMES_VALUE);
  luaL_newmetatable(L, LIST_TYPE);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "empty_list"); /* the metatable of one in an answer */
  lua_setiuservalue(L, -2, LIST_VALUE);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &decoder_key);
}
