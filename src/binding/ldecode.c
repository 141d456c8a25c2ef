/* JSON to Lua values in one pass: lists and objects, and the door. */
#include "binding/ldecode.h"
#include "binding/lreader.h"
#include "binding/lsecret.h"
#include "binding/ltype.h"

#include <stdint.h>

#include "core/bytes/secretname.h"
#include "core/limits.h"
#include "core/status.h"

#define DECODER_TYPE "etoro.decoder"
#define LIST_TYPE "etoro.list"
#define OBJECT_SLOTS 8
#define LIST_SLOTS (ETORO_LIST_BATCH + OBJECT_SLOTS)
#define ROOM_AHEAD (2 * LIST_SLOTS)
#define MARK_OF_UTF8 "\xef\xbb\xbf"

/* The decoder's user values: the names' strings and those of values, by slot; the
   metatable of an empty list. */
enum {
  NAMES_VALUE = 1,
  LIST_VALUE,
  VALUES_VALUE,
  USER_VALUES = VALUES_VALUE
};

/* The address is the key in the registry. */
static const char decoder_key = 0;

static int read_nested(struct letoro_reader *r, int is_sealed);

/* What most values are is read without a call. */
__attribute__((always_inline)) static inline int
read_value(struct letoro_reader *r, int is_sealed)
{
  char c = *r->p;
  if (c == '{' || c == '[')
    return read_nested(r, is_sealed);
  if (is_sealed)
    return letoro_read_sealed(r);
  return c == '"' ? letoro_read_string(r) : letoro_read_scalar(r);
}

/* Room for so many slots more, and one level; both are given back by come_up.
   Lua is asked for more than that, and so not each time. */
static inline int go_deeper(struct letoro_reader *r, int slots)
{
  if (++r->depth > ETORO_DECODED_DEPTH_MAX)
    return letoro_read_fails(r, "it is nested too deeply");
  r->used += slots;
  if (r->used <= r->room)
    return ETORO_OK;
  r->room = r->used + ROOM_AHEAD;
  return lua_checkstack(r->L, slots + ROOM_AHEAD) ? ETORO_OK : ETORO_ENOMEM;
}

static inline void come_up(struct letoro_reader *r, int slots)
{
  r->depth--;
  r->used -= slots;
}

