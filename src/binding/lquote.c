/* Pushed prices merged into the tables of quotes, without a table or a text in
   between. */
#include "binding/lquote.h"

#include <string.h>

#include "core/json/jsonescape.h"
#include "core/limits.h"
#include "core/ws/push.h"

#define OWN_NAME(constant, name, own) own,
static const char *const own_names[] = { ETORO_TICK_PRICES(
    OWN_NAME) ETORO_TICK_FLAGS(OWN_NAME) ETORO_TICK_TEXTS(OWN_NAME) };

/* Pushes what a field says; nil for none. */
static void push_value(lua_State *L, const struct etoro_tick_value *v)
{
  char plain[ETORO_TICK_TEXT_MAX];
  int is_bad = 0;
  size_t n;
  if (v->kind == ETORO_TICK_NUMBER) {
    lua_pushnumber(L, v->number);
  } else if (v->kind == ETORO_TICK_TRUE || v->kind == ETORO_TICK_FALSE) {
    lua_pushboolean(L, v->kind == ETORO_TICK_TRUE);
  } else if (v->kind != ETORO_TICK_TEXT) {
    lua_pushnil(L);
  } else if (v->text.has_escapes) {
    n = etoro_escape_undo(plain, v->text.p, v->text.p + v->text.n, &is_bad);
    lua_pushlstring(L, plain, n);
  } else {
    lua_pushlstring(L, v->text.p, v->text.n);
  }
}

/* Sets a field of the quote at q, and marks in the table at the top what is
   another value than before. */
static void set_field(lua_State *L, int q, int field,
                      const struct etoro_tick_value *v)
{
  int is_same;
  lua_getfield(L, q, own_names[field]);
  push_value(L, v);
  is_same = lua_rawequal(L, -1, -2);
  if (is_same) {
    lua_pop(L, 2);
    return;
  }
  lua_setfield(L, q, own_names[field]);
  lua_pop(L, 1);
  if (field < ETORO_TICK_DATE) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, own_names[field]);
  }
}

/* 1 when the message has the id of the last one. */
static int is_known(lua_State *L, int q, const struct etoro_tick *t)
{
  const struct etoro_tick_value *id = &t->field[ETORO_TICK_RATE_ID];
  int is_same;
  if (id->kind != ETORO_TICK_TEXT)
    return 0;
  lua_getfield(L, q, own_names[ETORO_TICK_RATE_ID]);
  push_value(L, id);
  is_same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_same;
}

/* One that says there is none is no price: it makes nothing younger. */
static int is_price(const struct etoro_tick_value *v)
{
  return v->kind == ETORO_TICK_NUMBER;
}

/* 1 when a date is older than the one in that field of the quote, or, where that
   is asked for, the same. */
static int is_older(lua_State *L, int q, const char *name,
                    const struct etoro_span *date, int or_same)
{
  const char *own;
  size_t n;
  int answer = 0;
  if (lua_getfield(L, q, name) == LUA_TSTRING) {
    own = lua_tolstring(L, -1, &n);
    answer = etoro_tick_is_late(date, own, n)
             || (or_same && n == date->n && !memcmp(own, date->p, n));
  }
  lua_pop(L, 1);
  return answer;
}

/* 1 when a message was overtaken on its way: it is older than the newest with a
   price, and that one came a moment ago. Later it is taken all the same, for a
   server whose clock steps back must not silence an instrument. */
static int is_late(lua_State *L, int q, const struct etoro_tick *t,
                   lua_Number heard)
{
  const struct etoro_tick_value *date = &t->field[ETORO_TICK_DATE];
  int is_recent;
  if (date->kind != ETORO_TICK_TEXT)
    return 0;
  lua_getfield(L, q, "heard_at");
  is_recent = heard - lua_tonumber(L, -1) <= ETORO_TICK_LATE_SECONDS;
  lua_pop(L, 1);
  return is_recent && is_older(L, q, "priced_date", &date->text, 0);
}

/* Of a message that was overtaken: a side that is newer than what the quote has
   of it, for it was the other one that overtook it. The last price goes with the
   bid. 0: there is none. */
static int keep_newer(lua_State *L, int q, const struct etoro_tick *t,
                      struct etoro_tick *kept)
{
  static const struct {
    enum etoro_tick_field field;
    const char *date;
  } sides[] = { { ETORO_TICK_BID, "bid_date" },
                { ETORO_TICK_LAST, "bid_date" },
                { ETORO_TICK_ASK, "ask_date" } };
  size_t i;
  int count = 0;
  memset(kept, 0, sizeof *kept); /* all absent */
  for (i = 0; i < sizeof sides / sizeof sides[0]; i++) {
    const struct etoro_tick_value *v = &t->field[sides[i].field];
    if ((v->kind != ETORO_TICK_NUMBER && v->kind != ETORO_TICK_NONE)
        || is_older(L, q, sides[i].date, &t->field[ETORO_TICK_DATE].text, 1))
      continue;
    kept->field[sides[i].field] = *v;
    count++;
  }
  return count;
}

