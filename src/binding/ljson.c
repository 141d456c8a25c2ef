/* What lua-cjson leaves to do: secrets and exact integers around a decode,
   exact decimals before an encode. */
#include "binding/ljson.h"
#include "binding/lsecret.h"
#include "binding/ltype.h"

#include <math.h>
#include <string.h>

#include "core/bytes/decimal.h"
#include "core/json/jsonmark.h"
#include "core/engine/job.h"
#include "core/json/jsonprobe.h"
#include "core/json/jsonscan.h"
#include "core/limits.h"
#include "core/status.h"

#define SCAN_TYPE "etoro.scan"
#define LIST_TYPE "etoro.list"
#define LEVELS 8
#define LEVEL_SLOTS 6   /* of the stack */
/* A number is a digit and what separates it at least. */
#define MARKED_MAX(n) ((n) < SIZE_MAX / 16 ? (n)*6 + 64 : SIZE_MAX)
#define TWO_TO_63 9223372036854775808.0
/* as long as the marks of a scan can make n bytes */
#define SCAN_MAX(n) (4 * (n) + 4096)

/* A scan in a userdata, so that an error while pushing frees it. */
static struct etoro_scan *newscan(lua_State *L)
{
  struct etoro_scan *s = lua_newuserdatauv(L, sizeof *s, 0);
  etoro_scan_init(s);
  luaL_setmetatable(L, SCAN_TYPE);
  return s;
}

static int scan_gc(lua_State *L)
{
  etoro_scan_free(luaL_checkudata(L, 1, SCAN_TYPE));
  return 0;
}

static void push_secrets(lua_State *L, struct etoro_scan *s)
{
  size_t i;
  if (!s->nsecrets) {
    lua_pushnil(L);
    return;
  }
  lua_createtable(L, (int)s->nsecrets, 0);
  for (i = 0; i < s->nsecrets; i++) {
    letoro_push_secret(L, s->secrets[i]);
    s->secrets[i] = NULL; /* the userdata holds it now */
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* Scans into a userdata on the stack; its own text is masked, if a job is
   given, but not yet pushed. */
static struct etoro_scan *scan_new(lua_State *L, const char *text, size_t n,
                                   const struct etoro_job *masker, int *rc)
{
  struct etoro_scan *s = newscan(L);
  *rc = etoro_scan_run(s, text, n, SCAN_MAX(n));
  if (!*rc && masker && s->is_changed)
    etoro_job_mask(masker, s->text.data, s->text.len);
  return s;
}

/* Pushes the results of the scan at the top, and takes it from the stack. */
static int push_scan(lua_State *L, struct etoro_scan *s, const char *text,
                     size_t n)
{
  int at = lua_gettop(L);
  if (s->is_changed)
    lua_pushlstring(L, s->text.data ? s->text.data : "", s->text.len);
  else
    lua_pushlstring(L, text, n);
  push_secrets(L, s);
  lua_pushboolean(L, s->has_null || s->has_mark);
  etoro_scan_free(s);
  lua_remove(L, at);
  return 3;
}

static int push_as_it_is(lua_State *L, const char *text, size_t n,
                         int has_null)
{
  lua_pushlstring(L, text, n);
  lua_pushnil(L);
  lua_pushboolean(L, has_null);
  return 3;
}

int letoro_scan_reply(lua_State *L, struct etoro_job *j)
{
  struct etoro_buf *reply = &j->reply;
  struct etoro_probe seen;
  struct etoro_scan *s;
  int rc;
  if (!etoro_probe_run(&seen, reply->data, reply->len)) {
    etoro_job_mask(j, reply->data, reply->len);
    return push_as_it_is(L, reply->data, reply->len, seen.has_null);
  }
  s = scan_new(L, reply->data, reply->len, j, &rc);
  if (rc)
    return letoro_fail(L, rc, NULL);
  if (!s->is_changed)
    etoro_job_mask(j, reply->data, reply->len);
  return push_scan(L, s, reply->data, reply->len);
}

/* core.scan(text) -> text, secrets | nil, needs_restore | nil, message */
static int core_scan(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  struct etoro_probe seen;
  struct etoro_scan *s;
  int rc;
  if (!etoro_probe_run(&seen, text, n))
    return push_as_it_is(L, text, n, seen.has_null);
  s = scan_new(L, text, n, NULL, &rc);
  return rc ? letoro_fail(L, rc, NULL) : push_scan(L, s, text, n);
}

/* core.mark_numbers(text, is_scanned) -> text, for a decoder that reads numbers
   by the process's locale; raises for what is no number. Restore its value
   with needs_restore true. */
static int core_mark_numbers(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  struct etoro_scan *s = newscan(L);
  int rc;
  etoro_buf_init(&s->text, MARKED_MAX(n));
  rc = etoro_json_mark_numbers(&s->text, text, n, lua_toboolean(L, 2));
  if (rc == ETORO_EINVAL)
    return luaL_error(L, "a number that is none");
  if (rc)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, s->text.data ? s->text.data : "", s->text.len);
  etoro_scan_free(s);
  return 1;
}

/* How a restore is done, the same for all levels. */
struct restore {
  int secrets;    /* index of the table of secrets; 0 for none */
  int keep_null;
  int only_numbers; /* there are no marks and no nulls */
  int depth;
};

/* Digits with an optional minus to an integer; the scanner has checked that
   they fit. */
static lua_Integer to_integer(const char *digits)
{
  int is_negative = *digits == '-';
  lua_Unsigned v = 0;
  for (digits += is_negative; *digits >= '0' && *digits <= '9'; digits++)
    v = v * 10 + (lua_Unsigned)(*digits - '0');
  return (lua_Integer)(is_negative ? 0 - v : v);
}

/* Pushes what the digits say; an integer where they are a whole number. */
static void push_number(lua_State *L, const char *digits, size_t n)
{
  double v;
  int rc = etoro_decimal_read(&v, digits, n);
  if (rc)
    luaL_error(L, "not enough memory"); /* they have been checked */
  if (v >= -TWO_TO_63 && v < TWO_TO_63 && v == floor(v))
    lua_pushinteger(L, (lua_Integer)v);
  else
    lua_pushnumber(L, v);
}

/* Pushes what a marked string at the top stands for. */
static void push_marked(lua_State *L, const struct restore *r,
                        const char *text, size_t n)
{
  switch (text[1]) {
  case 'd':
    push_number(L, text + 2, n - 2);
    break;
  case 'i':
    lua_pushinteger(L, to_integer(text + 2));
    break;
  case 'k':
    if (r->secrets)
      lua_rawgeti(L, r->secrets, to_integer(text + 2));
    else
      lua_pushliteral(L, "****");
    break;
  case 'n':
    lua_pushlstring(L, text + 2, n - 2);
    break;
  case 'e':
    lua_newtable(L);
    luaL_setmetatable(L, LIST_TYPE);
    break;
  default: /* s: the string began with a zero byte itself */
    lua_pushlstring(L, "", 1);
    lua_pushlstring(L, text + 2, n - 2);
    lua_concat(L, 2);
    break;
  }
}

static void restore_table(lua_State *L, struct restore *r);

/* 1 when the number at index is a float with a whole value that fits. */
static int is_whole_float(lua_State *L, int index, lua_Integer *whole)
{
  lua_Number v;
  if (lua_isinteger(L, index))
    return 0;
  v = lua_tonumber(L, index);
  if (!(v >= -TWO_TO_63 && v < TWO_TO_63))
    return 0;
  *whole = (lua_Integer)v;
  return (lua_Number)*whole == v;
}

/* Looks at the value at the top: gives 0 when it may stay, 1 when another
   value has been pushed that takes its place. */
static int replace(lua_State *L, struct restore *r, int is_field)
{
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER: {
    lua_Integer whole;
    if (!is_whole_float(L, -1, &whole))
      return 0;
    lua_pushinteger(L, whole);
    return 1;
  }
  case LUA_TSTRING: {
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    if (n < 2 || text[0] != '\0')
      return 0;
    push_marked(L, r, text, n);
    return 1;
  }
  case LUA_TTABLE:
    restore_table(L, r);
    return 0;
  case LUA_TLIGHTUSERDATA:
    if (!is_field || r->keep_null)
      return 0;
    lua_pushnil(L);
    return 1;
  default:
    return 0;
  }
}

