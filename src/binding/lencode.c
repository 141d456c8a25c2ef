/* Lua values to JSON. Lua code may run whenever something is made for Lua (a
   collector's finalizers, and a value's own __pairs), so what is written is
   kept from the collector here, and read anew from the tables. */
#include "binding/lencode.h"
#include "binding/lsecret.h"
#include "binding/ltype.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/buf.h"
#include "core/bytes/decimal.h"
#include "core/json/jsonwrite.h"
#include "core/limits.h"
#include "core/status.h"

/* Where json_write's arguments are, and what it keeps. */
enum {
  VALUE = 1,
  SPEC,
  ROOT,
  BUFFER,
  PATH,   /* of what cannot be written */
  MESSAGE /* why */
};

/* Upvalues of json_write. */
enum {
  EMPTY_LIST = 1,
  WRITTEN,
  BUFFER_TYPE
};

/* What a value has to be. */
enum kind {
  ANY,
  NUMBER,
  INTEGER,
  LIST
};

/* A spec of etoro.operations: its type, and where its table stands on the
   stack; 0 where there is none. */
struct spec {
  enum kind kind;
  int index;
  int is_schema; /* it is the table of the fields alone */
};

/* A value on the way to the one that is being written. */
struct place {
  const struct place *up;
  const void *table; /* that it stands in */
  const char *name;
  size_t len;
  lua_Integer number; /* where name is NULL */
};

struct writer {
  lua_State *L;
  struct etoro_buf *out;
  const struct place *at;
  int depth, most;
  int is_shown;
};

struct name {
  const char *text;
  size_t len;
  lua_Integer at; /* in the table that keeps the strings */
};

static int write_value(struct writer *w, struct spec spec);

/* Appends the path of a place, from the root on. */
static int add_path(struct etoro_buf *out, const struct place *at)
{
  char number[32];
  int n, rc;
  if (!at)
    return ETORO_OK;
  rc = add_path(out, at->up);
  if (!rc && at->name) {
    rc = etoro_buf_add(out, ".", 1);
    return rc ? rc : etoro_buf_add(out, at->name, at->len);
  }
  n = snprintf(number, sizeof number, "[" LUA_INTEGER_FMT "]", at->number);
  return rc ? rc : etoro_buf_add(out, number, (size_t)n);
}

/* Takes the message at the top for what is wrong with the value. */
static int fail(struct writer *w)
{
  lua_State *L = w->L;
  lua_replace(L, MESSAGE);
  etoro_buf_reset(w->out, 0);
  if (add_path(w->out, w->at))
    return ETORO_ENOMEM;
  lua_pushvalue(L, ROOT);
  lua_pushlstring(L, w->out->data ? w->out->data : "", w->out->len);
  lua_concat(L, 2);
  lua_replace(L, PATH);
  return ETORO_EINVAL;
}

static int fail_with(struct writer *w, const char *message)
{
  lua_pushstring(w->L, message);
  return fail(w);
}

static enum kind kind_of(const char *type)
{
  switch (*type) {
  case 'n':
    return strcmp(type, "number") ? ANY : NUMBER;
  case 'i':
    return strcmp(type, "integer") ? ANY : INTEGER;
  case 'l':
    return strcmp(type, "list") ? ANY : LIST;
  default:
    return ANY;
  }
}

/* The type of the spec at the top, a table or a type's name. */
static struct spec top_spec(lua_State *L)
{
  struct spec spec = { ANY, 0, 0 };
  int is_table = lua_istable(L, -1);
  if (is_table) {
    spec.index = lua_gettop(L);
    lua_getfield(L, -1, "type");
  }
  if (lua_type(L, -1) == LUA_TSTRING)
    spec.kind = kind_of(lua_tostring(L, -1));
  if (is_table)
    lua_pop(L, 1);
  return spec;
}

static int write_text(struct writer *w, const char *text, size_t n)
{
  int rc = etoro_json_string(w->out, text, n, w->is_shown);
  return rc == ETORO_ESYNTAX ? fail_with(w, "is not valid UTF-8") : rc;
}