static void set_price_time(lua_State *L, int q, const struct etoro_tick *t,
                           const struct letoro_quotes *to)
{
  lua_pushnumber(L, to->now);
  lua_setfield(L, q, "priced_at");
  lua_pushnumber(L, to->heard);
  lua_setfield(L, q, "heard_at");
  if (t->field[ETORO_TICK_DATE].kind == ETORO_TICK_TEXT) {
    lua_getfield(L, q, own_names[ETORO_TICK_DATE]);
    lua_setfield(L, q, "priced_date");
  }
}

/* Each side has the date of the message that told it. */
static void set_dates(lua_State *L, int q, const struct etoro_tick *t,
                      const struct etoro_tick_value *date)
{
  if (date->kind != ETORO_TICK_TEXT)
    return;
  push_value(L, date);
  if (is_price(&t->field[ETORO_TICK_BID])) {
    lua_pushvalue(L, -1);
    lua_setfield(L, q, "bid_date");
  }
  if (is_price(&t->field[ETORO_TICK_ASK])) {
    lua_pushvalue(L, -1);
    lua_setfield(L, q, "ask_date");
  }
  lua_pop(L, 1);
}

static void set_fields(lua_State *L, int q, const struct etoro_tick *t,
                       int is_snapshot)
{
  int i;
  for (i = 0; i < ETORO_TICK_FIELDS; i++) {
    const struct etoro_tick_value *v = &t->field[i];
    int is_gone =
        v->kind == ETORO_TICK_ABSENT && is_snapshot && i < ETORO_TICK_DATE;
    if (is_gone
        || (v->kind != ETORO_TICK_ABSENT && v->kind != ETORO_TICK_IGNORED))
      set_field(L, q, i, v);
  }
}

/* Merges what a message tells into the quote at index q; 0: it is the last one
   again, or was overtaken. A snapshot is all that there is: what it leaves out
   is gone; and under a known price it is no younger for it. Where the quote
   waits for its reader, what changed is added to what had. */
static int merge(lua_State *L, int q, const struct etoro_tick *told,
                 const struct letoro_quotes *to, int is_snapshot,
                 int is_waiting)
{
  const struct etoro_tick *t = told;
  struct etoro_tick kept;
  int was_known = is_known(L, q, t);
  int makes_younger = !was_known
                      && (is_price(&t->field[ETORO_TICK_BID])
                          || is_price(&t->field[ETORO_TICK_ASK]));
  if (!is_snapshot && was_known)
    return 0;
  if (!is_snapshot && is_late(L, q, t, to->heard)) {
    if (!keep_newer(L, q, t, &kept))
      return 0;
    t = &kept;
    makes_younger = 0;
  }
  if (!is_waiting || lua_getfield(L, q, "changed") != LUA_TTABLE)
    lua_createtable(L, 0, 2);
  set_fields(L, q, t, is_snapshot);
  lua_setfield(L, q, "changed");
  if (makes_younger)
    set_price_time(L, q, t, to);
  set_dates(L, q, t, &told->field[ETORO_TICK_DATE]);
  return 1;
}

/* core.quote_merge(quote, content, now, is_snapshot, is_waiting, heard | nil) ->
   boolean | nil: merges the JSON text of a message that came then, by a clock
   that nobody sets at `heard`, else by the same; false: nothing new, nil: it is
   no JSON object */
static int core_quote_merge(lua_State *L)
{
  struct etoro_tick t;
  size_t n;
  const char *content = luaL_checklstring(L, 2, &n);
  struct letoro_quotes to = { .now = luaL_checknumber(L, 3) };
  to.heard = luaL_optnumber(L, 6, to.now);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!etoro_tick_read(&t, content, n))
    lua_pushnil(L);
  else
    lua_pushboolean(
        L, merge(L, 1, &t, &to, lua_toboolean(L, 4), lua_toboolean(L, 5)));
  return 1;
}

/* Undoes the escapes of a content, a zero byte behind it; 0: it has none that
   can be undone, or no room. */
static int plain_content(const struct etoro_span *content,
                         char plain[ETORO_PUSH_ROOM], size_t *n)
{
  int is_bad = 0;
  if (!content->n || content->n >= ETORO_PUSH_ROOM)
    return 0;
  *n = etoro_escape_undo(plain, content->p, content->p + content->n, &is_bad);
  plain[*n] = '\0';
  return !is_bad;
}

