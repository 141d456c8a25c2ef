/* Streams: one WebSocket each, in the engine's loop. */
#include "binding/lstream.h"

#include <stdlib.h>
#include <string.h>

#include "binding/lclient.h"
#include "binding/lfields.h"
#include "binding/lquote.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/status.h"
#include "core/ws/stream.h"

#define ENGINE_SLOT 1

struct lstream {
  struct etoro_stream *core;      /* owned; NULL before it is open */
  struct etoro_ws_message *taken; /* owned until what it says is made */
  double age; /* of the last one that was taken */
};

/* engine:stream(client, { target, open_timeout, close_timeout }) -> stream |
   nil, message, "invalid" | "closed": at the client's origin */
int letoro_engine_stream(lua_State *L)
{
  struct etoro_engine *e = letoro_check_engine(L)->core;
  const struct letoro_client *c = luaL_checkudata(L, 2, LETORO_CLIENT_TYPE);
  struct etoro_stream_options o;
  struct lstream *u;
  const char *why;
  int rc;
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_argcheck(L, c->core && c->engine->core == e, 2,
                "a client of another engine");
  o.target = letoro_field_text(L, 3, "target", NULL);
  luaL_argcheck(L, o.target != NULL, 3, "target is missing");
  o.open_timeout =
      letoro_field_number(L, 3, "open_timeout", ETORO_DEFAULT_WS_OPEN_TIMEOUT);
  o.close_timeout = letoro_field_number(L, 3, "close_timeout",
                                        ETORO_DEFAULT_WS_CLOSE_TIMEOUT);
  u = lua_newuserdatauv(L, sizeof *u, 1);
  u->core = NULL; /* __gc may run from the next line on */
  u->taken = NULL;
  u->age = 0;
  luaL_setmetatable(L, LETORO_STREAM_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, ENGINE_SLOT);
  rc = etoro_stream_open(&u->core, e, c->core, &o, &why);
  return rc ? letoro_fail(L, rc, why) : 1;
}