/* Texts stand for numbers only where the schema says number. */
static int write_string(struct writer *w, struct spec spec)
{
  size_t n;
  int is_whole, is_decimal;
  const char *text = lua_tolstring(w->L, -1, &n);
  if (spec.kind != NUMBER && spec.kind != INTEGER)
    return write_text(w, text, n);
  is_decimal = etoro_json_is_decimal(text, n, &is_whole);
  if (spec.kind == INTEGER && !(is_decimal && is_whole))
    return fail_with(w, "is not a whole number");
  if (!is_decimal)
    return fail_with(w, "is not a decimal number");
  return etoro_buf_add(w->out, text, n);
}

static int write_integer(struct writer *w, lua_Integer v)
{
  char text[32], *p = text + sizeof text;
  lua_Unsigned rest = v < 0 ? 0 - (lua_Unsigned)v : (lua_Unsigned)v;
  do
    *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (v < 0)
    *--p = '-';
  return etoro_buf_add(w->out, p, (size_t)(text + sizeof text - p));
}

static int write_number(struct writer *w)
{
  char text[ETORO_DECIMAL_MAX];
  double v;
  size_t n;
  if (lua_isinteger(w->L, -1))
    return write_integer(w, lua_tointeger(w->L, -1));
  v = lua_tonumber(w->L, -1);
  if (!isfinite(v))
    return fail_with(w, "is not a finite number");
  n = etoro_decimal_shortest(text, v);
  return n ? etoro_buf_add(w->out, text, n) : ETORO_ENOMEM;
}

/* Puts what a table's own __pairs gives into a plain one in its place. */
static void take_pairs(lua_State *L)
{
  int table = lua_gettop(L);
  if (luaL_getmetafield(L, table, "__pairs") == LUA_TNIL)
    return;
  lua_pushvalue(L, table);
  lua_call(L, 1, 3);
  lua_newtable(L); /* function, state, control, copy */
  for (;;) {
    lua_pushvalue(L, table + 1);
    lua_pushvalue(L, table + 2);
    lua_pushvalue(L, table + 3);
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
      break;
    lua_pushvalue(L, -2);
    lua_replace(L, table + 3);
    lua_rawset(L, table + 4);
  }
  lua_settop(L, table + 4);
  lua_replace(L, table);
  lua_settop(L, table);
}

/* Counts the keys of the table at the top; *names: of these, names. */
static int count_keys(struct writer *w, lua_Integer *count, lua_Integer *names)
{
  lua_State *L = w->L;
  *count = *names = 0;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    int type = lua_type(L, -2);
    lua_pop(L, 1);
    ++*count;
    *names += type == LUA_TSTRING;
    if (type != LUA_TSTRING && type != LUA_TNUMBER) {
      lua_pushfstring(L, "has a %s as a key", lua_typename(L, type));
      return fail(w);
    }
  }
  if (*names && *names < *count)
    return fail_with(w, "has both names and numbers as keys");
  return ETORO_OK;
}

static int write_list(struct writer *w, const void *self, lua_Integer count,
                      struct spec spec)
{
  lua_State *L = w->L;
  int rc, table = lua_gettop(L);
  struct spec items = { ANY, 0, 0 };
  struct place place = { w->at, self, NULL, 0, 0 };
  lua_Integer i;
  for (i = 1; i <= count; i++) {
    int type = lua_rawgeti(L, table, i);
    lua_pop(L, 1);
    if (type == LUA_TNIL)
      return fail_with(w, "is a list with gaps; put etoro.null into them");
  }
  if (spec.index) {
    lua_getfield(L, spec.index, "items");
    items = top_spec(L);
  }
  w->at = &place;
  rc = etoro_buf_add(w->out, "[", 1);
  for (i = 1; !rc && i <= count; i++) {
    if (i > 1)
      rc = etoro_buf_add(w->out, ",", 1);
    place.number = i;
    lua_rawgeti(L, table, i);
    if (!rc)
      rc = write_value(w, items);
    lua_pop(L, 1);
  }
  w->at = place.up;
  return rc ? rc : etoro_buf_add(w->out, "]", 1);
}