/* Digits, and what stands between those of a date. */
static int is_of_dates(char c)
{
  return (c >= '-' && c <= ':' && c != '/') || c == 'T' || c == 'Z'
         || c == '+';
}

/* 1 when a text cannot hold a secret: a date, a number, or what is too short to
   be one. */
static int is_harmless(const struct etoro_span *text)
{
  char plain[ETORO_TICK_TEXT_MAX];
  const char *p = text->p;
  size_t n = text->n;
  int is_bad = 0;
  if (text->has_escapes) {
    n = etoro_escape_undo(plain, p, p + n, &is_bad);
    p = plain;
  }
  if (n < ETORO_MASKED_MIN)
    return 1;
  while (n && is_of_dates(*p))
    n--, p++;
  return !n;
}

static int is_all_harmless(const struct etoro_tick *t)
{
  int i, answer = 1;
  for (i = ETORO_TICK_DATE; i < ETORO_TICK_FIELDS && answer; i++)
    answer =
        t->field[i].kind != ETORO_TICK_TEXT || is_harmless(&t->field[i].text);
  return answer;
}

enum letoro_pushed letoro_quote_push(lua_State *L, const char *text, size_t n,
                                     const struct letoro_quotes *to)
{
  static const char snapshot[] = "Snapshot";
  char plain[ETORO_PUSH_ROOM];
  struct etoro_push push;
  struct etoro_tick t;
  long id;
  int is_waiting, is_new, top = lua_gettop(L);
  if (!etoro_push_read(&push, text, n)
      || !(id = etoro_push_instrument(&push.topic))
      || lua_rawgeti(L, to->quotes, id) != LUA_TTABLE
      || !plain_content(&push.content, plain, &n)
      || !etoro_tick_read(&t, plain, n) || !is_all_harmless(&t)) {
    lua_settop(L, top);
    return LETORO_PUSH_OTHER;
  }
  is_waiting = lua_rawgeti(L, to->waiting, id) != LUA_TNIL;
  is_new = merge(L, top + 1, &t, to,
                 push.type.n == sizeof snapshot - 1
                     && !memcmp(push.type.p, snapshot, push.type.n),
                 is_waiting);
  lua_settop(L, is_new ? top + 1 : top);
  if (!is_new)
    return LETORO_PUSH_OLD;
  if (is_waiting)
    return LETORO_PUSH_ADDED;
  lua_pushboolean(L, 1);
  lua_rawseti(L, to->waiting, id);
  return LETORO_PUSH_NEW;
}

/* Copies the fields of the table at index 1 into the one at the top. */
static void copy_fields(lua_State *L)
{
  int to = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, to);
    lua_pop(L, 1);
  }
}

/* core.quote_copy(quote, changed | nil) -> table: what it is at this moment,
   with that set of what has changed, else a copy of its own */
static int core_quote_copy(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  lua_createtable(L, 0, 32); /* so that it never grows */
  copy_fields(L);
  if (lua_isnil(L, 2)) {
    lua_getfield(L, 1, "changed");
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_replace(L, 1);
    lua_createtable(L, 0, 2);
    copy_fields(L);
    lua_replace(L, 2);
  }
  lua_settop(L, 3);
  lua_pushvalue(L, 2);
  lua_setfield(L, 3, "changed");
  return 1;
}

/* core.quote_push(text, quotes, now, waiting, heard | nil) -> quote | false | nil,
   is_fresh:
   merges a push that holds one message of an instrument in the quotes (by its
   id), and nothing else; false: nothing new; nil: it is another text, and
   nothing is done. The ids of quotes that wait are in `waiting`; of one that
   does not, which is fresh, it is put there. */
static int core_quote_push(lua_State *L)
{
  struct letoro_quotes to = { .quotes = 2, .waiting = 4 };
  enum letoro_pushed pushed;
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  to.now = luaL_checknumber(L, 3);
  to.heard = luaL_optnumber(L, 5, to.now);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 4, LUA_TTABLE);
  pushed = letoro_quote_push(L, text, n, &to);
  if (pushed == LETORO_PUSH_OTHER)
    lua_pushnil(L);
  else if (pushed == LETORO_PUSH_OLD)
    lua_pushboolean(L, 0);
  lua_pushboolean(L, pushed == LETORO_PUSH_NEW);
  return 2;
}

static const luaL_Reg functions[] = { { "quote_copy", core_quote_copy },
                                      { "quote_merge", core_quote_merge },
                                      { "quote_push", core_quote_push },
                                      { NULL, NULL } };

void letoro_open_quote(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