static struct lstream *checkstream(lua_State *L)
{
  struct lstream *u = letoro_self(L, LETORO_STREAM_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the stream is gone");
  return u;
}

static int push_end(lua_State *L, const struct etoro_stream *s)
{
  struct etoro_stream_view view;
  etoro_stream_look(s, &view);
  lua_pushliteral(L, "closed");
  if (view.code)
    lua_pushstring(L, etoro_code_name(view.code));
  else
    lua_pushnil(L);
  lua_pushstring(L, view.detail);
  lua_pushinteger(L, view.status ? view.status : (lua_Integer)view.close_code);
  return 4;
}

/* The message that is to be handed on next, or NULL. It stays the stream's until
   it is forgotten. */
static struct etoro_ws_message *next_message(struct lstream *u)
{
  if (!u->taken)
    u->taken = etoro_stream_take(u->core);
  return u->taken;
}

static void forget_message(struct lstream *u)
{
  free(u->taken);
  u->taken = NULL;
}

/* stream:take() -> the oldest of its news | nil:
   "open"
   "text" | "binary" | "pong", bytes
   "close", reason, code: the peer's good-bye; code 0 for none
   "closed", code | nil, detail, HTTP status of a refused upgrade or the code
   of the good-bye: nothing comes behind it */
static int stream_take(lua_State *L)
{
  static const char *const kinds[] = { ETORO_WS_KINDS(ETORO_TEXT) };
  struct lstream *u = checkstream(L);
  struct etoro_ws_message *m;
  if (etoro_stream_opened(u->core)) {
    lua_pushliteral(L, "open");
    return 1;
  }
  m = next_message(u);
  if (!m && etoro_stream_ended(u->core))
    return push_end(L, u->core);
  if (!m) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushstring(L, kinds[m->kind]);
  lua_pushlstring(L, m->data, m->len);
  lua_pushinteger(L, m->code);
  u->age = etoro_stream_age(u->core, m);
  forget_message(u);
  return 3;
}

/* stream:take_prices(quotes, now, waiting, fresh, most, heard) -> messages, merged,
   fresh: merges so many pushes of prices at most, up to a message that is
   another; the quotes that did not wait are in `fresh`, from 1 on. Behind
   "open". */
static int stream_take_prices(lua_State *L)
{
  struct letoro_quotes to = { .quotes = 2, .waiting = 4 };
  struct lstream *u = checkstream(L);
  lua_Integer messages = 0, merged = 0, fresh = 0;
  lua_Integer most = luaL_checkinteger(L, 6);
  lua_Number now, heard, age;
  const struct etoro_ws_message *m;
  luaL_checktype(L, 2, LUA_TTABLE);
  now = luaL_checknumber(L, 3);
  heard = luaL_checknumber(L, 7);
  luaL_checktype(L, 4, LUA_TTABLE);
  luaL_checktype(L, 5, LUA_TTABLE);
  while (messages < most && (m = next_message(u)) != NULL) {
    enum letoro_pushed pushed;
    age = etoro_stream_age(u->core, m);
    to.now = now - age;
    to.heard = heard - age;
    pushed = m->kind == ETORO_WS_TEXT
                 ? letoro_quote_push(L, m->data, m->len, &to)
                 : LETORO_PUSH_OTHER;
    if (pushed == LETORO_PUSH_OTHER)
      break;
    forget_message(u);
    messages++;
    merged += pushed != LETORO_PUSH_OLD;
    if (pushed == LETORO_PUSH_NEW)
      lua_rawseti(L, 5, ++fresh);
    lua_settop(L, 7);
  }
  lua_pushinteger(L, messages);
  lua_pushinteger(L, merged);
  lua_pushinteger(L, fresh);
  return 3;
}

/* stream:age() -> seconds since the message that take gave last had come, at
   most, when it was taken */
static int stream_age(lua_State *L)
{
  lua_pushnumber(L, checkstream(L)->age);
  return 1;
}

static int answer(lua_State *L, int rc, const char *why)
{
  if (rc)
    return letoro_fail(L, rc, rc == ETORO_EINVAL ? why : NULL);
  lua_pushboolean(L, 1);
  return 1;
}

/* stream:send(text) -> true | nil, message, "invalid" | "closed"; "too large":
   it does not fit behind what has not gone out */
static int stream_send(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  int rc = etoro_stream_send(checkstream(L)->core, ETORO_WS_TEXT, text, n);
  return answer(L, rc, "a text frame holds UTF-8");
}

/* stream:ping(bytes | nil) -> true | nil, message, kind */
static int stream_ping(lua_State *L)
{
  size_t n;
  const char *text = luaL_optlstring(L, 2, "", &n);
  int rc = etoro_stream_send(checkstream(L)->core, ETORO_WS_PING, text, n);
  return answer(L, rc, "a ping holds 125 bytes at most");
}

/* stream:login(id) -> true | nil, message, kind: sends the client's key pair,
   which Lua does not see */
static int stream_login(lua_State *L)
{
  const char *id = luaL_checkstring(L, 2);
  int rc = etoro_stream_login(checkstream(L)->core, id);
  return answer(L, rc, "a stream's login takes an api_key and a user_key");
}

/* stream:close(code | nil, reason | nil) -> true | nil, message, "invalid":
   says good-bye; "closed" follows among its news */
static int stream_close(lua_State *L)
{
  lua_Integer code = luaL_optinteger(L, 2, 1000);
  const char *reason = luaL_optstring(L, 3, "");
  luaL_argcheck(L, code == 1000 || (code >= 3000 && code <= 4999), 2,
                "a client's code is 1000 or from 3000 to 4999");
  luaL_argcheck(L, strlen(reason) <= ETORO_WS_CONTROL_LEN - 2, 3,
                "a reason has 123 bytes at most");
  return answer(
      L, etoro_stream_close(checkstream(L)->core, (unsigned)code, reason),
      NULL);
}

/* stream:watch(id): its next news show in the engine's descriptor, and are told
   once by engine:next_done() under an id other than 0 */
static int stream_watch(lua_State *L)
{
  lua_Integer id = luaL_checkinteger(L, 2);
  etoro_stream_watch(checkstream(L)->core, id);
  return 0;
}

/* stream:state() -> "connecting" | "upgrading" | "open" | "closing" |
   "closed" */
static int stream_state(lua_State *L)
{
  static const char *const texts[] = { ETORO_STREAM_STATES(ETORO_TEXT) };
  struct etoro_stream_view view;
  etoro_stream_look(checkstream(L)->core, &view);
  lua_pushstring(L, texts[view.state]);
  return 1;
}

/* stream:stats() -> { frames, bytes_in, bytes_out, has_news, heard_at,
   drained_at }: whether something can be taken; on the engine's clock when the last frame was read, nil before the first one,
   and when the socket was last empty, nil before it is open */
static int stream_stats(lua_State *L)
{
  struct lstream *u = checkstream(L);
  struct etoro_stream_view view;
  etoro_stream_look(u->core, &view);
  lua_createtable(L, 0, 6);
  letoro_set_integer(L, "frames", (lua_Integer)view.frames);
  letoro_set_integer(L, "bytes_in", (lua_Integer)view.bytes_in);
  letoro_set_integer(L, "bytes_out", (lua_Integer)view.bytes_out);
  lua_pushboolean(L, view.has_news || u->taken);
  lua_setfield(L, -2, "has_news");
  if (view.heard_at > 0)
    letoro_set_number(L, "heard_at", view.heard_at);
  if (view.drained_at > 0)
    letoro_set_number(L, "drained_at", view.drained_at);
  return 1;
}

static int stream_gc(lua_State *L)
{
  struct lstream *u = letoro_self(L, LETORO_STREAM_TYPE);
  struct etoro_stream *s = u->core;
  u->core = NULL;
  free(u->taken);
  u->taken = NULL;
  etoro_stream_free(s);
  return 0;
}

static const luaL_Reg methods[] = {
  { "age", stream_age },
  { "close", stream_close },
  { "login", stream_login },
  { "ping", stream_ping },
  { "send", stream_send },
  { "state", stream_state },
  { "stats", stream_stats },
  { "take", stream_take },
  { "take_prices", stream_take_prices },
  { "watch", stream_watch },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = { { "__gc", stream_gc },
                                        { NULL, NULL } };

void letoro_open_stream(lua_State *L)
{
  letoro_type(L, LETORO_STREAM_TYPE, methods, metamethods);
}