static int compare_names(const void *a, const void *b)
{
  const struct name *x = a, *y = b;
  int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
  if (order)
    return order;
  return x->len < y->len ? -1 : x->len > y->len;
}

/* Pushes the names of the table at the top, in order, and a table that keeps
   their strings. *count: how many there were, and are. Few names stand in
   `few`, else in a block of Lua's. */
static struct name *push_names(lua_State *L, lua_Integer *count,
                               struct name few[ETORO_NAMES_SORTED])
{
  lua_Integer n = 0, most = *count;
  struct name *names = few;
  if (most > ETORO_NAMES_SORTED)
    names = lua_newuserdatauv(L, (size_t)most * sizeof *names, 0);
  else
    lua_pushnil(L);
  lua_createtable(L, (int)most, 0);
  lua_pushnil(L);
  while (lua_next(L, -4)) {
    lua_pop(L, 1);
    if (n == most || lua_type(L, -1) != LUA_TSTRING)
      continue;
    names[n].text = lua_tolstring(L, -1, &names[n].len);
    names[n].at = n + 1;
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++n);
  }
  if (n > 1)
    qsort(names, (size_t)n, sizeof *names, compare_names);
  *count = n;
  return names;
}

/* Whether the spec at the top has to be there. */
static int is_required(lua_State *L)
{
  int required;
  if (!lua_istable(L, -1))
    return 0;
  lua_getfield(L, -1, "required");
  required = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return required;
}

/* The spec of the field of that name; what an answer held goes as it came: its
   texts stand for no numbers. Pushes one value. */
static struct spec field_spec(lua_State *L, int fields, int is_open, int kept,
                              const struct name *name)
{
  struct spec spec = { ANY, 0, 0 };
  if (!fields) {
    lua_pushnil(L);
    return spec;
  }
  lua_rawgeti(L, kept, name->at);
  lua_rawget(L, fields);
  if (is_open && !is_required(L))
    return spec;
  return top_spec(L);
}

static int write_field(struct writer *w, int table, int kept,
                       const struct name *name, struct spec spec)
{
  int rc = write_text(w, name->text, name->len);
  if (!rc)
    rc = etoro_buf_add(w->out, ":", 1);
  lua_rawgeti(w->L, kept, name->at);
  lua_rawget(w->L, table);
  if (!rc)
    rc = write_value(w, spec);
  lua_pop(w->L, 1);
  return rc;
}

static int write_object(struct writer *w, const void *self, lua_Integer count,
                        struct spec spec)
{
  lua_State *L = w->L;
  int fields = spec.is_schema ? spec.index : 0, is_open = 0;
  int rc, table = lua_gettop(L), kept = table + 2;
  struct place place = { w->at, self, "", 0, 0 };
  struct name few[ETORO_NAMES_SORTED], *names = push_names(L, &count, few);
  lua_Integer i;
  if (spec.index && !fields
      && lua_getfield(L, spec.index, "fields") == LUA_TTABLE) {
    fields = lua_gettop(L);
    lua_getfield(L, spec.index, "open");
    is_open = lua_toboolean(L, -1);
  }
  w->at = &place;
  rc = etoro_buf_add(w->out, "{", 1);
  for (i = 0; !rc && i < count; i++) {
    int top = lua_gettop(L);
    struct spec field = field_spec(L, fields, is_open, kept, names + i);
    if (i)
      rc = etoro_buf_add(w->out, ",", 1);
    place.name = names[i].text;
    place.len = names[i].len;
    if (!rc)
      rc = write_field(w, table, kept, names + i, field);
    lua_settop(L, top);
  }
  w->at = place.up;
  return rc ? rc : etoro_buf_add(w->out, "}", 1);
}

/* 1 when the table at the top has that upvalue for its metatable. */
static int has_type(lua_State *L, int upvalue)
{
  int is_it;
  if (!lua_getmetatable(L, -1))
    return 0;
  is_it = lua_rawequal(L, -1, lua_upvalueindex(upvalue));
  lua_pop(L, 1);
  return is_it;
}