/* The end of a list or object at p, or a comma: *is_end tells. */
static inline int read_comma(struct letoro_reader *r, char closing,
                             int *is_end)
{
  if (*r->p == ',' && r->p[1] > ' ') {
    r->p++;
    return ETORO_OK;
  }
  if (*r->p <= ' ')
    letoro_skip_space(r);
  *is_end = *r->p == closing;
  if (*r->p != ',' && !*is_end)
    return letoro_read_fails_here(
        r, "a comma or the end of a list or object is expected");
  r->p++;
  if (!*is_end && *r->p <= ' ')
    letoro_skip_space(r);
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

static void push_empty_list(struct letoro_reader *r)
{
  lua_createtable(r->L, 0, 0);
  lua_pushvalue(r->L, r->list_type);
  lua_setmetatable(r->L, -2);
}

static int read_list(struct letoro_reader *r, int is_sealed)
{
  lua_State *L = r->L;
  lua_Integer n = 0;
  int list, is_end = 0, rc = go_deeper(r, LIST_SLOTS);
  r->p++;
  letoro_skip_space(r);
  if (!rc && *r->p == ']') {
    r->p++;
    come_up(r, LIST_SLOTS);
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
  come_up(r, LIST_SLOTS);
  return rc;
}

/* Pushes the name between p and its closing quote, which is not the one that
   came behind the last; it has no escapes. Gives 1 for a secret's. */
static int push_other_name(struct letoro_reader *r, const char *p, size_t n)
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
static int read_name(struct letoro_reader *r, int guess, int *is_secret)
{
  struct etoro_names *names = &r->d->names;
  int slot, has_escapes, rc = ETORO_OK;
  const char *q, *start = r->p + 1;
  if (*r->p != '"')
    return letoro_read_fails_here(r, "a name is expected");
  slot = guess >= 0 && etoro_names_is(names, (unsigned)guess, start, r->end)
             ? guess
             : etoro_names_guess(names, start, r->end);
  if (slot >= 0) {
    lua_rawgeti(r->L, r->names, (lua_Integer)slot + 1);
    *is_secret = names->slot[slot].is_secret;
    etoro_names_follow(names, (unsigned)slot);
    r->p = start + names->slot[slot].len;
  } else {
    q = etoro_json_string_end(start, r->end, &has_escapes);
    if (*q != '"')
      return letoro_string_fails(r, q);
    if (!has_escapes) {
      *is_secret = push_other_name(r, start, (size_t)(q - start));
    } else {
      rc = letoro_push_escaped(r, start, q);
      *is_secret = !rc && is_secret_name(r->L);
    }
    r->p = q + 1;
  }
  if (!rc && *r->p != ':')
    letoro_skip_space(r);
  if (!rc && *r->p != ':')
    rc = letoro_read_fails_here(r, "a colon is expected");
  r->p++;
  return rc;
}

/* The slot of the name at p, as far as it is known; -1. */
static int slot_ahead(const struct letoro_reader *r)
{
  int slot = etoro_names_guess(&r->d->names, r->p + 1, r->end);
  int has_escapes, is_known;
  const char *q;
  if (slot >= 0 || *r->p != '"')
    return slot;
  q = etoro_json_string_end(r->p + 1, r->end, &has_escapes);
  if (*q != '"' || q - r->p > ETORO_NAME_ROOM)
    return -1;
  slot = (int)etoro_names_slot(&r->d->names, r->p + 1, (size_t)(q - r->p) - 1,
                               &is_known);
  return is_known ? slot : -1;
}

/* The value behind a name, which is at the top; both go into the object below
   them. Of two with the same name the last one stays. */
static int read_field(struct letoro_reader *r, int is_sealed)
{
  int rc;
  if (*r->p <= ' ')
    letoro_skip_space(r);
  if (*r->p == 'n' && !r->keep_null && letoro_is_at(r, r->p, "null", 4)) {
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

static int read_object(struct letoro_reader *r, int is_sealed)
{
  struct etoro_names *names = &r->d->names;
  int first, fields = 0, is_end = 0, rc = go_deeper(r, OBJECT_SLOTS);
  r->p++;
  letoro_skip_space(r);
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
  come_up(r, OBJECT_SLOTS);
  return ETORO_OK;
}

__attribute__((noinline)) static int read_nested(struct letoro_reader *r,
                                                 int is_sealed)
{
  return *r->p == '{' ? read_object(r, is_sealed) : read_list(r, is_sealed);
}

/* Reads all of the text. */
static int read_text(struct letoro_reader *r)
{
  size_t n = (size_t)(r->end - r->p);
  int rc;
  if (n > 1
      && (!r->p[0] || !r->p[1] || !memcmp(r->p, "\xff\xfe", 2)
          || !memcmp(r->p, "\xfe\xff", 2)))
    return letoro_read_fails(
        r, "it is no UTF-8: it looks like UTF-16, or holds a zero byte");
  if (n >= sizeof MARK_OF_UTF8 - 1
      && !memcmp(r->p, MARK_OF_UTF8, sizeof MARK_OF_UTF8 - 1))
    r->p += sizeof MARK_OF_UTF8 - 1;
  letoro_skip_space(r);
  if (r->p == r->end) {
    lua_pushnil(r->L);
    return ETORO_OK;
  }
  rc = read_value(r, 0);
  if (rc)
    return rc;
  letoro_skip_space(r);
  if (r->p < r->end)
    return letoro_read_fails_here(r, "something stands behind its end");
  if (!r->keep_null && lua_islightuserdata(r->L, -1))
    lua_pushnil(r->L);
  return ETORO_OK;
}

/* Pushes the value, or nil and a sentence; gives how many. */
static int decode(struct letoro_reader *r)
{
  lua_State *L = r->L;
  int rc, base = lua_gettop(L);
  luaL_checkstack(L, OBJECT_SLOTS, "no room for an answer");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &decoder_key);
  r->d = lua_touserdata(L, -1);
  lua_getiuservalue(L, -1, NAMES_VALUE);
  lua_getiuservalue(L, -2, LIST_VALUE);
  lua_getiuservalue(L, -3, VALUES_VALUE);
  etoro_names_start(&r->d->names);
  etoro_values_start(&r->d->values);
  r->names = base + 2;
  r->list_type = base + 3;
  r->values = base + 4;
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
  struct letoro_reader *r = lua_touserdata(L, 1);
  r->L = L;
  return decode(r);
}

/* A decode of megabytes makes nothing but live tables: a collector that runs
   beside it only costs, and is held still. What it did not do meanwhile it does
   before the next such decode, when what the last one made may be garbage. One
   that the host has stopped stays stopped. */
static int decode_big(lua_State *L, struct letoro_reader *r)
{
  int base = lua_gettop(L), status, before;
  struct letoro_decoder *d;
  if (!lua_gc(L, LUA_GCISRUNNING))
    return decode(r);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &decoder_key);
  d = lua_touserdata(L, -1);
  lua_pop(L, 1); /* the registry keeps it */
  if (d->owed > 0) {
    lua_gc(L, LUA_GCRESTART); /* it may rest still */
    letoro_gc_step(L, d->owed);
  }
  d->owed = 0;
  before = lua_gc(L, LUA_GCCOUNT);
  lua_pushcfunction(L, decode_protected);
  lua_pushlightuserdata(L, r);
  lua_gc(L, LUA_GCSTOP);
  status = lua_pcall(L, 1, LUA_MULTRET, 0);
  lua_gc(L, LUA_GCRESTART);
  d->owed = lua_gc(L, LUA_GCCOUNT) - before;
  if (d->owed > 0)
    letoro_gc_rest(L, d->owed);
  if (status)
    return lua_error(L);
  return lua_gettop(L) - base;
}

int letoro_decode(lua_State *L, const struct letoro_source *s)
{
  struct letoro_reader r = { 0 };
  r.L = L;
  r.text = r.p = s->text;
  r.raw = s->raw;
  r.end = s->text + s->len;
  r.keep_null = s->keep_null;
  r.is_plain = s->is_plain;
  return s->len > ETORO_BIG_ANSWER ? decode_big(L, &r) : decode(&r);
}

/* core.decode(text, keep_null, is_plain) -> value | nil, message */
static int core_decode(lua_State *L)
{
  struct letoro_source s = { 0 };
  s.text = s.raw = luaL_checklstring(L, 1, &s.len);
  s.keep_null = lua_toboolean(L, 2);
  s.is_plain = lua_toboolean(L, 3);
  return letoro_decode(L, &s);
}

/* core.decode_secret(secret) -> value | nil, message   the JSON that it holds; what
   is secret in that stays so */
static int core_decode_secret(lua_State *L)
{
  struct letoro_source s = { 0 };
  const struct etoro_secret *secret = letoro_to_secret(L, 1);
  luaL_argcheck(L, secret != NULL, 1, "secret expected");
  lua_settop(L, 1); /* it stays while its text is read */
  s.text = s.raw = etoro_secret_data(secret);
  s.len = etoro_secret_len(secret);
  return letoro_decode(L, &s);
}

static int decoder_gc(lua_State *L)
{
  struct letoro_decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  etoro_buf_free(&d->scratch);
  return 0;
}

static const luaL_Reg functions[] = {
  { "decode", core_decode },
  { "decode_secret", core_decode_secret },
  { NULL, NULL },
};

static const luaL_Reg methods[] = { { NULL, NULL } };
static const luaL_Reg metamethods[] = { { "__gc", decoder_gc },
                                        { NULL, NULL } };

void letoro_open_decode(lua_State *L)
{
  struct letoro_decoder *d;
  letoro_type(L, DECODER_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
  d = lua_newuserdatauv(L, sizeof *d, USER_VALUES);
  memset(d, 0, sizeof *d);
  etoro_buf_init(&d->scratch, SIZE_MAX);
  luaL_setmetatable(L, DECODER_TYPE);
  /* as many as there are slots, so that one more makes no table grow */
  lua_createtable(L, ETORO_NAMES_MAX, 0);
  lua_setiuservalue(L, -2, NAMES_VALUE);
  lua_createtable(L, ETORO_VALUES_MAX, 0);
  lua_setiuservalue(L, -2, VALUES_VALUE);
  luaL_newmetatable(L, LIST_TYPE);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "empty_list"); /* the metatable of one in an answer */
  lua_setiuservalue(L, -2, LIST_VALUE);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &decoder_key);
}