/* Works on the table at the top; assigning to fields that exist is allowed
   while lua_next walks. */
static void restore_table(lua_State *L, struct restore *r)
{
  int t = lua_gettop(L);
  if (++r->depth > ETORO_RESTORE_DEPTH_MAX)
    luaL_error(L, "nested too deeply");
  if (r->depth % LEVELS == 1) /* for so many at once */
    luaL_checkstack(L, LEVELS * LEVEL_SLOTS, "nested too deeply");
  lua_pushnil(L);
  while (lua_next(L, t)) {
    int type = lua_type(L, -1);
    lua_Integer whole;
    if (type == LUA_TTABLE)
      restore_table(L, r);
    else if (type == LUA_TNUMBER) {
      if (is_whole_float(L, -1, &whole)) {
        lua_pushvalue(L, -2);
        lua_pushinteger(L, whole);
        lua_rawset(L, t);
      }
    } else if (!r->only_numbers
               && replace(L, r, lua_type(L, -2) == LUA_TSTRING)) {
      lua_pushvalue(L, -3);
      lua_insert(L, -2);
      lua_rawset(L, t);
    }
    lua_pop(L, 1);
  }
  r->depth--;
}

/* core.restore(value, secrets | nil, keep_null, needs_restore | nil) -> value;
   tables in place. With needs_restore false, as a scan gave it, only numbers
   are looked at. */
static int core_restore(lua_State *L)
{
  struct restore r;
  luaL_checkany(L, 1);
  lua_settop(L, 4);
  r.only_numbers = lua_isboolean(L, 4) && !lua_toboolean(L, 4);
  r.secrets = lua_istable(L, 2) ? 2 : 0;
  r.keep_null = lua_toboolean(L, 3);
  r.depth = 0;
  lua_pushvalue(L, 1);
  replace(L, &r, 0);
  return 1;
}

/* core.json_number(float) -> string: the shortest plain decimal that reads
   back as the same double; raises for inf and nan */
static int core_json_number(lua_State *L)
{
  double v = luaL_checknumber(L, 1);
  char out[ETORO_DECIMAL_MAX];
  size_t n;
  luaL_argcheck(L, isfinite(v), 1, "not a finite number");
  n = etoro_decimal_shortest(out, v);
  if (!n)
    return letoro_fail(L, ETORO_ENOMEM, NULL);
  lua_pushlstring(L, out, n);
  return 1;
}

static const luaL_Reg functions[] = {
  { "json_number", core_json_number },
  { "mark_numbers", core_mark_numbers },
  { "restore", core_restore },
  { "scan", core_scan },
  { NULL, NULL },
};

static const luaL_Reg methods[] = { { NULL, NULL } };

static const luaL_Reg metamethods[] = { { "__gc", scan_gc }, { NULL, NULL } };

void letoro_open_json(lua_State *L)
{
  letoro_type(L, SCAN_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
  luaL_newmetatable(L, LIST_TYPE);
  lua_setfield(L, -2, "empty_list"); /* the metatable of one in an answer */
}