static int write_nested(struct writer *w, struct spec spec)
{
  lua_State *L = w->L;
  const void *self = lua_topointer(L, -1);
  const struct place *at;
  lua_Integer count, names;
  int rc;
  for (at = w->at; at; at = at->up) {
    if (at->table == self)
      return fail_with(w, "is a table inside itself");
  }
  if (w->depth >= w->most) {
    lua_pushfstring(L, "is nested deeper than %d tables", w->most);
    return fail(w);
  }
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (has_type(L, EMPTY_LIST))
    spec.kind = LIST;
  take_pairs(L);
  rc = count_keys(w, &count, &names);
  if (rc)
    return rc;
  w->depth++;
  rc = !names && (count || spec.kind == LIST)
           ? write_list(w, self, count, spec)
           : write_object(w, self, count, spec);
  w->depth--;
  return rc;
}

static int write_table(struct writer *w, struct spec spec)
{
  lua_State *L = w->L;
  int rc, top = lua_gettop(L);
  if (has_type(L, WRITTEN)) {
    size_t n;
    const char *text;
    lua_getfield(L, -1, "text");
    text = luaL_checklstring(L, -1, &n);
    rc = etoro_buf_add(w->out, text, n);
  } else
    rc = write_nested(w, spec);
  lua_settop(L, top);
  return rc;
}

/* Writes the value at the top, which stays there. */
static int write_value(struct writer *w, struct spec spec)
{
  lua_State *L = w->L;
  int type = lua_type(L, -1);
  switch (type) {
  case LUA_TSTRING:
    return write_string(w, spec);
  case LUA_TNUMBER:
    return write_number(w);
  case LUA_TBOOLEAN:
    return etoro_buf_puts(w->out, lua_toboolean(L, -1) ? "true" : "false");
  case LUA_TTABLE:
    return write_table(w, spec);
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(L, -1))
      return etoro_buf_puts(w->out, "null");
    break;
  case LUA_TUSERDATA:
    if (letoro_to_secret(L, -1))
      return etoro_buf_puts(w->out, "\"****\"");
    break;
  default:
    break;
  }
  lua_pushfstring(L, "is a %s, which JSON cannot hold", lua_typename(L, type));
  return fail(w);
}

/* core.json_write(value, spec, root, most, is_shown) -> string | nil, path,
   message; spec: specs by name, or one spec, or nil; root: what the path begins
   with; most: tables in each other; is_shown: bytes that are not UTF-8 become
   U+FFFD */
static int core_json_write(lua_State *L)
{
  struct writer w = {
    L, NULL, NULL, 0, (int)luaL_checkinteger(L, 4), lua_toboolean(L, 5)
  };
  struct spec spec = { ANY, 0, 0 };
  int rc;
  luaL_checkstring(L, ROOT);
  lua_settop(L, ROOT);
  w.out = lua_newuserdatauv(L, sizeof *w.out, 0);
  etoro_buf_init(w.out, SIZE_MAX);
  lua_pushvalue(L, lua_upvalueindex(BUFFER_TYPE));
  lua_setmetatable(L, BUFFER);
  lua_settop(L, MESSAGE);
  lua_pushvalue(L, SPEC);
  if (lua_istable(L, SPEC)) {
    spec.is_schema = lua_getfield(L, SPEC, "type") != LUA_TSTRING;
    lua_pop(L, 1);
  }
  if (spec.is_schema)
    spec.index = SPEC;
  else
    spec = top_spec(L);
  lua_pushvalue(L, VALUE);
  rc = write_value(&w, spec);
  if (!rc)
    lua_pushlstring(L, w.out->data, w.out->len);
  etoro_buf_free(w.out);
  if (rc && rc != ETORO_EINVAL)
    return letoro_fail(L, rc, NULL);
  if (!rc)
    return 1;
  lua_pushnil(L);
  lua_pushvalue(L, PATH);
  lua_pushvalue(L, MESSAGE);
  return 3;
}

void letoro_open_encode(lua_State *L)
{
  lua_getfield(L, -1, "empty_list");
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "json_written"); /* the metatable of a written value */
  luaL_getmetatable(L, "etoro.buf");
  lua_pushcclosure(L, core_json_write, 3);
  lua_setfield(L, -2, "json_write");
}
